/// A comparison for people at a terminal of 100 columns: the summary, what to run if there were too few
/// repetitions, a block for each benchmark, then what to know.
///
/// Benchmarks with a regression come first, then those with an improvement, then what is at the threshold, what
/// is open, and what is unchanged.
public struct ComparisonTable: Sendable, CustomStringConvertible {
    /// The text, with a newline at its end.
    public let description: String

    /// Lays out a report.
    public init(_ report: ComparisonReport) {
        let namesHosts = ComparedOrigins(base: report.base, new: report.new).hosts.count > 1
        let sides = [("base", report.base), ("new", report.new)].map { label, side in
            Self.filled(label, 5, isNumber: false) + Self.words(of: side, namesHosts: namesHosts)
        }
        let blocks = Self.byVerdict(report.comparisons).flatMap { comparisons in
            [PrintableText.of(comparisons[0].name)] + comparisons.map(Self.line)
        }
        let notes = ComparisonNotes(report).lines.map { WrappedText.wrapped(PrintableText.of($0)) }
        let heading = Self.line(Self.columns.map(\.heading), last: "verdict")
        // The summary stays on one line, for those who look for it there.
        let tooFew = ComparisonNotes(report).tooFew.map { [WrappedText.wrapped(PrintableText.of($0))] } ?? []
        description = ([report.summary] + tooFew + sides + [heading] + blocks + [""] + notes).map { $0 + "\n" }.joined()
    }

    private static let columns: [(heading: String, width: Int)] = [
        ("metric", 24), ("n", 5), ("base", 6), ("new", 6), ("ratio", 5), ("95%", 11), ("p", 5), ("q", 5), ("delta", 5),
        ("floor", 5),
    ]

    private static func line(_ comparison: Comparison) -> String {
        let values = [
            comparison.metric.key, ComparisonText.counts(comparison), comparison.metric.text(comparison.baseMedian),
            comparison.metric.text(comparison.newMedian),
            comparison.ratio.map { ComparisonText.ratio($0.estimate) } ?? "-",
            ComparisonText.interval(comparison.ratio), ComparisonText.p(comparison.holmP),
            ComparisonText.p(comparison.benjaminiHochbergP), ComparisonText.delta(comparison.delta),
            ComparisonText.floor(comparison.noiseFloor),
        ]
        return line(values, last: comparison.verdict.rawValue)
    }

    private static func line(_ values: [String], last: String) -> String {
        let fields = zip(values, columns).enumerated().map { index, field in
            filled(field.0, field.1.width, isNumber: index > 0)
        }
        return " " + (fields + [last]).joined(separator: " ")
    }

    private static func filled(_ text: String, _ width: Int, isNumber: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return isNumber ? padding + text : text + padding
    }

    private static func words(of side: ComparisonSide, namesHosts: Bool) -> String {
        let commits = side.contextValues("commit")
        let files = side.files.count > 1 ? ", \(side.files.count) files" : ""
        let hosts = namesHosts ? side.hosts.map { ", \($0)" }.joined() : ""
        return PrintableText.of(
            side.path + files + hosts + (commits.isEmpty ? "" : ", commit \(commits.joined(separator: " "))"))
    }

    /// The comparisons of each benchmark, ordered by the worst of their verdicts.
    private static func byVerdict(_ comparisons: [Comparison]) -> [[Comparison]] {
        var names: [String] = []
        var blocks: [String: [Comparison]] = [:]
        for comparison in comparisons {
            if blocks[comparison.name] == nil { names.append(comparison.name) }
            blocks[comparison.name, default: []].append(comparison)
        }
        let order: [ComparisonVerdict] = [.regression, .improvement, .atThreshold, .inconclusive, .unchanged]
        return order.flatMap { verdict in
            names.compactMap { blocks[$0] }.filter { block in
                order.first { verdict in block.contains { $0.verdict == verdict } } == verdict
            }
        }
    }
}
