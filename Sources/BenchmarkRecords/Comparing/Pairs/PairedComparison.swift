/// Two programs compared by pairs of runs, while they are being measured.
///
/// A benchmark is open until one of its metrics is a regression or each has a verdict; only open ones need more pairs.
/// What is at the threshold is open, since more pairs may tell on which side it lies. Every other verdict stays: p-values
/// only fall from look to look, and what has been decided is not looked at again. So measuring may end at any time, by
/// verdicts or by the clock, without spoiling the error rate.
public struct PairedComparison: Sendable {
    private let rule: ComparisonRule
    private var series: [String: [PairedSeries]] = [:]
    private var closed: Set<String> = []

    /// Nothing measured yet.
    public init(rule: ComparisonRule) { self.rule = rule }

    /// Takes in a run of each side of one benchmark.
    public mutating func add(base: ResultRow, new: ResultRow) {
        let name = base.runName
        let metrics = rule.metrics.isEmpty ? ComparedMetric.defaults(for: base) : rule.metrics
        var pairs = series[name] ?? metrics.map { PairedSeries(name: name, metric: $0) }
        for index in pairs.indices { pairs[index].add(base: base, new: new) }
        series[name] = pairs
    }

    /// Looks at what is open and due; at all that is open where `isLast`.
    public mutating func look(isLast: Bool = false) {
        let open = openSeries
        for (name, metrics) in open {
            for index in series[name, default: []].indices {
                guard let one = series[name]?[index], metrics.contains(one.metric), isLast || one.isDue else {
                    continue
                }
                series[name]?[index].takeLook()
            }
        }
        closed.formUnion(Set(series.keys).subtracting(openSeries.keys))
    }

    /// Whether the benchmark needs no more pairs.
    public func isDecided(_ name: String) -> Bool { closed.contains(name) }

    /// What it has come to, between sides that say where their runs come from. `onlyInBase` and `onlyInNew` are
    /// benchmarks that the other side does not have.
    public func report(
        base: ComparisonSide, new: ComparisonSide, onlyInBase: [String] = [], onlyInNew: [String] = []
    ) -> ComparisonReport {
        ComparisonReport(
            base: base, new: new, rule: rule, series: sorted, onlyInBase: onlyInBase, onlyInNew: onlyInNew)
    }

    private var sorted: [PairedSeries] { series.keys.sorted().flatMap { series[$0] ?? [] } }

    /// The metrics that more pairs may still give a verdict, by the benchmarks' names. What lies within a step of the clock
    /// will not get one, and a benchmark with a regression needs no other.
    private var openSeries: [String: Set<ComparedMetric>] {
        let byName = Dictionary(
            grouping: ComparisonReport.decided(sorted.filter(\.isComparable), by: rule), by: \.name)
        return byName.compactMapValues { comparisons in
            if comparisons.contains(where: { $0.verdict == .regression }) { return nil }
            let open = comparisons.filter { comparison in
                comparison.verdict == .atThreshold
                    || comparison.verdict == .inconclusive && comparison.doubt != .withinNoise
            }
            return open.isEmpty ? nil : Set(open.map(\.metric))
        }
    }
}
