/// The command line's words, brought into the form that the parser reads.
///
/// Google Benchmark's flags differ from the parser's in three ways: a boolean may stand alone, and the value of a filter,
/// and so of `--cell`, may begin with a dash, and be empty.
enum CommandLineWords {
    private static let booleans: Set<String> = [
        "--benchmark_list_tests", "--benchmark_enable_random_interleaving", "--benchmark_report_aggregates_only",
        "--benchmark_display_aggregates_only",
    ]

    private static let filters: Set<String> = ["--benchmark_filter", "--cell"]

    /// `words` with `=true` behind booleans that stand alone, and a filter joined to its value, `all` for an empty one.
    static func normalised(_ words: [String]) -> [String] {
        var result: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                result.append(word)
                result.append(contentsOf: rest)
                break
            }
            if booleans.contains(word) {
                result.append(word + "=true")
            } else if filters.contains(word), let value = rest.popFirst() {
                result.append("\(word)=\(value.isEmpty ? "all" : value)")
            } else if word.hasSuffix("="), filters.contains(String(word.dropLast())) {
                result.append(word + "all")
            } else {
                result.append(word)
            }
        }
        return result
    }
}
