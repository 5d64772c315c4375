import Synchronization

/// The regions that may be evicted, in a binary heap by their last use: the root's is the longest ago. With the table's lock
/// held.
///
/// Hits write nothing that threads share, so the heap does not hear of them. It knows a use that may be too old. Whoever wants
/// the least recently used region looks at the root's words (``PinRows``): if it was used since, it sinks, and the next one is
/// looked at. A root that was not is the one, since every other one was used later than the heap knows of it, or then. Time is
/// the number of regions that were published, since only misses evict: uses between two misses are at the same time.
struct UseHeap: ~Copyable {
    private let slots: UnsafeMutablePointer<UInt32>
    private let links: UnsafeMutablePointer<RegionLinks>
    private(set) var count = 0

    init(links: UnsafeMutablePointer<RegionLinks>) {
        slots = ZeroedMemory.map(UInt32.self, count: RegionRecords.capacity)
        self.links = links
    }

    deinit { ZeroedMemory.unmap(slots, count: RegionRecords.capacity) }

    /// Whether one time is before another, which may be 2^31 apart at most.
    @inline(__always)
    static func isBefore(_ time: UInt32, _ other: UInt32) -> Bool { Int32(bitPattern: time &- other) < 0 }

    /// The region whose last known use is the longest ago.
    var first: UInt32? { count == 0 ? nil : slots[0] }

    mutating func insert(_ index: UInt32, usedAt time: UInt32) {
        links[Int(index)].lastUse = time
        count += 1
        raise(index, from: count - 1)
    }

    mutating func remove(_ index: UInt32) {
        let place = Int(links[Int(index)].heapIndex)
        links[Int(index)].heapIndex = RegionRecords.none
        count -= 1
        guard place != count else { return }
        let last = slots[count]
        raise(last, from: place)
        sink(last, from: Int(links[Int(last)].heapIndex))
    }

    /// The root was used at a later time than the heap knew.
    mutating func firstWasUsed(at time: UInt32) {
        let index = slots[0]
        links[Int(index)].lastUse = time
        sink(index, from: 0)
    }

    mutating func removeAll() { count = 0 }

    private func isBefore(_ index: UInt32, _ other: UInt32) -> Bool {
        Self.isBefore(links[Int(index)].lastUse, links[Int(other)].lastUse)
    }

    private func place(_ index: UInt32, at place: Int) {
        slots[place] = index
        links[Int(index)].heapIndex = UInt32(place)
    }

    private func raise(_ index: UInt32, from start: Int) {
        var hole = start
        while hole > 0, isBefore(index, slots[(hole - 1) / 2]) {
            place(slots[(hole - 1) / 2], at: hole)
            hole = (hole - 1) / 2
        }
        place(index, at: hole)
    }

    private func sink(_ index: UInt32, from start: Int) {
        var hole = start
        while 2 * hole + 1 < count {
            var child = 2 * hole + 1
            if child + 1 < count, isBefore(slots[child + 1], slots[child]) { child += 1 }
            guard isBefore(slots[child], index) else { break }
            place(slots[child], at: hole)
            hole = child
        }
        place(index, at: hole)
    }
}
