/// An answer for github-action-benchmark: an array of `{"name", "value", "unit", "range", "extra"}`.
///
/// The action takes a direction for a whole file, so there are two: latencies, of which smaller ones are better, and rates,
/// of which bigger ones are. `range` and `extra` are text that it shows beside the value; `range` is absent for latencies.
/// Source: `src/extract.ts` of benchmark-action/github-action-benchmark.
public enum GitHubBenchmarkExport {
    private struct Entry: Encodable {
        let name: String
        let value: Double
        let unit: String
        var range: String?
        let extra: String
    }

    /// For the tool `customSmallerIsBetter`: the p50, p99 and p99.9 of faults and the p99 of invalidations, in nanoseconds.
    /// A percentile is absent if a repetition has too small a sample for it.
    ///
    /// Throws if there is nothing to export.
    public static func smallerIsBetter(_ answer: RunAnswer) throws(ExportError) -> String {
        let metrics: [(name: String, metric: Metric)] = [
            ("fault p50", .faultP50), ("fault p99", .faultP99), ("fault p99.9", .faultP99_9),
            ("invalidation p99", .invalidationP99),
        ]
        let entries = try ExportedCells(answer).cells.flatMap { cell in
            metrics.compactMap { name, metric in
                cell.guardAnswer.median(metric).map { value in
                    Entry(name: "\(cell.name) \(name)", value: value, unit: "ns", extra: extra(cell))
                }
            }
        }
        if entries.isEmpty { throw ExportError(description: "nothing to export: no cell has a latency") }
        return ExportedJSON.text(entries)
    }

    /// For the tool `customBiggerIsBetter`: faults a second with their 95 % interval, and invalidations a second where there
    /// are any.
    ///
    /// Throws if there is nothing to export.
    public static func biggerIsBetter(_ answer: RunAnswer) throws(ExportError) -> String {
        ExportedJSON.text(
            try ExportedCells(answer).cells.flatMap { cell -> [Entry] in
                var entries: [Entry] = []
                if let rate = cell.guardAnswer.faultsPerSecond {
                    entries.append(
                        Entry(
                            name: "\(cell.name) faults", value: rate.value, unit: "1/s",
                            range: "\(ScaledNumber.rate(rate.low)) to \(ScaledNumber.rate(rate.high))",
                            extra: extra(cell)))
                }
                if let rate = cell.guardAnswer.median(.invalidationsPerSecond), rate > 0 {
                    entries.append(
                        Entry(name: "\(cell.name) invalidations", value: rate, unit: "1/s", extra: extra(cell)))
                }
                return entries
            })
    }

    private static func extra(_ cell: ExportedCells.Cell) -> String {
        let state = cell.workload.state.map { "\n\($0.description)" } ?? ""
        return ScaledNumber.counted(cell.guardAnswer.repetitions, "repetition") + state
    }
}
