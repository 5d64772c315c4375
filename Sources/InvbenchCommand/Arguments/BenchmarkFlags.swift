import ArgumentParser

/// The flags of Google Benchmark 1.7.1, with the meaning they have there.
struct BenchmarkFlags: ParsableArguments {
    @Option(
        name: .customLong("benchmark_filter"),
        help: ArgumentHelp(
            "Run the cells whose name this POSIX extended regular expression finds; a leading '-' leaves them out.",
            valueName: "regex"))
    var filter: String?

    @Option(
        name: .customLong("benchmark_list_tests"),
        help: ArgumentHelp(
            "Print the cells' names and measure nothing; of all cells that are registered, where nothing chooses.",
            valueName: "true|false"),
        transform: FlagValues.truth)
    var listTests = false

    @Option(
        name: .customLong("benchmark_repetitions"),
        help: ArgumentHelp("How often each cell is measured. (default: the profile's)", valueName: "n"),
        transform: FlagValues.repetitions)
    var repetitions: Int?

    @Option(
        name: .customLong("benchmark_min_time"),
        help: ArgumentHelp("The timed window in seconds; the same as --window.", valueName: "seconds"),
        transform: FlagValues.minimumTime)
    var minimumTime: UInt64?

    @Option(
        name: .customLong("benchmark_enable_random_interleaving"),
        help: ArgumentHelp(
            "Measure in rounds, each of every cell once in an order of its own; false: cell after cell.",
            valueName: "true|false"),
        transform: FlagValues.truth)
    var interleaves = true

    @Option(name: .customLong("benchmark_format"), help: "What is written to standard output.")
    var format: OutputFormat = .console

    @Option(name: .customLong("benchmark_out"), help: ArgumentHelp("A second file for the results.", valueName: "file"))
    var out: String?

    @Option(name: .customLong("benchmark_out_format"), help: "What is written to that file.")
    var outFormat: OutputFormat = .json

    @Option(
        name: .customLong("benchmark_report_aggregates_only"),
        help: ArgumentHelp(
            "Leave single repetitions out of standard output and of --benchmark_out; the results file keeps them.",
            valueName: "true|false"),
        transform: FlagValues.truth)
    var reportsAggregatesOnly = false

    @Option(
        name: .customLong("benchmark_context"),
        help: ArgumentHelp("Lines for the results' context.", valueName: "key=value,..."),
        transform: FlagValues.context)
    var context: [[ContextLine]] = []
}

/// How results are written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// The table and the verdict, at the end.
    case console
    /// Google Benchmark's JSON.
    case json
    /// One line a row.
    case csv
}
