import CPlatform
import NotifierDispatch
import Synchronization

/// The regions of one cache, and how they come and go. Hits do without it.
///
/// Two locks, in this order. `sweepLock` is held across the barrier of a sweep, some 10 microseconds. `lock`, the table's, is held
/// for moments; nothing is allocated under it, so that an allocator's hook may invalidate. Neither is held while the device is
/// called.
final class RegionTable: @unchecked Sendable {
    // @unchecked: the state below `lock` is only touched with it held. The rest is constant, or shared by its own rules.
    let device: any RegistrationDevice
    let configuration: RegistrationCache.Configuration
    let pins = PinRows()
    let barrier: ProcessBarrier
    /// How many regions were published, which is the time of uses. On a page of its own: hits read it.
    let clock: UnsafeMutablePointer<Atomic<UInt32>>

    /// Those of `regions`, for who does not hold the lock.
    let records: UnsafeMutablePointer<RegionRecord>

    let sweepLock = SmallLock()
    let lock = SmallLock()
    var pages: PageTable
    var regions = RegionRecords()
    var uses: UseHeap
    /// The bytes of the live regions.
    var liveBytes: UInt = 0
    /// Regions whose registration is under way.
    var arriving = RegionList()
    /// Regions that were dropped, and whose pins no sweep has looked at yet.
    var unswept = RegionList()
    /// Regions that were dropped and swept, and are still registered: pinned, or about to be deregistered.
    var dropped = RegionList()
    var open = OpenRanges()
    var isClosed = false
    /// Whether this process is a forked child.
    var hasForked = false
    var counts = RegistrationCache.Statistics()

    init(
        _ device: any RegistrationDevice, _ configuration: RegistrationCache.Configuration, _ barrier: ProcessBarrier
    ) {
        let pageSize = configuration.pageSize
        precondition(
            pageSize >= 4096 && pageSize.nonzeroBitCount == 1 && pageSize <= 1 << 24,
            "a page size is a power of two from 4,096 to 16,777,216")
        self.device = device
        self.configuration = configuration
        self.barrier = barrier
        pages = PageTable(pageBits: UInt64(pageSize.trailingZeroBitCount))
        records = regions.records
        uses = UseHeap(links: regions.links)
        clock = ZeroedMemory.map(Atomic<UInt32>.self, count: 1)
    }

    deinit { ZeroedMemory.unmap(clock, count: 1) }

    /// The subscription is over and everything has been dropped. Traps if a region is still pinned.
    func finish() {
        sweep()
        precondition(unswept.count + dropped.count == 0, "a registration cache ends while regions of it are pinned")
    }

    var statistics: RegistrationCache.Statistics {
        lock.lock()
        defer { lock.unlock() }
        var result = counts
        (result.regions, result.bytes) = (uses.count, liveBytes)
        result.deferredRegions = unswept.count + dropped.count
        result.deferredBytes = unswept.bytes &+ dropped.bytes
        return result
    }

    func pageNumbers(_ memory: MemoryRange) -> Range<UInt64> {
        UInt64(memory.address) >> pages.pageBits..<(UInt64(memory.end) + UInt64(configuration.pageSize) - 1)
            >> pages.pageBits
    }

    /// Calls `body` for each live region that has any of the pages, in the order of addresses. It may retire the region. With
    /// the lock held.
    func forEachRegion(_ numbers: Range<UInt64>, _ body: (UInt32) -> Void) {
        var rest = numbers
        while let index = pages.first(in: rest) {
            let end = pageNumbers(regions[index].pointee.memory).upperBound
            body(index)
            rest = min(end, rest.upperBound)..<rest.upperBound
        }
    }

    /// Drops the regions that have any of the pages. With the lock held. Returns how many there were.
    func retire(_ numbers: Range<UInt64>) -> Int {
        var retired = 0
        forEachRegion(numbers) {
            retire($0)
            retired += 1
        }
        return retired
    }

    /// Takes a live region out of the cache. With the lock held. The caller has a full fence run before it relies on that.
    func retire(_ index: UInt32) {
        let memory = regions[index].pointee.memory
        // Relaxed: the fence comes behind it (see RegistrationCache).
        regions[index].pointee.state.store(RegionRecord.State.retired, ordering: .relaxed)
        pages.clear(pageNumbers(memory))
        uses.remove(index)
        liveBytes &-= memory.length
        unswept.insert(index, in: regions)
    }
}

