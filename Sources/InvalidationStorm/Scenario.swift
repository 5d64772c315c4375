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
    /// The part of the space that synthetic invalidations fall into, from its start, above 0 and at most 1; below 1,
    /// nine faults in ten fall there too.
    public let hotFraction: Double
    /// Whether starts may block. Where not, a second subscriber says "would block" to half of them.
    public let isBlockable: Bool
    /// The default time of a walk, in nanoseconds.
    public let walkNanoseconds: UInt64
    /// The default time of a change, in nanoseconds.
    public let changeNanoseconds: UInt64
    /// How many pages the space has.
    public let pages: Int

    init(
        name: String, arrivals: Arrivals, pagesPerInvalidation: Int = 16, hotFraction: Double = 1,
        isBlockable: Bool = true, walkNanoseconds: UInt64 = 0, changeNanoseconds: UInt64 = 0, pages: Int = 65_536
    ) {
        self.name = name
        self.arrivals = arrivals
        self.pagesPerInvalidation = pagesPerInvalidation
        self.hotFraction = hotFraction
        self.isBlockable = isBlockable
        self.walkNanoseconds = walkNanoseconds
        self.changeNanoseconds = changeNanoseconds
        self.pages = pages
    }

    /// Whether the scenario has invalidations, and so needs invalidators.
    public var invalidates: Bool {
        if case .none = arrivals { false } else { true }
    }

    /// How many pages, from the first, synthetic invalidations fall into.
    var hotPages: Int { max(pagesPerInvalidation, Int(Double(pages) * hotFraction)) }
}
