import NotifierDispatch
import RecordedEvents

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
        /// At fixed intervals, this many a second in all: several invalidators take turns.
        case paced(perSecond: Double)
        /// So many back to back from each invalidator, and that at fixed intervals, this many times a second.
        case bursts(of: Int, perSecond: Double)
        /// A recorded program's, in its order, from the start again until the window closes.
        case trace(Trace)
    }

    /// Where synthetic invalidations fall.
    public enum Placement: Sendable {
        /// Anywhere, all places alike.
        case anywhere
        /// Each behind the one before, from the start again at the end; several invalidators take turns. The size of an
        /// invalidation must divide the space.
        case inSteps
    }

    /// Changes that take long, and sleep, among those of each invalidator.
    public struct LongChanges: Sendable {
        /// How long each sleeps.
        public let nanoseconds: UInt64
        /// How often each invalidator has one: its first invalidation when so much time has passed again.
        public let everyNanoseconds: UInt64
    }

    /// Threads by the number of cores: more than there are cores, so that threads lose theirs wherever they are.
    public struct Crowd: Sendable {
        /// How many faulters there are for each core, 1 or above.
        public let faultersPerCore: Int
        /// How many invalidators there are for each core, 1 or above.
        public let invalidatorsPerCore: Int
    }

    /// The name on the command line and in results.
    public let name: String
    /// When invalidations come.
    public private(set) var arrivals: Arrivals
    /// How many pages each synthetic invalidation covers.
    public private(set) var pagesPerInvalidation: Int
    /// Where synthetic invalidations fall.
    public let placement: Placement
    /// Why synthetic invalidations come. `release` ends the whole space and sets it up again.
    public let event: InvalidationEvent
    /// The part of the space that synthetic invalidations fall into, from its start, above 0 and at most 1; below 1,
    /// nine faults in ten fall there too.
    public let hotFraction: Double
    /// Whether starts may block. Where not, a second subscriber says "would block" to half of them.
    public let isBlockable: Bool
    /// How many subscribers the notifier list has besides the device.
    public let listedBystanders: Int
    /// How many interval subscriptions the space has besides the device; they divide the pages evenly.
    public private(set) var intervalBystanders: Int
    /// Whether one more thread registers and unregisters a subscriber again and again. Not where the space ends.
    public let hasChurner: Bool
    /// Whether sections and walks take one lock of the driver's own. Only for guards that are ``WalksUnlocked``.
    public let hasMappingLock: Bool
    /// The default time of a walk, in nanoseconds.
    public let walkNanoseconds: UInt64
    /// The default time of a change, in nanoseconds.
    public let changeNanoseconds: UInt64
    /// The default time of an install, in nanoseconds.
    public let installNanoseconds: UInt64
    /// The default number of pages that a fault fills in, a power of two: the page that it is for, and those around it as
    /// the number divides the space.
    public let pagesPerFault: Int
    /// Whether each faulter goes through the space step by step; otherwise its pages are chosen at random.
    public let faultsInSteps: Bool
    /// Whether it is about who waits for whom, and how long: starts are then timed apart from the rest of their sections.
    public let isAboutWaits: Bool
    /// Which changes take long; `nil` for none.
    public let longChanges: LongChanges?
    /// The threads that it runs with unless others are asked for; `nil` if it leaves that to the run. An invalidation of
    /// a crowd is timed from its actual start: how long its thread had no core before is no guard's doing.
    public let crowd: Crowd?
    /// How many pages the space has.
    public private(set) var pages: Int
    /// What is done to real memory; `nil` where pages are words in a table.
    public let live: LiveWork?

    init(
        name: String, arrivals: Arrivals, pagesPerInvalidation: Int = 16, placement: Placement = .anywhere,
        event: InvalidationEvent = .clear, hotFraction: Double = 1, isBlockable: Bool = true,
        listedBystanders: Int = 0, intervalBystanders: Int = 0, hasChurner: Bool = false, hasMappingLock: Bool = false,
        walkNanoseconds: UInt64 = 0, changeNanoseconds: UInt64 = 0, installNanoseconds: UInt64 = 0,
        pagesPerFault: Int = 1, faultsInSteps: Bool = false,
        isAboutWaits: Bool = false, longChanges: LongChanges? = nil, crowd: Crowd? = nil, pages: Int = 65_536,
        live: LiveWork? = nil
    ) {
        self.name = name
        self.arrivals = arrivals
        self.pagesPerInvalidation = pagesPerInvalidation
        self.placement = placement
        self.event = event
        self.hotFraction = hotFraction
        self.isBlockable = isBlockable
        self.listedBystanders = listedBystanders
        self.intervalBystanders = intervalBystanders
        self.hasChurner = hasChurner
        self.hasMappingLock = hasMappingLock
        self.walkNanoseconds = walkNanoseconds
        self.changeNanoseconds = changeNanoseconds
        self.installNanoseconds = installNanoseconds
        self.pagesPerFault = pagesPerFault
        self.faultsInSteps = faultsInSteps
        self.isAboutWaits = isAboutWaits
        self.longChanges = longChanges
        self.crowd = crowd
        self.pages = pages
        self.live = live
    }

    /// Whether the scenario has invalidations, and so needs invalidators.
    public var invalidates: Bool {
        if case .none = arrivals { false } else { true }
    }

    /// Whether its invalidations are of ranges of a size and at places that it gives.
    public var hasRanges: Bool {
        switch arrivals {
        case .none, .trace: false
        case .backToBack, .poisson, .paced, .bursts: event != .release
        }
    }

    /// The pages that fault, in their order, if a recording has them; else empty, and faults fall where the scenario says.
    var recordedFaults: [UInt32] {
        if case .trace(let trace) = arrivals { trace.faultedPages } else { [] }
    }

    /// The same with other arrivals, as so many invalidators share them out.
    public func arriving(_ process: ArrivalProcess, invalidators: Int) -> Scenario {
        var scenario = self
        scenario.arrivals =
            switch process.spacing {
            case .poisson: .poisson(perSecond: process.perSecond / Double(invalidators))
            case .fixed: .paced(perSecond: process.perSecond)
            }
        return scenario
    }

    /// How large its space is, and what it holds. `nil` is the scenario's own, each.
    public struct Extent: Hashable, Sendable {
        /// How many pages.
        public var pages: Int?
        /// How many of them a synthetic invalidation covers, where it is not all.
        public var pagesPerInvalidation: Int?
        /// How many interval subscriptions there are besides the device.
        public var intervalBystanders: Int?

        public init(pages: Int? = nil, pagesPerInvalidation: Int? = nil, intervalBystanders: Int? = nil) {
            self.pages = pages
            self.pagesPerInvalidation = pagesPerInvalidation
            self.intervalBystanders = intervalBystanders
        }
    }

    /// The same over a space of another extent; `nil` where its invalidations or its subscriptions have no place there: both
    /// are at most as many as pages, and invalidations in steps divide the space.
    public func over(_ extent: Extent) -> Scenario? {
        var scenario = self
        scenario.pages = extent.pages ?? pages
        // Those of the whole space stay so.
        let covered =
            pagesPerInvalidation == pages ? scenario.pages : extent.pagesPerInvalidation ?? pagesPerInvalidation
        scenario.pagesPerInvalidation = covered
        scenario.intervalBystanders = extent.intervalBystanders ?? intervalBystanders
        if placement == .inSteps, scenario.pages % covered != 0 { return nil }
        return max(covered, scenario.intervalBystanders, pagesPerFault) <= scenario.pages ? scenario : nil
    }

    /// How many pages, from the first, synthetic invalidations fall into.
    var hotPages: Int { max(pagesPerInvalidation, Int(Double(pages) * hotFraction)) }
}

extension Scenario {
    /// The invalidations of a recorded program. Faults are the recorded ones, each faulter from a place of its own, and as
    /// fast as the run has them; where the recording has none, they fall on all its pages alike.
    public static func replaying(_ trace: Trace) -> Scenario {
        Scenario(name: "trace:\(trace.name)", arrivals: .trace(trace), pages: trace.pages)
    }
}
