import Foundation

/// When values changed over the runs of a page, and what else changed then.
struct HistorySection {
    private let report: HistoryReport

    /// For a report on the runs.
    init(_ report: HistoryReport) { self.report = report }

    /// The section as HTML.
    var markup: String {
        let short =
            report.tooShort.isEmpty
            ? ""
            : HTMLText.element(
                "p",
                "\(report.tooShort.count) of \(report.seriesCount) series have fewer than \(HistoryReport.fewestRuns) runs: "
                    + "nothing can be said of them.", class: "note")
        return """
            <section id="history">
            <h2>Over the runs</h2>
            \(HTMLText.element("p", report.summary))
            \(short)
            \(report.changes.isEmpty ? "" : table.markup)
            </section>
            """
    }

    private var table: HTMLTable {
        let rows = report.changes.map { change -> [String] in
            let (metric, point, run) = (change.metric, change.point, change.run)
            let others = change.contextChanges.map(\.key) + (change.mayBeOfHost ? ["the cores' round trip"] : [])
            return [
                change.name, metric.key, change.isBetter ? "better" : "worse", metric.text(point.medianBefore),
                metric.text(point.medianAfter), ComparisonText.ratio(point.ratio), ComparisonText.p(point.p),
                String(run.date.formatted(.iso8601).prefix(10)), run.commit ?? "-",
                others.isEmpty ? "-" : others.joined(separator: ", "),
            ]
        }
        let numeric = ["before", "after", "ratio", "p"]
        let headings = ["cell", "metric", "change"] + numeric + ["since", "commit", "changed with it"]
        return HTMLTable(
            caption: "Change points, the most recent first: medians of the runs before and after.",
            columns: headings.map { HTMLTable.Column(heading: $0, isNumeric: numeric.contains($0)) }, rows: rows)
    }
}

extension RunHistory {
    /// Reads `files`, which are of one machine, as its history. A file that cannot be read, or has no date, is in
    /// ``unreadable``.
    public init(files: [String]) {
        var runs: [HistoryRun] = []
        var unreadable: [ResultsFileError] = []
        for path in files {
            do {
                runs.append(try HistoryRun(reading: path, metrics: ComparedMetric.everyDefault))
            } catch {
                unreadable.append(error)
            }
        }
        self.init(folder: "the files of this page", runs: runs, unreadable: unreadable)
    }
}
