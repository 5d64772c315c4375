import NotifierDispatch
import Synchronization

/// How a miss registers memory.
///
///     miss                                            invalidation
///     lock; pages open? wait                          lock
///     note the region as arriving; unlock             note the pages as open
///     register with the device, no lock held          cancel what is arriving there, retire what is live there
///     lock; cancelled? take it back, start again      unlock; change the pages
///     publish, pinned; unlock                         lock; no longer open; unlock
///     Outcome: no region is published whose registration began before the end of an invalidation of its pages.
///
/// The arriving region is the ticket of the miss, and names its pages: invalidations of other pages do not disturb it.
extension RegionTable {
    /// Registers the memory, rounded to pages and merged with the regions that it overlaps, and pins it. `hit` looks whether it
    /// has been registered meanwhile. The calling thread has a row of pins.
    func register(
        _ memory: MemoryRange, hit: () -> UnsafeMutablePointer<RegionRecord>?
    ) throws(GetError) -> UnsafeMutablePointer<RegionRecord> {
        let deadline = Deadline.after(nanoseconds: configuration.patienceNanoseconds)
        let numbers = pageNumbers(memory)
        var mayMerge = true
        while true {
            let index: UInt32
            switch try arrive(numbers, mayMerge: mayMerge, until: deadline, hit: hit) {
            case .hit(let record): return record
            case .arriving(let new): index = new
            }
            let hull = records[Int(index)].memory
            let registration: UInt64
            do throws(DeviceError) {
                registration = try device.register(hull)
            } catch {
                withdraw(index)
                // What it was to be merged with may not be mapped any more.
                guard mayMerge, pageNumbers(hull) != numbers else { throw .device(error) }
                mayMerge = false
                continue
            }
            switch publish(index, registration) {
            case .published:
                sweepIfOverLimit()
                return records + Int(index)
            case .noMemory: throw .full
            case .cancelled:
                device.deregister(registration, of: hull)
                withdraw(index)
                if deadline.hasPassed { throw .busy }
            }
        }
    }

    private enum Arrival {
        case hit(UnsafeMutablePointer<RegionRecord>)
        case arriving(UInt32)
    }

    /// Finds the region after all; or notes one that arrives, once no invalidation of its pages is open, no other thread
    /// registers any of them, and there is room.
    private func arrive(
        _ numbers: Range<UInt64>, mayMerge: Bool, until deadline: Deadline,
        hit: () -> UnsafeMutablePointer<RegionRecord>?
    ) throws(GetError) -> Arrival {
        var backoff = Backoff()
        while true {
            // With no lock held: a hit that fails may come to deregister what it pinned for a moment.
            if let record = hit() { return .hit(record) }
            lock.lock()
            let obstacle = obstacle(to: numbers, mayMerge: mayMerge)
            if obstacle == nil {
                let used = regions.limit
                let index = regions.take(hull(numbers, mayMerge: mayMerge), by: ThreadRegistration.index)
                if let index {
                    if hasForked, Int(index) >= used { pins.forget(index) }
                    arriving.insert(index, in: regions)
                }
                counts.misses += 1
                lock.unlock()
                guard let index else { throw .full }
                return .arriving(index)
            }
            lock.unlock()
            switch obstacle {
            case .closed: throw .closed
            case .ownRegistration:
                fatalError("a device's register gets memory that it is registering: it waits for itself")
            case .evictions: sweep()
            case .deferred:
                sweep()
                backoff.pause()
            case .registered, .busyPages, nil: backoff.pause()
            }
            if deadline.hasPassed { throw .busy }
        }
    }

    /// Why a region cannot arrive now.
    private enum Obstacle {
        /// The space was released.
        case closed
        /// Another thread has published it.
        case registered
        /// This thread is registering some of it already.
        case ownRegistration
        /// An invalidation of its pages is open, or another thread registers some of them.
        case busyPages
        /// Regions were evicted for it, and those that were dropped are to be deregistered first.
        case evictions
        /// Too many dropped regions are pinned.
        case deferred
    }

