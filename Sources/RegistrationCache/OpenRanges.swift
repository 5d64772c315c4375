import NotifierDispatch

/// The invalidations that are open, for misses, which register none of their pages. With the table's lock held.
///
/// There is room for a fixed number, so that nothing is allocated where memory is about to be freed. Those that find no room
/// count as if they covered everything.
struct OpenRanges: ~Copyable {
    private static var room: Int { 64 }

    private let ranges: UnsafeMutablePointer<InvalidationRange>
    private var count = 0
    private var everything = 0

    init() { ranges = .allocate(capacity: Self.room) }

    deinit { ranges.deallocate() }

    mutating func insert(_ range: InvalidationRange) {
        guard count < Self.room else { return insertEverything() }
        ranges[count] = range
        count += 1
    }

    /// A range that is equal to another one may have no room while the other one has: it does not matter which of the two is
    /// taken away first.
    mutating func remove(_ range: InvalidationRange) {
        for index in 0..<count where ranges[index] == range {
            count -= 1
            ranges[index] = ranges[count]
            return
        }
        removeEverything()
    }

    /// One that covers everything.
    mutating func insertEverything() { everything += 1 }

    mutating func removeEverything() {
        precondition(everything > 0, "an invalidation ended that had not started")
        everything -= 1
    }

    mutating func removeAll() { (count, everything) = (0, 0) }

    func overlap(_ pages: Range<UInt64>) -> Bool {
        for index in 0..<count {
            let (start, end) = (UInt64(ranges[index].startPage), UInt64(ranges[index].endPage))
            if start < pages.upperBound, pages.lowerBound < end { return true }
        }
        return everything > 0
    }
}
