/// Two versions compared: every benchmark that both sides have, by every metric.
public struct ComparisonReport: Sendable {
    /// The side that is compared with.
    public let base: ComparisonSide
    /// The side that is judged.
    public let new: ComparisonSide
    /// What was compared, and when a difference counts.
    public let rule: ComparisonRule
    /// By the benchmarks' names.
    public let comparisons: [Comparison]
    /// Benchmarks that only the base has.
    public let onlyInBase: [String]
    /// Benchmarks that only the new side has.
    public let onlyInNew: [String]
    /// Metrics that were asked for and that some repetition of a benchmark lacks, as `<benchmark> <metric>`.
    public let incomplete: [String]
    /// What may keep the sides from being compared fairly, a line each.
    public let warnings: [String]

    /// Compares two sides. Takes time in proportion to the number of comparisons; their order plays no part.
    public init(base: ComparisonSide, new: ComparisonSide, rule: ComparisonRule) {
        self.base = base
        self.new = new
        self.rule = rule
        let baseRows = Dictionary(grouping: base.rows, by: \.runName)
        let newRows = Dictionary(grouping: new.rows, by: \.runName)
        onlyInBase = baseRows.keys.filter { newRows[$0] == nil }.sorted()
        onlyInNew = newRows.keys.filter { baseRows[$0] == nil }.sorted()
        var comparisons: [Comparison] = []
        var incomplete: [String] = []
        for name in baseRows.keys.sorted() {
            guard let before = baseRows[name], let after = newRows[name] else { continue }
            let metrics = rule.metrics.isEmpty ? ComparedMetric.defaults(for: before[0]) : rule.metrics
            for metric in metrics {
                if let comparison = Comparison(name: name, metric: metric, base: before, new: after) {
                    comparisons.append(comparison)
                } else if (before + after).contains(where: { metric.value(of: $0) == nil }) {
                    incomplete.append("\(name) \(metric.key)")
                }
            }
        }
        self.incomplete = incomplete
        self.comparisons = Self.decided(comparisons, by: rule)
        warnings = ComparedOrigins(base: base, new: new).warnings
    }

    /// How many comparisons came to `verdict`.
    public func count(_ verdict: ComparisonVerdict) -> Int { comparisons.count { $0.verdict == verdict } }

    /// How many comparisons are inconclusive for this reason.
    public func count(_ doubt: ComparisonDoubt) -> Int { comparisons.count { $0.doubt == doubt } }

    /// The outcome in one line.
    public var summary: String {
        let words: [(ComparisonVerdict, one: String, many: String)] = [
            (.regression, "regression", "regressions"), (.improvement, "improvement", "improvements"),
            (.unchanged, "unchanged", "unchanged"), (.inconclusive, "inconclusive", "inconclusive"),
        ]
        let counts = words.map { verdict, one, many in
            let count = count(verdict)
            return "\(count) \(count == 1 ? one : many)"
        }
        let benchmarks = Set(comparisons.map(\.name)).count
        return "\(counts.joined(separator: ", ")): \(ScaledNumber.counted(comparisons.count, "comparison")) of "
            + "\(ScaledNumber.counted(benchmarks, "benchmark"))."
    }

    private static func decided(_ comparisons: [Comparison], by rule: ComparisonRule) -> [Comparison] {
        let holm = Statistics.holmAdjusted(comparisons.map(\.p))
        let benjaminiHochberg = Statistics.benjaminiHochbergAdjusted(comparisons.map(\.p))
        let smallest = Statistics.holmAdjusted(comparisons.map(\.smallestP))
        return comparisons.enumerated().map { index, comparison in
            var comparison = comparison
            comparison.holmP = holm[index]
            comparison.benjaminiHochbergP = benjaminiHochberg[index]
            comparison.decide(by: rule, smallestHolmP: smallest[index])
            return comparison
        }
    }
}
