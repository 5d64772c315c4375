/// Where the values of a machine's runs changed.
public struct HistoryReport: Sendable {
    /// The runs.
    public let history: RunHistory
    /// What counts as a change.
    public let rule: ChangePointRule
    /// The benchmarks that were looked at, in order.
    public let cells: [String]
    /// How many series that is: a metric of a benchmark over all runs that have it.
    public let seriesCount: Int
    /// The most recent first; those of one run by benchmark and metric.
    public let changes: [HistoryChange]
    /// Series of so few runs that nothing can be said of them, as `<benchmark> <metric>`.
    public let tooShort: [String]

    /// The fewest runs that something can be said of.
    public static let fewestRuns = 2 * ChangePointRule.fewestValues

    /// Looks for changes in the benchmarks whose names `isChosen` approves of.
    public init(
        _ history: RunHistory, rule: ChangePointRule = ChangePointRule(), isChosen: (String) -> Bool = { _ in true }
    ) {
        self.history = history
        self.rule = rule
        cells = history.runs.reduce(into: Set<String>()) { $0.formUnion($1.cells.keys) }.filter(isChosen).sorted()
        let series = cells.flatMap { HistorySeries.all(of: $0, in: history) }
        seriesCount = series.count
        tooShort = series.filter { $0.values.count < Self.fewestRuns }.map { "\($0.name) \($0.metric.key)" }
        let runs = history.runs
        changes = series.concurrentMap { series in series.changes(in: runs, by: rule) }.joined()
            .enumerated()
            .sorted { ($0.element.runIndex, $1.offset) > ($1.element.runIndex, $0.offset) }
            .map(\.element.change)
    }

    /// The outcome in one line.
    public var summary: String {
        let days = [history.runs.first, history.runs.last].compactMap { $0?.date }
            .map { String($0.formatted(.iso8601).prefix(10)) }
        let better = changes.count(where: \.isBetter)
        let kinds = changes.isEmpty ? "" : ": \(changes.count - better) worse, \(better) better"
        return "\(history.folder): \(ScaledNumber.counted(history.runs.count, "run")) from "
            + "\(days.joined(separator: " to ")), "
            + "\(ScaledNumber.counted(cells.count, "cell")), \(seriesCount) series, "
            + "\(ScaledNumber.counted(changes.count, "change point"))\(kinds)."
    }
}

/// One metric of one benchmark, over all runs that have it.
private struct HistorySeries: Sendable {
    let name: String
    let metric: ComparedMetric
    /// The runs, as indices in order.
    let runs: [Int]
    /// One for each.
    let values: [Double]

    /// Those of one benchmark; none for a metric that no run has.
    static func all(of name: String, in history: RunHistory) -> [HistorySeries] {
        let metrics = history.areMetricsChosen ? history.metrics : ComparedMetric.defaults(ofBenchmark: name)
        return metrics.compactMap { metric in
            guard let place = history.metrics.firstIndex(of: metric) else { return nil }
            let found = history.runs.indices.compactMap { index in
                history.runs[index].cells[name]?.values[place].map { (index, $0) }
            }
            return found.isEmpty
                ? nil : HistorySeries(name: name, metric: metric, runs: found.map(\.0), values: found.map(\.1))
        }
    }

    func changes(in all: [HistoryRun], by rule: ChangePointRule) -> [(runIndex: Int, change: HistoryChange)] {
        ChangePointSearch.changePoints(of: values, by: rule).map { point in
            func roundTrip(_ range: Range<Int>) -> Double? {
                Statistics.median(runs[range].compactMap { all[$0].cells[name]?.roundTrip })
            }
            let before = roundTrip(point.before)
            let after = roundTrip(point.after)
            let change = HistoryChange(
                name: name, metric: metric, point: point, run: all[runs[point.index]],
                previous: all[runs[point.index - 1]],
                roundTrips: before.flatMap { before in after.map { (before, $0) } })
            return (runs[point.index], change)
        }
    }
}
