import InvalidationStorm

/// A scenario on offer: its name at once, its contents when a cell is to be measured.
///
/// Traces are read late, so that a run without them does not wait for them.
struct ScenarioOffer: Sendable {
    /// Where a scenario's contents come from.
    enum Source: Sendable {
        case builtIn(Scenario)
        case trace(path: String)
    }

    /// The name on the command line and in results.
    let name: String
    let source: Source

    init(_ scenario: Scenario) {
        name = scenario.name
        source = .builtIn(scenario)
    }

    /// A recorded program: `trace:` and the file's name without `.gz` and `.strace`.
    init(tracePath: String) {
        name = "trace:\(Trace.name(ofFile: tracePath))"
        source = .trace(path: tracePath)
    }

    /// Whether it invalidates at all, so that its cells have invalidators.
    var invalidates: Bool {
        if case .builtIn(let scenario) = source { return scenario.invalidates }
        return true
    }

    /// Whether it replays a recorded program, so that a speed means something.
    var isTrace: Bool {
        if case .trace = source { return true }
        return false
    }

    /// The scenario's own walk and change times in nanoseconds; a trace's are 0, the pure protocol cost.
    var ownTimes: (walk: UInt64, change: UInt64) {
        switch source {
        case .builtIn(let scenario): (scenario.walkNanoseconds, scenario.changeNanoseconds)
        case .trace: (0, 0)
        }
    }

    /// The scenario itself; reads the file of a trace.
    func load() throws -> Scenario {
        switch source {
        case .builtIn(let scenario): scenario
        case .trace(let path): .replaying(try Trace(contentsOf: path))
        }
    }

    /// One line on what it does, for `invbench list`.
    var summary: String {
        switch source {
        case .trace(let path): "the program recorded in \(path.split(separator: "/").last ?? "")"
        case .builtIn(let scenario): Self.summary(of: scenario)
        }
    }

    private static func summary(of scenario: Scenario) -> String {
        let pages = "\(scenario.pagesPerInvalidation) pages"
        let place = scenario.hotFraction < 1 ? "inside the pages that take most faults" : "anywhere"
        var line =
            switch scenario.arrivals {
            case .none: "no invalidations"
            case .backToBack: "invalidations back to back, \(pages), \(place)"
            case .poisson(let rate): "\(Int(rate)) invalidations a second at random, \(pages), \(place)"
            case .trace(let trace): "the \(trace.steps.count) invalidations of a recorded program"
            }
        if !scenario.isBlockable { line += ", non-blockable" }
        if scenario.walkNanoseconds > 0 { line += ", walk \(scenario.walkNanoseconds) ns" }
        if scenario.changeNanoseconds > 0 { line += ", change \(scenario.changeNanoseconds) ns" }
        return line
    }
}
