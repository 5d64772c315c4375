import CPlatform
import NotifierDispatch
import Synchronization

/// The regions of one cache, and how they come and go. Hits do without it.
///
/// Two locks, in this order. `sweepLock` is held across the barrier of a sweep, some 10 microseconds. `lock`, the table's, is held
/// for moments; nothing is allocated under it, so that an allocator's hook may invalidate. Neither is held while the device is
/// called.
final class RegionTable: @unchecked Sendable {
    // @unchecked: the state is only touched with `lock` held. The rest is constant, or shared by its own rules.
    let device: any RegistrationDevice
    let configuration: RegistrationCache.Configuration
    let pins = PinRows()
    let barrier: ProcessBarrier
    /// How many regions were published, which is the time of uses. On a page of its own: hits read it.
    let clock: UnsafeMutablePointer<Atomic<UInt32>>

    /// Those of `regions`, for who does not hold the lock.
    let records: UnsafeMutablePointer<RegionRecord>
    /// Of the same regions; with the lock held.
    let links: UnsafeMutablePointer<RegionLinks>

    /// A page has 2 to the power of this bytes.
    let pageBits: UInt64

    let sweepLock = SmallLock()
    let lock = SmallLock()
    let state: UnsafeMutablePointer<RegionState>

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
        pageBits = UInt64(pageSize.trailingZeroBitCount)
        state = .allocate(capacity: 1)
        state.initialize(to: RegionState(pageBits: pageBits))
        records = state.pointee.regions.records
        links = state.pointee.regions.links
        clock = ZeroedMemory.map(Atomic<UInt32>.self, count: 1)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
        ZeroedMemory.unmap(clock, count: 1)
    }

    /// The subscription is over and everything has been dropped. Traps if a region is still pinned.
    func finish() {
        sweep()
        precondition(
            state.pointee.unswept.count + state.pointee.dropped.count == 0,
            "a registration cache ends while regions of it are pinned")
    }

    var statistics: RegistrationCache.Statistics {
        lock.lock()
        defer { lock.unlock() }
        var result = state.pointee.counts
        (result.regions, result.bytes) = (state.pointee.uses.count, state.pointee.liveBytes)
        result.deferredRegions = state.pointee.unswept.count + state.pointee.dropped.count
        result.deferredBytes = state.pointee.unswept.bytes &+ state.pointee.dropped.bytes
        return result
    }

    /// The numbers of the pages that the memory touches.
    func pageNumbers(_ memory: MemoryRange) -> Range<UInt64> {
        let lastByte = UInt64(memory.address) + UInt64(memory.length) - 1
        return UInt64(memory.address) >> pageBits..<(lastByte >> pageBits) + 1
    }

    /// Calls `body` for each live region that has any of the pages, in the order of addresses. It may retire the region. With
    /// the lock held.
    func forEachRegion(_ numbers: Range<UInt64>, _ body: (UInt32) -> Void) {
        var rest = numbers
        while let index = state.pointee.pages.first(in: rest) {
            let end = pageNumbers(records[Int(index)].memory).upperBound
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
        let memory = records[Int(index)].memory
        // Relaxed: the fence comes behind it (see RegistrationCache).
        records[Int(index)].state.store(RegionRecord.State.retired, ordering: .relaxed)
        state.pointee.pages.clear(pageNumbers(memory))
        state.pointee.uses.remove(index)
        state.pointee.liveBytes &-= memory.length
        state.pointee.unswept.insert(index, in: state.pointee.regions)
    }
}

/// What is only touched with the table's lock held.
///
/// It stands behind a pointer: the runtime checks each access to a variable of a class for exclusiveness, which made a miss take
/// twice as long.
struct RegionState: ~Copyable {
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

    init(pageBits: UInt64) {
        pages = PageTable(pageBits: pageBits)
        uses = UseHeap(links: regions.links)
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
        let limit: UInt64 = 1 << (PageTable.addressBits - pageBits)
        let numbers = min(UInt64(invalidation.range.startPage), limit)..<min(UInt64(invalidation.range.endPage), limit)
        lock.lockForSection()
        if configuration.invalidation == .waitForPuts, !invalidation.isBlockable, holds(numbers) {
            lock.unlock()
            return .wouldBlock
        }
        state.pointee.open.insert(invalidation.range)
        cancel(numbers)
        let retired = retire(numbers)
        state.pointee.counts.invalidated += retired
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
        state.pointee.open.remove(invalidation.range)
        lock.unlock()
    }

    func coverStarted() {
        lock.lock()
        state.pointee.open.insertEverything()
        lock.unlock()
    }

    func coverEnded() {
        lock.lock()
        state.pointee.open.removeEverything()
        lock.unlock()
    }

    /// Drops everything and lets nothing in again. What is pinned goes with its last put.
    func released() {
        let everything = 0..<UInt64(1) << (PageTable.addressBits - pageBits)
        lock.lock()
        state.pointee.isClosed = true
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
        state.pointee.hasForked = true
        state.pointee.regions.abandonAll()
        state.pointee.pages.resetAfterFork()
        state.pointee.uses.removeAll()
        state.pointee.liveBytes = 0
        state.pointee.arriving = RegionList()
        state.pointee.unswept = RegionList()
        state.pointee.dropped = RegionList()
        state.pointee.open.removeAll()
    }

    // MARK: With the lock held

    /// Whether anything of the pages is registered, or being registered, with the device.
    private func holds(_ numbers: Range<UInt64>) -> Bool {
        let memory = self.memory(numbers)
        return state.pointee.pages.first(in: numbers) != nil || isDropped(memory) || isArriving(memory)
    }

    /// Whether anything of the memory was dropped and is still registered.
    private func isDropped(_ memory: MemoryRange) -> Bool {
        state.pointee.unswept.contains(memory, in: state.pointee.regions)
            || state.pointee.dropped.contains(memory, in: state.pointee.regions)
    }

    /// Whether another thread is registering any of the memory.
    private func isArriving(_ memory: MemoryRange) -> Bool {
        let me = ThreadRegistration.index
        return state.pointee.arriving.contains(memory, in: state.pointee.regions) {
            links[Int($0)].owner != me
        }
    }

    func memory(_ numbers: Range<UInt64>) -> MemoryRange {
        MemoryRange(
            address: UInt(numbers.lowerBound) << UInt(pageBits),
            length: UInt(numbers.upperBound - numbers.lowerBound) << UInt(pageBits))
    }

    /// Registrations of these pages that are under way are thrown away when the device has answered.
    private func cancel(_ numbers: Range<UInt64>) {
        let memory = self.memory(numbers)
        var index = state.pointee.arriving.first
        while index != RegionRecords.none {
            if records[Int(index)].memory.overlaps(memory) {
                links[Int(index)].isCancelled = true
            }
            index = links[Int(index)].next
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
