/// Flags of `invbench run` that another command passes on to the programs that it runs.
struct RunFlags {
    /// All that were given, and where none of them chooses cells those for the quick profile.
    let all: [String]
    /// All but a filter, of which a process takes only one.
    private let withoutFilter: [String]

    /// What every passing command sets itself.
    private static let taken = [
        "--benchmark_out", "--benchmark_out_format", "--benchmark_format",
        "--benchmark_list_tests", "--benchmark_report_aggregates_only",
        "--benchmark_display_aggregates_only", "--benchmark_color", "--seed", "--no-save", "--results",
        "--histograms", "--plan", "--topology",
    ]
    private static let choosing = [
        "--guard", "--scenario", "--faulters", "--invalidators", "--profile", "--benchmark_filter", "--trace",
    ]

    /// Checks what stands behind `--`; `alsoTaken` is what this command sets besides. Nothing that chooses cells means the
    /// quick profile.
    init(_ words: [String], alsoTaken: [String] = []) throws {
        let words = CommandLineWords.normalised(words)
        try BenchmarkFlags.refuseMeaningless(in: words)
        let names = words.map { String($0.prefix { $0 != "=" }) }
        if let name = names.first(where: (Self.taken + alsoTaken).contains) {
            throw UsageError("\(name): set for each process; leave it out behind --")
        }
        withoutFilter = words.filter { !$0.hasPrefix("--benchmark_filter=") }
        all = names.contains(where: Self.choosing.contains) ? words : words + ["--profile", "quick"]
    }

    /// Those that choose all cells that a filter can find.
    var choosingAny: [String] { withoutFilter + ["--benchmark_filter=."] }

    /// Those that choose the one cell of this name, among all that are registered.
    func choosing(cell: String) -> [String] {
        let escaped = cell.map { #"\.^$*+?()[]{}|"#.contains($0) ? "\\\($0)" : String($0) }.joined()
        return withoutFilter + ["--benchmark_filter=^\(escaped)$"]
    }
}
