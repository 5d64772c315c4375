import BenchmarkRecords
import InvalidationStorm

/// Everything that is decided before the first repetition.
struct RunPlan: Sendable {
    /// What is measured.
    let cells: [Cell]
    /// The cells of each workload, by their indices.
    let workloads: [[Int]]
    /// How often each is measured at least, if there is time.
    let repetitions: Int
    /// How often each is measured at most: again, if too few of its repetitions met the cores in one state.
    let mostRepetitions: Int
    /// When the measuring ends at the latest, in seconds after its start; `nil` if it takes as long as it takes.
    let budgetSeconds: Double?
    /// The timed window of a repetition, in nanoseconds.
    let windowNanoseconds: UInt64
    /// How long the threads run before it, in nanoseconds.
    let warmUpNanoseconds: UInt64
    /// About how long a repetition takes with what surrounds it, in seconds.
    private let secondsOfRepetition: Double
    /// How often a noisy repetition is measured again.
    let noisyRetries: Int
    /// All repetitions, in the order in which they are measured.
    let order: [PlannedRepetition]
    /// Decides the order and the work.
    let seed: UInt64
    /// What the user should know about the choice, a line each.
    let notes: [String]

    /// Chooses the cells and their order.
    init(_ options: RunOptions, catalogue: CellCatalogue, cores: Int, handlers: Int? = nil) throws {
        var adjustments = options.adjustments
        adjustments.handlers = handlers ?? adjustments.handlers
        let faulters = options.choice.threads.faulters.flatMap { $0 }
        let invalidators = options.choice.threads.invalidators.flatMap { $0 }
        let (possible, refusals) = try Self.possible(try catalogue.guards(named: options.guardNames), options)
        var (guards, notes) = try Self.pairable(possible, options)
        notes.insert(contentsOf: refusals, at: 0)
        let scenarios = try Self.scenarios(of: catalogue, options)
        let nameable = CellCatalogue.cells(
            guards: guards, scenarios: scenarios, cores: cores,
            faulters: faulters.isEmpty ? nil : faulters, invalidators: invalidators.isEmpty ? nil : invalidators,
            adjustments: adjustments)
        var chosen = options.choosesCells ? nameable : options.profile.subset(of: nameable)
        if let pattern = options.benchmark.filter {
            let filter = try NameFilter(pattern)
            chosen.removeAll { !filter.chooses($0.name) }
            if chosen.isEmpty {
                throw UsageError(
                    "--benchmark_filter: '\(pattern)' finds none of the \(nameable.count(where: \.isPossible)) registered cells; "
                        + "--benchmark_list_tests without a filter shows their names")
            }
        }
        if let reason = Self.removeImpossible(from: &chosen) {
            if chosen.isEmpty { throw UsageError(reason) }
            notes.append("left out: " + reason)
        }
        if !scenarios.contains(where: { scenario in guards.contains { $0.memory == scenario.memory } }) {
            throw UsageError(
                refusals.first
                    ?? "--guard, --scenario: none of the chosen guards runs in one of the chosen scenarios; invbench list shows "
                    + "which do")
        }
        if chosen.isEmpty {
            throw UsageError(
                "--invalidators: none of the chosen scenarios can run so; calm has 0, the others 1 or more")
        }
        if handlers != nil && !chosen.contains(where: { $0.handlers > 0 }) {
            throw UsageError(
                "--handlers: the kernel serves the faults of all chosen scenarios; choose one whose faults are served in "
                    + "user space, as invbench list shows")
        }
        if chosen[0].adjustments.extent != Scenario.Extent() && chosen.allSatisfy(\.scenario.isTrace) {
            throw UsageError(
                "--pages, --range-pages, --subscriptions: a trace has the pages and ranges that were recorded; choose a "
                    + "scenario")
        }
        if let cell = chosen.first(where: { !$0.fits }) {
            throw UsageError(
                "--pages, --range-pages, --subscriptions: \(cell.scenario.name) has invalidations or subscriptions that do not "
                    + "fit into its pages, or do not divide them; name more pages, or less of the others")
        }
        try Self.checkParameters(options.parameters.given, of: chosen, catalogue)
        if options.arrivals.invalidationRate != nil && !chosen.contains(where: \.scenario.takesRate) {
            throw UsageError(
                "--invalidation-rate: none of the chosen scenarios takes it; calm has no invalidations, and a trace its "
                    + "own times, which --speed changes; choose another scenario")
        }
        let isNarrow = options.choosesCells || options.measuresOwnTracesAlone
        if options.profile == .quick && !options.choosesCells {
            let taken = "\(Set(chosen.map(\.entry.name)).count) of \(guards.count) guards"
            notes.append(
                isNarrow
                    ? "the trace alone, \(taken): --guard names others, --profile quick adds its scenarios"
                    : "the quick profile, \(taken); --profile standard has all")
        }
        cells = chosen
        self.notes = notes
        workloads = Self.workloads(of: chosen)
        windowNanoseconds =
            options.measuring.window ?? options.benchmark.minimumTime ?? options.profile.windowNanoseconds
        // Long enough for every thread to be running and the caches to be warm, never longer than what is measured.
        warmUpNanoseconds = min(20_000_000, windowNanoseconds)
        secondsOfRepetition = Double(windowNanoseconds + warmUpNanoseconds) / 1e9 + Self.surroundingSeconds
        repetitions =
            options.benchmark.repetitions
            ?? (isNarrow
                ? options.profile.repetitions(ofChosen: chosen.count, secondsEach: secondsOfRepetition)
                : options.profile.repetitions)
        // What the user counts is measured as often as he says.
        let mayGoOn = options.benchmark.repetitions == nil && options.benchmark.interleaves
        mostRepetitions = mayGoOn ? 2 * repetitions : repetitions
        budgetSeconds = mayGoOn && !isNarrow ? options.profile.budgetSeconds : nil
        noisyRetries = options.measuring.retryNoisy
        seed = options.measuring.seed
        order = Schedule.order(
            workloads: workloads, repetitions: mostRepetitions, isInterleaved: options.benchmark.interleaves, seed: seed
        )
    }

