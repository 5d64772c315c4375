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
        name: .customLong("benchmark_display_aggregates_only"),
        help: ArgumentHelp(
            "Leave single repetitions out of standard output; files keep them.", valueName: "true|false"),
        transform: FlagValues.truth)
    var displaysAggregatesOnly = false

    @Option(
        name: .customLong("benchmark_color"),
        help: ArgumentHelp(
            "Whether the table has colours; auto: on a terminal that shows them, unless NO_COLOR forbids them.",
            valueName: "auto|true|false"),
        transform: FlagValues.colours)
    var colours = ColourChoice.auto

    @Option(
        name: .customLong("benchmark_context"),
        help: ArgumentHelp("Lines for the results' context.", valueName: "key=value,..."),
        transform: FlagValues.context)
    var context: [[ContextLine]] = []
}

extension BenchmarkFlags {
    /// Throws where the window is given twice.
    func checkWindow(_ window: UInt64?) throws {
        if window != nil && minimumTime != nil {
            throw ValidationError("--window and --benchmark_min_time both set the window; give one of them.")
        }
    }

    /// Flags of Google Benchmark that mean nothing here, and what to do without them.
    private static let refused = [
        "--benchmark_min_warmup_time":
            "a cell warms up until its rate is steady, for 20 ms at most, and warm_up_unsteady says where it was not; "
            + "take a longer --window",
        "--benchmark_time_unit": "files have times in ns, and tables choose the unit for each; leave it out",
        "--benchmark_counters_tabular":
            "tables have a column for each value anyway; leave it out, or say --wide for more",
        "--benchmark_perf_counters":
            "cycles, instructions and cache misses of a fault are counted wherever the processor can; leave it out, "
            + "and see cycles_per_fault in the results file",
        "--v": "there is no log to make longer; leave it out, or say --wide for more columns",
    ]

    /// Throws where one of `words` is a flag of Google Benchmark that means nothing here.
    static func refuseMeaningless(in words: [String]) throws(UsageError) {
        for word in words.prefix(while: { $0 != "--" }) {
            let name = String(word.prefix { $0 != "=" })
            if let advice = refused[name] { throw UsageError("\(name): \(advice)") }
        }
    }
}

/// Whether a table has colours.
enum ColourChoice: Sendable {
    /// As the terminal and the environment say.
    case auto
    case always
    case never
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
