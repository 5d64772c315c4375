/// A comparison for a pull request: the summary, what changed or is open, and folded away what is unchanged.
public struct ComparisonMarkdown: Sendable, CustomStringConvertible {
    /// The text, with a newline at its end.
    public let description: String

    /// Lays out a report.
    public init(_ report: ComparisonReport) {
        let order: [ComparisonVerdict] = [.regression, .improvement, .atThreshold, .inconclusive]
        let shown = order.flatMap { verdict in report.comparisons.filter { $0.verdict == verdict } }
        let unchanged = report.comparisons.filter { $0.verdict == .unchanged }
        let folded =
            unchanged.isEmpty
            ? [] : ["<details><summary>unchanged</summary>", "", Self.table(unchanged), "", "</details>", ""]
        let sides = "base: \(Self.code(report.base.path)), new: \(Self.code(report.new.path))"
        let notes = ComparisonNotes(report).lines.map { "- " + PrintableText.of($0).replacing("<", with: "&lt;") }
        let tooFew =
            ComparisonNotes(report).tooFew.map { [PrintableText.of($0).replacing("<", with: "&lt;"), ""] } ?? []
        let parts =
            ["**\(report.summary)**", ""] + tooFew + [sides, ""] + (shown.isEmpty ? [] : [Self.table(shown), ""])
            + folded
        description = (parts + notes).joined(separator: "\n") + "\n"
    }

    private static func table(_ comparisons: [Comparison]) -> String {
        let heading = [
            "benchmark", "metric", "n", "base", "new", "ratio", "95 %", "p", "q", "delta", "floor", "verdict",
        ]
        let lines = comparisons.map { comparison in
            [
                code(comparison.name), comparison.metric.key, ComparisonText.counts(comparison),
                comparison.metric.text(comparison.baseMedian), comparison.metric.text(comparison.newMedian),
                comparison.ratio.map { ComparisonText.ratio($0.estimate) } ?? "-",
                ComparisonText.interval(comparison.ratio), ComparisonText.p(comparison.holmP),
                ComparisonText.p(comparison.benjaminiHochbergP), ComparisonText.delta(comparison.delta),
                ComparisonText.floor(comparison.noiseFloor),
                comparison.verdict.rawValue + (comparison.doubt.map { ": \($0.rawValue)" } ?? ""),
            ]
        }
        let rule = ["---", "---"] + Array(repeating: "--:", count: 9) + ["---"]
        return ([heading, rule] + lines).map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    }

    /// A name may hold what Markdown would take for its own: a bar ends a field, a backtick the code.
    private static func code(_ text: String) -> String {
        "`\(PrintableText.of(text).replacing("|", with: "\\|").replacing("`", with: "'"))`"
    }
}
