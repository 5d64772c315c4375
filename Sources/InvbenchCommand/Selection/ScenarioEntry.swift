import InvalidationStorm
import RecordedEvents

/// A scenario that the command line can name: its name at once, its contents when a cell is to be measured.
///
/// Traces are read late, so that a run without them does not wait for them.
struct ScenarioEntry: Sendable {
    /// Where a scenario's contents come from.
    enum Source: Sendable {
        case builtIn(Scenario)
        case trace(path: String, isOwn: Bool)
    }

    /// The name on the command line and in results.
    let name: String
    let source: Source

    init(_ scenario: Scenario) {
        name = scenario.name
        source = .builtIn(scenario)
    }

    /// A recorded program: `trace:` and the file's name without `.gz` and `.strace`. It is the user's own where
    /// `--trace` named it.
    init(tracePath: String, isOwn: Bool) {
        name = "trace:\(Trace.name(ofFile: tracePath))"
        source = .trace(path: tracePath, isOwn: isOwn)
    }

    /// Whether it invalidates at all, so that its cells have invalidators.
    var invalidates: Bool {
        if case .builtIn(let scenario) = source { return scenario.invalidates }
        return true
    }

    /// Its threads by the number of cores, unless others are asked for; `nil` if it leaves them to the run.
    var crowd: Scenario.Crowd? {
        if case .builtIn(let scenario) = source { return scenario.crowd }
        return nil
    }

    /// Whether a churner runs in it.
    var hasChurner: Bool {
        if case .builtIn(let scenario) = source { return scenario.hasChurner }
        return false
    }

    /// What it works on.
    var memory: WorkedMemory {
        if case .builtIn(let scenario) = source { return scenario.memory }
        return .tables
    }

    /// Whether a guard can run in it: where the driver has a lock of its own, only one that holds none over walks can.
    func takes(_ entry: GuardEntry) -> Bool {
        if case .builtIn(let scenario) = source { return !scenario.hasMappingLock || entry.walksUnlocked }
        return true
    }

    /// Whether it replays a recorded program, so that a speed means something.
    var isTrace: Bool {
        if case .trace = source { return true }
        return false
    }

    /// Whether its invalidations can come at another rate: a trace has its own times, `calm` has none, and on real memory
    /// they wait for pages to drop.
    var takesRate: Bool { invalidates && !isTrace && memory == .tables }

    /// The extent of its space, as far as it differs from its own where `extent` is asked for; a trace has its own, and real
    /// memory. `nil` where it does not fit in there.
    func differing(_ extent: Scenario.Extent) -> Scenario.Extent? {
        guard case .builtIn(let own) = source, memory == .tables else { return Scenario.Extent() }
        guard let scenario = own.over(extent) else { return nil }
        return Scenario.Extent(
            pages: scenario.pages == own.pages ? nil : scenario.pages,
            pagesPerInvalidation: scenario.pagesPerInvalidation == own.pagesPerInvalidation || !own.hasRanges
                ? nil : scenario.pagesPerInvalidation,
            intervalBystanders: scenario.intervalBystanders == own.intervalBystanders
                ? nil : scenario.intervalBystanders)
    }

    /// Whether it replays a recorded program of the user's.
    var isOwnTrace: Bool {
        if case .trace(_, let isOwn) = source { return isOwn }
        return false
    }

    /// The scenario's own walk and change times in nanoseconds; a trace's are 0, the pure protocol cost.
    var ownTimes: (walk: UInt64, change: UInt64) {
        switch source {
        case .builtIn(let scenario): (scenario.walkNanoseconds, scenario.changeNanoseconds)
        case .trace: (0, 0)
        }
    }

    /// How many pages a fault of the scenario fills in, unless another number is asked for.
    var ownPagesPerFault: Int {
        if case .builtIn(let scenario) = source { return scenario.pagesPerFault }
        return 1
    }

    /// The scenario itself; reads the file of a trace.
    func load() throws -> Scenario {
        switch source {
        case .builtIn(let scenario): scenario
        case .trace(let path, _): .replaying(try Trace(contentsOf: path))
        }
    }

    /// One line on what it does, for `invbench list`.
    var summary: String {
        switch source {
        case .trace(let path, _): "the program recorded in \(path.split(separator: "/").last ?? "")"
        case .builtIn(let scenario): scenario.live?.summary ?? Self.summary(of: scenario)
        }
    }

    private static func summary(of scenario: Scenario) -> String {
        var parts = [arrivals(of: scenario)]
        if scenario.hasRanges { parts += ["\(scenario.pagesPerInvalidation) pages", place(of: scenario)] }
        if !scenario.isBlockable { parts.append("non-blockable") }
        if scenario.listedBystanders > 0 {
            parts.append("\(scenario.listedBystanders) more subscribers in the list")
        }
        if scenario.intervalBystanders > 0 { parts.append("\(scenario.intervalBystanders) more to intervals") }
        if scenario.hasChurner { parts.append("while a thread registers and unregisters") }
        if let crowd = scenario.crowd {
            parts.append(
                "\(crowd.faultersPerCore) faulters and \(crowd.invalidatorsPerCore) invalidators for each core")
        }
        if scenario.pagesPerFault > 1 {
            parts.append(
                "\(scenario.pagesPerFault) pages a fault, \(scenario.faultsInSteps ? "step by step" : "anywhere")")
        }
        if scenario.hasMappingLock { parts.append("each section and each walk under one lock of the driver's own") }
        if scenario.walkNanoseconds > 0 { parts.append("walk \(scenario.walkNanoseconds) ns") }
        if scenario.changeNanoseconds > 0 { parts.append("change \(scenario.changeNanoseconds) ns") }
        if scenario.installNanoseconds > 0 { parts.append("install \(scenario.installNanoseconds) ns") }
        if let long = scenario.longChanges {
            parts.append(
                "every \(long.everyNanoseconds / 1_000_000) ms a change that sleeps \(long.nanoseconds / 1_000_000) ms")
        }
        return parts.joined(separator: ", ")
    }

    private static func arrivals(of scenario: Scenario) -> String {
        switch scenario.arrivals {
        case .none: "no invalidations"
        case .backToBack: "invalidations back to back"
        case .poisson(let rate): "\(Int(rate)) invalidations a second at random"
        case .paced(let rate) where scenario.event == .release:
            "the whole space is torn down and set up again, \(Int(rate)) times a second"
        case .paced(let rate): "\(Int(rate)) invalidations a second at fixed intervals"
        case .bursts(let size, let rate): "\(size) invalidations back to back, \(Int(rate)) times a second"
        case .trace(let trace): "the \(trace.steps.count) invalidations of a recorded program"
        }
    }

    private static func place(of scenario: Scenario) -> String {
        switch scenario.placement {
        case .anywhere: scenario.hotFraction < 1 ? "inside the pages that take most faults" : "anywhere"
        case .inSteps: "step by step through the space"
        }
    }
}
