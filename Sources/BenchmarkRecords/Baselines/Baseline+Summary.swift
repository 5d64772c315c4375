/// What a baseline is, for people.
extension Baseline {
    /// The values of a key in the contexts of its results files, each once, in order.
    public func contextValues(_ key: String) -> [String] {
        Set(runs.compactMap { $0.results.context[key] }).sorted()
    }

    /// The fewest and the most repetitions that one of its benchmarks has.
    public var repetitions: ClosedRange<Int> {
        let counts = benchmarks.map(\.rows.count)
        return (counts.min() ?? 0)...(counts.max() ?? 0)
    }

    /// How many benchmarks were measured.
    public var benchmarkCount: Int { benchmarks.count }

    /// Why its numbers may mislead, a line each.
    public var warnings: [String] {
        var lines: [String] = []
        if contextValues("build_type").contains("debug") {
            lines.append("a debug build was measured: it says nothing about a release build")
        }
        if contextValues("tree_dirty").contains("true") {
            lines.append("the source differed from its commit: nobody can build this version again")
        }
        return lines + [UnmeasuredRow.summary(of: runs.flatMap(\.results.unmeasured))].compactMap(\.self)
    }

    /// A heading, and a line for each benchmark: how many repetitions, their medians of the values that versions are
    /// compared by, and the name. `-` where a repetition lacks the value.
    public var table: [[String]] {
        var metrics: [ComparedMetric] = []
        for metric in benchmarks.flatMap({ ComparedMetric.defaults(for: $0.rows[0]) }) where !metrics.contains(metric) {
            metrics.append(metric)
        }
        let lines = benchmarks.map { name, rows in
            let medians = metrics.map { metric in
                let values = rows.compactMap { metric.value(of: $0) }
                return Statistics.median(values.count == rows.count ? values : []).map { metric.text($0) } ?? "-"
            }
            return [String(rows.count)] + medians + [name]
        }
        return [["n"] + metrics.map(\.key) + ["benchmark"]] + lines
    }

    /// The repetitions of all its files.
    var rows: [ResultRow] { runs.flatMap(\.results.rows).filter { $0.runType == .iteration } }

    /// The benchmarks by their names, each with its repetitions.
    private var benchmarks: [(name: String, rows: [ResultRow])] {
        Dictionary(grouping: rows, by: \.runName).map { (name: $0.key, rows: $0.value) }.sorted { $0.name < $1.name }
    }
}

extension ComparisonSide {
    /// All repetitions of a baseline; `path` is what it is called.
    public init(_ baseline: Baseline, path: String) {
        self.init(
            path: path, files: baseline.runs.map { "\(path): \($0.file)" },
            contexts: baseline.runs.map(\.results.context), rows: baseline.rows,
            unmeasured: baseline.runs.flatMap(\.results.unmeasured))
    }
}
