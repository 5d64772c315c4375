import ArgumentParser
import InvalidationStorm

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

    @OptionGroup var measuring: MeasuringFlags

    @OptionGroup(title: "The answer")
    var answer: AnswerFlags

    @OptionGroup(title: "Google Benchmark's flags")
    var benchmark: BenchmarkFlags

    func validate() throws {
        try benchmark.checkWindow(measuring.window)
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
            extent: Scenario.Extent(
                pages: work.pages, pagesPerInvalidation: work.rangePages, intervalBystanders: work.subscriptions),
            faultRate: arrivals.faultRate, invalidationRate: arrivals.invalidationRate,
            spacing: arrivals.arrivals ?? .poisson, speed: work.speed, pairing: work.pairing,
            guardParameters: parameters.chosen, placement: placement.chosen)
    }
}