extension RegionTable: InvalidationSubscriber {
    var capabilities: SubscriberCapabilities {
        switch configuration.invalidation {
        case .deferUntilLastPut: .receivesEnd
        case .waitForPuts: [.receivesEnd, .mayWouldBlock]
        }
    }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        let limit: UInt64 = 1 << (PageTable.addressBits - pages.pageBits)
        let numbers = min(UInt64(invalidation.range.startPage), limit)..<min(UInt64(invalidation.range.endPage), limit)
        lock.lockForSection()
        if configuration.invalidation == .waitForPuts, !invalidation.isBlockable, holds(numbers) {
            lock.unlock()
            return .wouldBlock
        }
        open.insert(invalidation.range)
        cancel(numbers)
        let retired = retire(numbers)
        counts.invalidated += retired
        lock.unlock()
        // A full fence: whatever gets after the return, on any processor, finds the regions retired.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard invalidation.isBlockable else { return .done }
        if configuration.invalidation == .waitForPuts {
            waitUntilGone(numbers)
        } else if retired > 0 {
            sweepIfOverLimit()
        }
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        lock.lockForSection()
        open.remove(invalidation.range)
        lock.unlock()
    }

    func coverStarted() {
        lock.lock()
        open.insertEverything()
        lock.unlock()
    }

    func coverEnded() {
        lock.lock()
        open.removeEverything()
        lock.unlock()
    }

    /// Drops everything and lets nothing in again. What is pinned goes with its last put.
    func released() {
        let everything = 0..<UInt64(1) << (PageTable.addressBits - pages.pageBits)
        lock.lock()
        isClosed = true
        cancel(everything)
        _ = retire(everything)
        lock.unlock()
        if configuration.invalidation == .waitForPuts { waitUntilGone(everything) } else { sweep() }
    }

    /// An empty cache, that holds no lock: whatever threads of the parent were about to do, they do not do it here. What is
    /// registered is the parent's. Its page-table nodes and records stay allocated and are not used again.
    func processForked() {
        lock.resetAfterFork()
        sweepLock.resetAfterFork()
        hasForked = true
        regions.abandonAll()
        pages.resetAfterFork()
        uses.removeAll()
        liveBytes = 0
        arriving = RegionList()
        unswept = RegionList()
        dropped = RegionList()
        open.removeAll()
    }

    // MARK: With the lock held

    /// Whether anything of the pages is registered, or being registered, with the device.
    private func holds(_ numbers: Range<UInt64>) -> Bool {
        let memory = self.memory(numbers)
        return pages.first(in: numbers) != nil || isDropped(memory) || isArriving(memory)
    }

    /// Whether anything of the memory was dropped and is still registered.
    private func isDropped(_ memory: MemoryRange) -> Bool {
        unswept.contains(memory, in: regions) || dropped.contains(memory, in: regions)
    }

    /// Whether another thread is registering any of the memory.
    private func isArriving(_ memory: MemoryRange) -> Bool {
        let me = ThreadRegistration.index
        return arriving.contains(memory, in: regions) { regions.links[Int($0)].owner != me }
    }

    func memory(_ numbers: Range<UInt64>) -> MemoryRange {
        MemoryRange(
            address: UInt(numbers.lowerBound) << UInt(pages.pageBits),
            length: UInt(numbers.upperBound - numbers.lowerBound) << UInt(pages.pageBits))
    }

    /// Registrations of these pages that are under way are thrown away when the device has answered.
    private func cancel(_ numbers: Range<UInt64>) {
        let memory = self.memory(numbers)
        var index = arriving.first
        while index != RegionRecords.none {
            if regions[index].pointee.memory.overlaps(memory) { regions.links[Int(index)].isCancelled = true }
            index = regions.links[Int(index)].next
        }
    }

    /// Waits until nothing of the pages is registered any more: for puts, and for the threads that deregister.
    private func waitUntilGone(_ numbers: Range<UInt64>) {
        sweep()
        var backoff = Backoff()
        while true {
            lock.lock()
            let memory = self.memory(numbers)
            let isGone = !isDropped(memory) && !isArriving(memory)
            lock.unlock()
            if isGone { return }
            backoff.pause()
        }
    }
}
