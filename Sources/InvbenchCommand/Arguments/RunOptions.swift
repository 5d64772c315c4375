import ArgumentParser

/// What a run measures, how, and where its results go.
struct RunOptions: ParsableArguments {
    @OptionGroup(title: "What is measured")
    var choice: ChoiceFlags

    @OptionGroup(title: "What happens in it")
    var work: WorkFlags

    @OptionGroup(title: "Open loop")
    var arrivals: ArrivalFlags

    @OptionGroup(title: "Parameters of guards")
    var parameters: ParameterFlags

    @OptionGroup(title: "Placement")
    var placement: PlacementFlags

    @Option(
        help: ArgumentHelp("The timed part of a repetition. (default: the profile's)", valueName: "250ms"),
        transform: FlagValues.window)
    var window: UInt64?

    @Option(
        help: ArgumentHelp(
            "Measure a noisy repetition again, up to so many times; the first quiet one is kept, else the last.",
            valueName: "0...10"),
        transform: FlagValues.retries)
    var retryNoisy = 0

    @Option(help: ArgumentHelp("Decides the order of the cells and every random choice in them.", valueName: "n"))
    var seed: UInt64 = 1

    @Flag(help: "Keep no results file.")
    var noSave = false

    @Option(help: ArgumentHelp("Where results files go, in a folder for each machine.", valueName: "folder"))
    var results = "results"

    @Option(
        help: ArgumentHelp(
            "Also keep the latencies of each cell here, a file in HdrHistogram's format (.hgrm, in ns) for each role: "
                + "of the timed operations, over all repetitions so far.", valueName: "folder"))
    var histograms: String?

    @OptionGroup(title: "The answer")
    var answer: AnswerFlags

    @OptionGroup(title: "Google Benchmark's flags")
    var benchmark: BenchmarkFlags

    func validate() throws {
        if window != nil && benchmark.minimumTime != nil {
            throw ValidationError("--window and --benchmark_min_time both set the window; give one of them.")
        }
    }

    /// The guards asked for; empty where none is.
    var guardNames: [String] { choice.guards.flatMap { $0 } }

    /// The scenarios asked for; empty where none is.
    var scenarioNames: [String] { choice.scenarios.flatMap { $0 } }

    /// Whether the user's own traces are all that is measured: some are named, and neither scenarios nor a profile nor a
    /// filter beside them.
    var measuresOwnTracesAlone: Bool {
        !choice.traces.isEmpty && scenarioNames.isEmpty && choice.namedProfile == nil && benchmark.filter == nil
    }

    /// How much is measured where the command line does not say it cell by cell.
    var profile: Profile { choice.namedProfile ?? .quick }

    /// Whether the command line chooses cells, so that the profile does not; a list without a profile has all there are.
    /// Of traces alone, the profile chooses the guards and the threads.
    var choosesCells: Bool {
        let listsAll = benchmark.listTests && choice.namedProfile == nil && !measuresOwnTracesAlone
        return benchmark.filter != nil || listsAll || choice.namesCells
    }

    /// What is changed in every cell that it applies to.
    var adjustments: Cell.Adjustments {
        Cell.Adjustments(
            walkNanoseconds: work.walkNs, changeNanoseconds: work.changeNs, pagesPerFault: work.faultPages,
            faultRate: arrivals.faultRate, invalidationRate: arrivals.invalidationRate,
            spacing: arrivals.arrivals ?? .poisson, speed: work.speed, pairing: work.pairing,
            guardParameters: parameters.chosen, placement: placement.chosen)
    }
}
