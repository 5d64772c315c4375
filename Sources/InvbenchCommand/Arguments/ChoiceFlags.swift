import ArgumentParser
import InvalidationStorm

/// Which cells are measured.
struct ChoiceFlags: ParsableArguments {
    @Option(
        name: .customLong("guard"), help: ArgumentHelp("Only these guards.", valueName: "a,b"),
        completion: .custom { _, _, typed in completions(of: typed, from: GuardCatalogue.builtIn.map(\.name)) },
        transform: FlagValues.names)
    var guards: [[String]] = []

    @Option(
        name: .customLong("scenario"), help: ArgumentHelp("Only these scenarios.", valueName: "a,b"),
        completion: .custom { _, _, typed in completions(of: typed, from: Scenario.builtIn.map(\.name)) },
        transform: FlagValues.names)
    var scenarios: [[String]] = []

    @OptionGroup var threads: ThreadFlags

    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp(
            "How much is measured: quick takes some guards in some scenarios and ends within a minute on two cores, "
                + "standard takes all and ends within ten, full has everything that is registered. "
                + "Its choice of cells holds where no filter, guard, scenario or thread count is given. "
                + "quick has the \(Profile.quickGuardsText); \(Profile.quickScenariosText). (default: quick)"))
    var namedProfile: Profile?

    @Option(
        name: .customLong("trace"),
        help: ArgumentHelp(
            "Measure a recorded program (by strace, or events; plain or gzip) as trace:<name>: alone, or beside the scenarios "
                + "or the profile that are named.", valueName: "file"), completion: .file())
    var traces: [String] = []

    /// Whether guards, scenarios or threads are named.
    var namesCells: Bool { !guards.isEmpty || !scenarios.isEmpty || threads.areNamed }

    /// What a shell may complete a list to, of which `typed` is there: one of `names` behind the last comma.
    static func completions(of typed: String, from names: [String]) -> [String] {
        let others = typed.lastIndex(of: ",").map { typed[...$0] } ?? ""
        return names.map { others + $0 }
    }
}

/// How many threads each role has.
struct ThreadFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("Threads that fault. (default: 1, 2, 4 and so on up to the cores)", valueName: "1,2,4"),
        transform: { try FlagValues.threadCounts($0, from: 1) })
    var faulters: [[Int]] = []

    @Option(
        help: ArgumentHelp("Threads that invalidate; calm and touch have none. (default: 1)", valueName: "1,2"),
        transform: { try FlagValues.threadCounts($0, from: 0) })
    var invalidators: [[Int]] = []

    /// Whether any are named.
    var areNamed: Bool { !faulters.isEmpty || !invalidators.isEmpty }
}
