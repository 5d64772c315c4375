/// A named pattern of invalidations and faults.
public struct Scenario: Sendable {
    /// When invalidations come.
    public enum Arrivals: Sendable {
        /// Never.
        case none
        /// Each as soon as the one before has ended.
        case backToBack
        /// At random, independent of each other, at this many a second from each invalidator.
        case poisson(perSecond: Double)
        /// A recorded program's, in its order, from the start again until the window closes.
        case trace(Trace)
    }

    /// The name on the command line and in results.
    public let name: String
    /// When invalidations come.
    public let arrivals: Arrivals
    /// How many pages each synthetic invalidation covers.
    public let pagesPerInvalidation: Int
    /// The part of the address space that the invalidations fall into, and nine faults in ten: 1 is all of it.
    public let hotFraction: Double
    /// Whether starts may block.
    public let isBlockable: Bool
    /// The default walk time, in nanoseconds.
    public let walkNanoseconds: UInt64
    /// The default time of a change, in nanoseconds.
    public let changeNanoseconds: UInt64
    /// How many pages the address space has.
    public let pages: Int
}
