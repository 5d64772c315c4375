import ArgumentParser
import NotifierDispatch

/// What a run measures, how, and where its results go.
struct RunOptions: ParsableArguments {
    @Option(
        name: .customLong("guard"), help: ArgumentHelp("Only these guards.", valueName: "a,b"),
        transform: FlagValues.names)
    var guards: [[String]] = []

    @Option(
        name: .customLong("scenario"), help: ArgumentHelp("Only these scenarios.", valueName: "a,b"),
        transform: FlagValues.names)
    var scenarios: [[String]] = []

    @Option(
        help: ArgumentHelp("Threads that fault. (default: 1, 2, 4 and so on up to the cores)", valueName: "1,2,4"),
        transform: { try FlagValues.threadCounts($0, from: 1) })
    var faulters: [[Int]] = []

    @Option(
        help: ArgumentHelp("Threads that invalidate; calm has none. (default: 1)", valueName: "1,2"),
        transform: { try FlagValues.threadCounts($0, from: 0) })
    var invalidators: [[Int]] = []

    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp(
            "How much is measured: quick takes some guards in some scenarios and ends within a minute on two cores, "
                + "standard takes all and ends within ten, full has everything that is registered. "
                + "Its choice of cells holds where no filter, guard, scenario or thread count is given. "
                + "quick has the \(Profile.quickGuardsText); \(Profile.quickScenariosText). (default: quick)"))
    var namedProfile: Profile?

    @Option(
        help: ArgumentHelp("The timed part of a repetition. (default: the profile's)", valueName: "250ms"),
        transform: FlagValues.window)
    var window: UInt64?

    @Option(
        help: ArgumentHelp("How long a fault's walk takes. (default: the scenario's)", valueName: "n"),
        transform: FlagValues.nanoseconds)
    var walkNs: UInt64?

    @Option(
        help: ArgumentHelp("How long the change of the pages takes. (default: the scenario's)", valueName: "n"),
        transform: FlagValues.nanoseconds)
    var changeNs: UInt64?

    @Option(
        name: .customLong("trace"),
        help: ArgumentHelp("Add a recorded program (strace, plain or .gz) as trace:<name>.", valueName: "file"))
    var traces: [String] = []

    @Option(
        help: ArgumentHelp("A trace's speed: 1 is as recorded, 0 as fast as possible.", valueName: "factor"),
        transform: FlagValues.speed)
    var speed: Double = 0

    @Option(
        help: ArgumentHelp(
            "Measure a noisy repetition again, up to so many times; the first quiet one is kept, else the last.",
            valueName: "0...10"),
        transform: FlagValues.retries)
    var retryNoisy = 0

    @Option(help: ArgumentHelp("Decides the order of the cells and every random choice in them.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: "How starts and ends stay paired when a start fails.")
    var pairing: PairingPolicy = .targetedUndo

    @OptionGroup(title: "Open loop")
    var arrivals: ArrivalFlags

    @OptionGroup(title: "Parameters of guards")
    var parameters: ParameterFlags

    @OptionGroup(title: "Placement")
    var placement: PlacementFlags

    @Flag(help: "Keep no results file.")
    var noSave = false

    @Option(help: ArgumentHelp("Where results files go, in a folder for each machine.", valueName: "folder"))
    var results = "results"

    @Option(
        help: ArgumentHelp(
            "Also keep the latencies of each cell here, a file in HdrHistogram's format (.hgrm, in ns) for each role: "
                + "of the timed operations, over all repetitions so far.", valueName: "folder"))
    var histograms: String?

    @OptionGroup(title: "Google Benchmark's flags")
    var benchmark: BenchmarkFlags

    func validate() throws {
        if window != nil && benchmark.minimumTime != nil {
            throw ValidationError("--window and --benchmark_min_time both set the window; give one of them.")
        }
    }

    /// The guards asked for; empty where none is.
    var guardNames: [String] { guards.flatMap { $0 } }

    /// The scenarios asked for; empty where none is.
    var scenarioNames: [String] { scenarios.flatMap { $0 } }

    /// How much is measured where the command line does not say it cell by cell.
    var profile: Profile { namedProfile ?? .quick }

    /// Whether the command line chooses cells, so that the profile does not; a list without a profile has all there are.
    var choosesCells: Bool {
        benchmark.filter != nil || (benchmark.listTests && namedProfile == nil) || !guards.isEmpty || !scenarios.isEmpty
            || !faulters.isEmpty || !invalidators.isEmpty
    }

    /// What is changed in every cell that it applies to.
    var adjustments: Cell.Adjustments {
        Cell.Adjustments(
            walkNanoseconds: walkNs, changeNanoseconds: changeNs, faultRate: arrivals.faultRate,
            invalidationRate: arrivals.invalidationRate, spacing: arrivals.arrivals ?? .poisson, speed: speed,
            pairing: pairing, guardParameters: parameters.chosen, placement: placement.chosen)
    }
}

extension PairingPolicy: ExpressibleByArgument {}
