import Synchronization

/// One region as every thread sees it. Records are never freed and are used again, so that a thread may look at one that it
/// has no claim to: it pins first, then looks (see ``RegistrationCache``).
///
/// Legal states of `state`, which is written with the table's lock held, except for the last step:
///
///     state        meaning                                                        written by
///     free         nobody's                                                       the thread that has deregistered it
///     registering  a miss has asked the device                                    that miss
///     live         in the page table; a get may return it                         the miss, when the device has answered
///     retired      out of the page table; pins may be on their way                an invalidation, an eviction, a merge
///     settled      pins are counted after a barrier; the last put deregisters     a sweep
///     leaving      no pin is left; the device is told                             the sweep or put that found none
///     abandoned    the parent's, in a forked child                                the fork
@usableFromInline
struct RegionRecord: ~Copyable {
    enum State {
        static var free: UInt64 { 0 }
        static var registering: UInt64 { 1 }
        static var live: UInt64 { 2 }
        static var retired: UInt64 { 3 }
        static var settled: UInt64 { 4 }
        static var leaving: UInt64 { 5 }
        static var abandoned: UInt64 { 6 }
    }

    @usableFromInline
    let state: Atomic<UInt64>
    // Atomic, since a thread with an old page-table word may look while a record is filled in again. Relaxed everywhere: who
    // goes by what it reads has pinned the record and found it live.
    @usableFromInline
    let address: Atomic<UInt>
    @usableFromInline
    let length: Atomic<UInt>
    @usableFromInline
    let registration: Atomic<UInt64>

    @inlinable
    var memory: MemoryRange {
        MemoryRange(address: address.load(ordering: .relaxed), length: length.load(ordering: .relaxed))
    }
}

/// What only threads with the table's lock know of a region.
struct RegionLinks {
    /// The neighbours in the list of registrations under way or of dropped regions, or the next free record.
    var previous: UInt32
    var next: UInt32
    /// The next region that the same sweep deregisters.
    var nextLeaving: UInt32
    /// The place in the heap by last use.
    var heapIndex: UInt32
    /// The last use that the heap knows of.
    var lastUse: UInt32
    /// The index of the thread that registers it.
    var owner: Int32
    /// Whether an invalidation started while it was being registered.
    var isCancelled: Bool
}

/// A region that stays registered until it is put. It can be put by another thread than the one that got it.
///
/// Give it to ``RegistrationCache/put(_:)`` of the cache that it came from, once. Traps if it is dropped without.
public struct PinnedRegion: ~Copyable, @unchecked Sendable {
    // @unchecked: an atomic record behind a pointer, which is stable while it is pinned.
    @usableFromInline
    let record: UnsafeMutablePointer<RegionRecord>

    init(record: UnsafeMutablePointer<RegionRecord>) { self.record = record }

    /// The memory that is registered: what was asked for, rounded to pages, and what it was merged with.
    @inlinable
    public var memory: MemoryRange { record.pointee.memory }

    /// What the device calls it.
    @inlinable
    public var registration: UInt64 { record.pointee.registration.load(ordering: .relaxed) }

    /// The pin as an address, for a language without ownership. It is put by way of ``init(relinquished:)``.
    package consuming func relinquish() -> UnsafeMutableRawPointer {
        let address = UnsafeMutableRawPointer(record)
        discard self
        return address
    }

    /// The pin of an address that ``relinquish()`` gave, once.
    package init(relinquished address: UnsafeMutableRawPointer) {
        record = address.assumingMemoryBound(to: RegionRecord.self)
    }

    deinit { Self.trapLost() }

    @inline(never)
    private static func trapLost() {
        fatalError("a pinned region was dropped without a put: it would stay registered for ever")
    }
}

/// The records of all regions, at their indices.
struct RegionRecords: ~Copyable, @unchecked Sendable {
    // @unchecked: the records are atomics; the rest is only touched with the table's lock held.
    static var capacity: Int { 1 << 20 }
    static var none: UInt32 { .max }

    let records: UnsafeMutablePointer<RegionRecord>
    let links: UnsafeMutablePointer<RegionLinks>
    /// One above the highest index that was ever used.
    private(set) var limit = 0
    private var firstFree = none

    init() {
        // Fresh pages of the kernel: zeroes are free records.
        records = ZeroedMemory.map(RegionRecord.self, count: Self.capacity)
        links = ZeroedMemory.map(RegionLinks.self, count: Self.capacity)
    }

    deinit {
        ZeroedMemory.unmap(records, count: Self.capacity)
        ZeroedMemory.unmap(links, count: Self.capacity)
    }

    subscript(index: UInt32) -> UnsafeMutablePointer<RegionRecord> { records + Int(index) }

    /// A free record, to be registered by the calling thread; `nil` if there is none.
    mutating func take(_ memory: MemoryRange, by owner: Int32) -> UInt32? {
        let index: UInt32
        if firstFree != Self.none {
            index = firstFree
            firstFree = links[Int(index)].next
        } else {
            guard limit < Self.capacity else { return nil }
            index = UInt32(limit)
            limit += 1
        }
        let record = self[index]
        record.pointee.address.store(memory.address, ordering: .relaxed)
        record.pointee.length.store(memory.length, ordering: .relaxed)
        record.pointee.state.store(RegionRecord.State.registering, ordering: .relaxed)
        links[Int(index)] = RegionLinks(
            previous: Self.none, next: Self.none, nextLeaving: Self.none, heapIndex: Self.none, lastUse: 0,
            owner: owner, isCancelled: false)
        return index
    }

    mutating func giveBack(_ index: UInt32) {
        self[index].pointee.state.store(RegionRecord.State.free, ordering: .relaxed)
        links[Int(index)].next = firstFree
        firstFree = index
    }

    /// In a forked child: nobody uses a record of the parent's again, so that pins which are put here change nothing.
    mutating func abandonAll() {
        for index in 0..<limit {
            records[index].state.store(RegionRecord.State.abandoned, ordering: .relaxed)
        }
        firstFree = Self.none
    }
}

/// A list of records by their links; with the table's lock held.
struct RegionList {
    private(set) var first = RegionRecords.none
    private(set) var count = 0
    private(set) var bytes: UInt = 0

    mutating func insert(_ index: UInt32, in regions: borrowing RegionRecords) {
        let links = regions.links
        links[Int(index)].previous = RegionRecords.none
        links[Int(index)].next = first
        if first != RegionRecords.none { links[Int(first)].previous = index }
        first = index
        count += 1
        bytes &+= regions[index].pointee.memory.length
    }

    mutating func remove(_ index: UInt32, from regions: borrowing RegionRecords) {
        let links = regions.links
        let (previous, next) = (links[Int(index)].previous, links[Int(index)].next)
        if previous == RegionRecords.none { first = next } else { links[Int(previous)].next = next }
        if next != RegionRecords.none { links[Int(next)].previous = previous }
        count -= 1
        bytes &-= regions[index].pointee.memory.length
    }

    /// Whether any record of the list that overlaps the memory satisfies the condition.
    func contains(
        _ memory: MemoryRange, in regions: borrowing RegionRecords, where condition: (UInt32) -> Bool = { _ in true }
    ) -> Bool {
        var index = first
        while index != RegionRecords.none {
            if regions[index].pointee.memory.overlaps(memory), condition(index) { return true }
            index = regions.links[Int(index)].next
        }
        return false
    }
}
