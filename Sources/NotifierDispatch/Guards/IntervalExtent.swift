/// What one subscription of an ``IntervalScheme`` covers.
public protocol IntervalExtent: Sendable {
    /// The subscriptions' ranges for a guard of so many pages.
    static func ranges(pages: Int) -> [InvalidationRange]
    /// Which of them a page lies in.
    static func index(of page: Int) -> Int
}

/// All pages: one subscription, one lock.
public enum WholeSpace: IntervalExtent {
    public static func ranges(pages: Int) -> [InvalidationRange] { [InvalidationRange(start: 0, end: pages)] }
    @inlinable @inline(__always)
    public static func index(of page: Int) -> Int { 0 }
}

/// A subscription and a lock for each 2 MiB, so that the gain of a protocol is told apart from that of finer locks.
public enum EachStripe: IntervalExtent {
    public static func ranges(pages: Int) -> [InvalidationRange] {
        (0..<StripeSize.hugePage.count(pages: pages)).map { StripeSize.hugePage.range(of: $0) }
    }
    @inlinable @inline(__always)
    public static func index(of page: Int) -> Int { StripeSize.hugePage.index(of: page) }
}
