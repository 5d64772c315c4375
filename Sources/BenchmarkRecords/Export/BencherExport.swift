import Foundation

/// An answer in Bencher Metric Format, which `bencher run --adapter json` takes.
///
/// `{"<cell>": {"latency": {"value"}, "throughput": {"value", "lower_value", "upper_value"}}}`: Bencher's own two measures.
/// `latency` is the fault p99 in nanoseconds, absent if a repetition has too small a sample for it; `throughput` is faults
/// a second with the ends of its 95 % interval. Source: https://bencher.dev/docs/reference/bencher-metric-format
public enum BencherExport {
    private struct Metric: Encodable {
        let value: Double
        var lower_value: Double?
        var upper_value: Double?
    }

    /// A longer name is refused by Bencher, whose server counts bytes.
    static let longestName = 1024

    /// The document, with a newline at its end. Throws if there is nothing to export, or a name is too long.
    public static func json(_ answer: RunAnswer) throws(ExportError) -> String {
        var benchmarks: [String: [String: Metric]] = [:]
        for cell in try ExportedCells(answer).cells {
            guard cell.name.utf8.count <= longestName else {
                throw ExportError(
                    description: "Bencher takes names of at most \(longestName) bytes, and this one has "
                        + "\(cell.name.utf8.count): \(cell.name)")
            }
            var measures: [String: Metric] = [:]
            if let rate = cell.guardAnswer.faultsPerSecond {
                measures["throughput"] = Metric(value: rate.value, lower_value: rate.low, upper_value: rate.high)
            }
            if let latency = cell.guardAnswer.median(.faultP99) { measures["latency"] = Metric(value: latency) }
            benchmarks[cell.name] = measures
        }
        return ExportedJSON.text(benchmarks)
    }
}

/// JSON for other programs.
enum ExportedJSON {
    /// `value` as JSON with a newline at its end, always the same text for the same value.
    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Every number is finite, which is all that could fail.
        let data = try? encoder.encode(value)
        return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
    }
}
