/// The history of a machine for people at a terminal of 100 columns: the summary, the change points by the run at which
/// they began, the most recent first, then what to know.
public struct HistoryTable: Sendable, CustomStringConvertible {
    /// The text, with a newline at its end.
    public let description: String

    private static let longestList = 10

    /// Lays out a report.
    public init(_ report: HistoryReport) {
        let groups = Self.byRuns(report.changes).flatMap { changes in [""] + Self.lines(of: changes) }
        let notes = Self.notes(on: report).map { WrappedText.wrapped(PrintableText.of($0)) }
        description = ([report.summary] + groups + [""] + notes).map { $0 + "\n" }.joined()
    }

    /// Changes that began at one run, after one other.
    private static func byRuns(_ changes: [HistoryChange]) -> [[HistoryChange]] {
        var groups: [[HistoryChange]] = []
        for change in changes {
            if let place = groups.lastIndex(where: {
                $0[0].run.path == change.run.path && $0[0].previous.path == change.previous.path
            }) {
                groups[place].append(change)
            } else {
                groups.append([change])
            }
        }
        return groups
    }

    private static func lines(of changes: [HistoryChange]) -> [String] {
        let (run, previous) = (changes[0].run, changes[0].previous)
        var lines = ["\(words(of: run)), \(run.fileName)", "  the run before: \(words(of: previous))"]
        if changes[0].isOfOneCommit { lines.append("  both measured the same commit: the source did not change") }
        lines += changes[0].contextChanges.map {
            "  changed with it: \($0.key), from \($0.before ?? "absent") to \($0.after ?? "absent")"
        }
        var name: String?
        lines = lines.map { WrappedText.wrapped(PrintableText.of($0)) }
        for change in changes {
            // A name stays as it is, however long and whatever spaces are in it.
            if change.name != name { lines.append("  " + PrintableText.of(change.name)) }
            name = change.name
            lines.append(WrappedText.wrapped("    " + words(of: change)))
            if change.mayBeOfHost, let trips = change.roundTrips {
                lines.append(
                    "      the cores' round trip went from \(ScaledNumber.duration(trips.before)) to "
                        + "\(ScaledNumber.duration(trips.after)): the change may be the host's")
            }
        }
        return lines
    }

    private static func words(of run: HistoryRun) -> String {
        let commit = run.commit.map { "commit \($0)" } ?? "no commit"
        return "\(run.date.formatted(.iso8601)) \(commit)\(run.isDirty ? " with a dirty tree" : "")"
    }

    private static func words(of change: HistoryChange) -> String {
        let (metric, point) = (change.metric, change.point)
        return "\(metric.key) \(metric.text(point.medianBefore)) -> \(metric.text(point.medianAfter)), ratio "
            + "\(ComparisonText.ratio(point.ratio)), \(change.isBetter ? "better" : "worse"), p "
            + "\(ComparisonText.p(point.p)), \(ScaledNumber.counted(point.before.count, "run")) before, "
            + "\(point.after.count) after"
    }

    private static func notes(on report: HistoryReport) -> [String] {
        var notes = [
            "E-divisive change points in windows of \(report.rule.window) runs; medians of the runs up to the next "
                + "change, ratio: after over before; p: Student's or Welch's t-test, the larger, below "
                + "\(ScaledNumber.small(report.rule.level)); changes below "
                + "\(ScaledNumber.small(100 * report.rule.threshold)) % are none, and one is seen once "
                + "\(ChangePointRule.fewestValues) runs or more have followed it. A slow drift shows as several steps."
        ]
        if !report.tooShort.isEmpty {
            let more = report.tooShort.count - longestList
            let rest = more > 0 ? " and \(more) others, which --format json names" : ""
            notes.append(
                "nothing can be said of \(report.tooShort.count) series with fewer than \(HistoryReport.fewestRuns) "
                    + "runs: \(report.tooShort.prefix(longestList).joined(separator: ", "))\(rest)")
        }
        if !report.history.unreadable.isEmpty {
            notes.append("left out: \(ScaledNumber.counted(report.history.unreadable.count, "unreadable file"))")
        }
        return notes
    }
}