    /// The scenarios that the command line names, and the user's own traces with them, which `--trace` adds; all that there
    /// are where none is named, unless the traces are measured alone.
    private static func scenarios(of catalogue: CellCatalogue, _ options: RunOptions) throws -> [ScenarioEntry] {
        if options.measuresOwnTracesAlone { return catalogue.scenarios.filter(\.isOwnTrace) }
        let named = try catalogue.scenarios(named: options.scenarioNames)
        if options.scenarioNames.isEmpty { return named }
        return catalogue.scenarios.filter { entry in entry.isOwnTrace || named.contains { $0.name == entry.name } }
    }

    /// Cells of one workload differ by their guards alone.
    private static func workloads(of cells: [Cell]) -> [[Int]] {
        var order: [String] = []
        var members: [String: [Int]] = [:]
        for (index, cell) in cells.enumerated() {
            guard let name = CellName(cell.name)?.workloadName else { continue }
            if members[name] == nil { order.append(name) }
            members[name, default: []].append(index)
        }
        return order.map { members[$0, default: []] }
    }

    /// Without the guards that this process cannot have, and a line for each. One that was asked for by its name is an error.
    private static func possible(_ guards: [GuardEntry], _ options: RunOptions) throws -> ([GuardEntry], [String]) {
        let refused = guards.compactMap { entry in entry.refusal().map { (name: entry.name, reason: $0) } }
        if let (name, reason) = refused.first(where: { options.guardNames.contains($0.name) }) {
            throw UsageError("--guard \(name): \(reason); invbench doctor says more")
        }
        let left = guards.filter { entry in !refused.contains { $0.name == entry.name } }
        // One line for all guards that lack the same.
        let reasons: [String] = refused.map(\.reason).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        let notes = reasons.map { reason in
            let names = refused.filter { $0.reason == reason }.map(\.name)
            return "left out: \(names.count > 3 ? "\(names.count) guards" : names.joined(separator: ", ")): \(reason)"
        }
        return (left, notes)
    }

    /// Without the guards whose failed starts call-all cannot pair, and a line that says so.
    private static func pairable(_ guards: [GuardEntry], _ options: RunOptions) throws -> ([GuardEntry], [String]) {
        let left = guards.filter { options.work.pairing == .targetedUndo || !$0.needsTargetedUndo }
        let names = guards.filter { guardEntry in !left.contains { $0.name == guardEntry.name } }.map(\.name)
        if names.isEmpty { return (left, []) }
        let reason =
            "\(names.joined(separator: ", ")): not under --pairing call-all, since a start that fails there needs to "
            + "be undone; use --pairing targeted-undo"
        if left.isEmpty { throw UsageError(reason) }
        return (left, ["left out: " + reason])
    }

    /// Leaves the cells that can run, and returns a line that says which cannot; `nil` where all can.
    private static func removeImpossible(from cells: inout [Cell]) -> String? {
        let impossible = cells.filter { !$0.isPossible }
        if impossible.isEmpty { return nil }
        cells.removeAll { !$0.isPossible }
        func names(_ name: (Cell) -> String) -> String {
            impossible.map(name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", ")
        }
        return "\(names(\.entry.name)): not in \(names(\.scenario.name)), where walks and sections take one lock of "
            + "the driver's: a guard that holds another over them would wait for ever; invbench list marks such guards"
    }

    /// A parameter that no chosen guard takes would change nothing, which is not what was asked for.
    private static func checkParameters(
        _ given: [GuardParameter], of cells: [Cell], _ catalogue: CellCatalogue
    ) throws {
        for parameter in given where !cells.contains(where: { $0.entry.parameters.contains(parameter) }) {
            let takers = catalogue.guards.filter { $0.parameters.contains(parameter) }.map(\.name)
            throw UsageError(
                "--\(parameter.rawValue): none of the chosen guards takes it; "
                    + (takers.isEmpty ? "no guard does" : "choose one that does: \(takers.joined(separator: ", "))"))
        }
    }

    /// The names of the guards that are declared unsafe.
    var unprotectedGuards: [String] {
        cells.filter { !$0.entry.isProtected }.map(\.entry.name)
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The scenarios of the cells by their names; reads each chosen trace once.
    func loadScenarios() throws -> [String: Scenario] {
        var scenarios: [String: Scenario] = [:]
        for cell in cells where scenarios[cell.scenario.name] == nil {
            let scenario = try cell.scenario.load()
            if cell.adjustments.speed != 0, case .trace(let trace) = scenario.arrivals, !trace.hasTimes {
                throw UsageError(
                    "--speed: '\(scenario.name)' was recorded without times, so it can only be replayed as fast as possible; "
                        + "record it with -ttt, or leave --speed out")
            }
            scenarios[scenario.name] = scenario
        }
        return scenarios
    }

    /// What surrounds the window and the warm-up of a repetition, in seconds. Threads, spaces, guards and checks took 20 to
    /// 36 ms on two busy cores.
    private static let surroundingSeconds = 0.03

    /// About how long the measuring takes, in seconds.
    var expectedSeconds: Double {
        let seconds = Double(cells.count * repetitions) * secondsOfRepetition
        return budgetSeconds.map { min($0, seconds) } ?? seconds
    }
}