    /// With the lock held. Evicts for room.
    private func obstacle(to numbers: Range<UInt64>, mayMerge: Bool) -> Obstacle? {
        if isClosed { return .closed }
        if isCovered(numbers) { return .registered }
        let hull = hull(numbers, mayMerge: mayMerge)
        let me = ThreadRegistration.index
        if arriving.contains(hull, in: regions, where: { regions.links[Int($0)].owner == me }) {
            return .ownRegistration
        }
        if open.overlap(pageNumbers(hull)) || arriving.contains(hull, in: regions) { return .busyPages }
        if makeRoom(for: hull.length), isOverUnsweptLimit { return .evictions }
        return dropped.count > configuration.maximumDeferredRegions ? .deferred : nil
    }

    /// Whether one live region has all the pages. With the lock held.
    private func isCovered(_ numbers: Range<UInt64>) -> Bool {
        guard let index = PageTable.find(numbers.lowerBound, in: pages.root) else { return false }
        let covered = pageNumbers(regions[index].pointee.memory)
        return covered.lowerBound <= numbers.lowerBound && numbers.upperBound <= covered.upperBound
    }

    /// The pages as memory, with all regions that they overlap as long as that is not too large. With the lock held.
    private func hull(_ numbers: Range<UInt64>, mayMerge: Bool) -> MemoryRange {
        let wanted = memory(numbers)
        guard mayMerge else { return wanted }
        var hull = wanted
        forEachRegion(numbers) { hull = hull.hull(regions[$0].pointee.memory) }
        return hull.length <= configuration.maximumMergedBytes ? hull : wanted
    }

    private enum Publication {
        case published
        /// An invalidation came between, the space was released, or this is the child of a fork inside `register`.
        case cancelled
        /// The page table has no memory. The region was dropped.
        case noMemory
    }

    private func publish(_ index: UInt32, _ registration: UInt64) -> Publication {
        lock.lock()
        defer { lock.unlock() }
        let record = regions[index]
        // Relaxed, here: this thread or a fork wrote it.
        guard record.pointee.state.load(ordering: .relaxed) == RegionRecord.State.registering,
            !regions.links[Int(index)].isCancelled, !isClosed, let row = PinRows.mine(of: pins.rows)
        else { return .cancelled }
        let memory = record.pointee.memory
        counts.merged += retire(pageNumbers(memory))
        arriving.remove(index, from: regions)
        // A use from now on is later than this one.
        let now = clock.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
        uses.insert(index, usedAt: now)
        liveBytes &+= memory.length
        record.pointee.registration.store(registration, ordering: .relaxed)
        row[Int(index)].pin(at: now)
        // Releasing: the record is filled in before it (pairs with hit).
        record.pointee.state.store(RegionRecord.State.live, ordering: .releasing)
        if pages.assign(pageNumbers(memory), to: index) { return .published }
        retire(index)
        row[Int(index)].unpin()
        return .noMemory
    }

    /// The region does not come. Its record is free, unless it is the parent's of a fork inside `register`.
    private func withdraw(_ index: UInt32) {
        lock.lock()
        if regions[index].pointee.state.load(ordering: .relaxed) == RegionRecord.State.registering {
            arriving.remove(index, from: regions)
            regions.giveBack(index)
        }
        lock.unlock()
    }

    // MARK: Eviction, with the lock held

    /// Drops the least recently used regions that are not pinned until there is room for one of `bytes` more. Returns whether
    /// it has dropped any.
    private func makeRoom(for bytes: UInt) -> Bool {
        var hasEvicted = false
        while uses.count + arriving.count >= configuration.maximumRegions
            || liveBytes &+ arriving.bytes &+ bytes > configuration.maximumBytes, let index = leastRecentlyUsed()
        {
            retire(index)
            counts.evicted += 1
            hasEvicted = true
        }
        return hasEvicted
    }

    /// The region whose last use is the longest ago, of those that seem not to be pinned. `nil` if there is none, or if 64
    /// pinned ones were looked at: another miss goes on from there.
    private func leastRecentlyUsed() -> UInt32? {
        // Relaxed: it dates uses. One later than now, for what is pinned: then all that is not comes before it.
        let later = clock.pointee.load(ordering: .relaxed) &+ 1
        var pinned = 0
        while let index = uses.first {
            let known = regions.links[Int(index)].lastUse
            // No barrier: a pin that is not seen keeps the region registered until its put all the same.
            let isPinned = pins.sum(of: index) != 0
            if isPinned {
                pinned += 1
                if known == later || pinned > 64 { return nil }
            }
            let last = isPinned ? later : pins.lastUse(of: index, known: known)
            if last == known { return index }
            uses.firstWasUsed(at: last)
        }
        return nil
    }
}
