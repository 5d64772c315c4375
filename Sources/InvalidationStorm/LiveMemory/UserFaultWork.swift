/// What is done to memory whose missing faults are served in user space: which pages threads touch, how a fault is served,
/// and what is dropped meanwhile.
public struct UserFaultWork: Sendable {
    /// Which thread opens a section around each drop. Documentation/LiveMemory.md says what each of them sees.
    public enum Source: Hashable, Sendable {
        /// The thread that drops: start, madvise(2), end. userfaultfd is asked for no events.
        case caller
        /// The thread that reads the event of userfaultfd, whoever drops: the caller only calls madvise(2).
        case events
    }

    /// When pages are dropped.
    public enum Drops: Hashable, Sendable {
        /// Each as soon as the one before has ended.
        case backToBack
        /// At random, independent of each other, at this many a second from each invalidator.
        case poisson(perSecond: Double)
    }

    /// Which pages threads touch.
    public enum Touches: Hashable, Sendable {
        /// Any, all alike.
        case anywhere
        /// Each thread those of its own part of the memory, one behind the other. At the end it drops its part, as the next
        /// snapshot's restore would, and begins again.
        case ownPartInOrder
    }

    /// The name on the command line and in results.
    public let name: String
    /// One line on what it is.
    public let summary: String
    /// How many pages there are; the memory takes as much, whatever happens.
    public let pages: Int
    /// How many pages a fault fills in, a power of two: that which it is for, and those around it.
    public let pagesPerFault: Int
    /// How long it takes to fetch what a fault fills in, on top of writing it down, in nanoseconds.
    public let walkNanoseconds: UInt64
    /// Which pages threads touch.
    public let touches: Touches
    /// When invalidators drop pages.
    public let drops: Drops
    /// How many pages each of them drops.
    public let pagesPerDrop: Int
    /// Which thread opens a section around each drop.
    public let source: Source

    init(
        name: String, summary: String, pagesPerFault: Int = 1, touches: Touches = .anywhere, drops: Drops = .backToBack,
        source: Source = .caller, pages: Int = 4096, walkNanoseconds: UInt64 = 2_000, pagesPerDrop: Int = 16
    ) {
        self.name = name
        self.summary = summary
        self.pages = pages
        self.pagesPerFault = pagesPerFault
        self.walkNanoseconds = walkNanoseconds
        self.touches = touches
        self.drops = drops
        self.pagesPerDrop = pagesPerDrop
        self.source = source
    }

    /// The drops as a scenario's invalidations.
    var scenario: Scenario { scenario(live: nil) }

    /// The same as a scenario of its own.
    func scenario(live: LiveWork?) -> Scenario {
        let arrivals: Scenario.Arrivals =
            switch drops {
            case .backToBack: .backToBack
            case .poisson(let perSecond): .poisson(perSecond: perSecond)
            }
        return Scenario(name: name, arrivals: arrivals, pagesPerInvalidation: pagesPerDrop, pages: pages, live: live)
    }
}

extension UserFaultStorm {
    /// Everything that can be done, in the order of the documentation.
    public static let works: [UserFaultWork] = [
        UserFaultWork(
            name: "restore",
            summary: "a snapshot is restored page by page; a balloon takes 16 pages 1,000 times a second",
            touches: .ownPartInOrder, drops: .poisson(perSecond: 1_000)),
        UserFaultWork(
            name: "restore-16", summary: "the same; each fault fills in 16 pages", pagesPerFault: 16,
            touches: .ownPartInOrder, drops: .poisson(perSecond: 1_000)),
        UserFaultWork(
            name: "restore-512", summary: "the same; each fault fills in 512 pages", pagesPerFault: 512,
            touches: .ownPartInOrder, drops: .poisson(perSecond: 1_000)),
        UserFaultWork(
            name: "dontneed-storm", summary: "16 pages are dropped back to back: start, MADV_DONTNEED, end"),
        UserFaultWork(
            name: "dontneed-events",
            summary:
                "16 pages are dropped 10,000 times a second; userfaultfd's REMOVE events are the only source of sections",
            drops: .poisson(perSecond: 10_000), source: .events),
    ]
}
