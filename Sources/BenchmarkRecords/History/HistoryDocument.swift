import Foundation

/// The history of a machine for programs, as JSON.
///
/// The keys are stable; others may be added. The object holds:
/// - `format`: 1; `folder`; `runs`, `cells`, `series`: how many; `first_date`, `last_date`;
/// - `threshold_percent`, `level`, `window`, `fewest_runs`: the rule;
/// - `change_points`: objects with the keys of ``Entry``, the most recent first;
/// - `too_short`: `<benchmark> <metric>`; `unreadable`: objects with `file` and `reason`.
///
/// A key whose value does not exist is absent. Times are in nanoseconds, dates in ISO 8601.
public struct HistoryDocument: Encodable, Sendable {
    struct Run: Encodable {
        let file: String
        let date: String
        let commit: String?
        let dirty: Bool
    }

    struct ContextChange: Encodable {
        let key: String
        let before: String?
        let after: String?
    }

    struct Unreadable: Encodable {
        let file: String
        let reason: String
    }

    /// One change point.
    struct Entry: Encodable {
        let name: String
        let metric: String
        /// `worse` or `better`.
        let change: String
        /// Medians of the runs before and after.
        let before: Double
        let after: Double
        /// After over before; absent where that is 0.
        let ratio: Double?
        let p: Double
        let runsBefore: Int
        let runsAfter: Int
        /// The first run after the change, and the last one before it.
        let run: Run
        let previousRun: Run
        /// Whether both runs measured one commit from clean trees.
        let sameCommit: Bool
        let contextChanges: [ContextChange]
        let roundTripBeforeNs: Double?
        let roundTripAfterNs: Double?
        /// Whether the cores' round trips say that the change may be the host's.
        let mayBeHost: Bool
    }

    let format = 1
    let folder: String
    let runs: Int
    let cells: Int
    let series: Int
    let firstDate: String?
    let lastDate: String?
    let thresholdPercent: Double
    let level: Double
    let window: Int
    let fewestRuns = HistoryReport.fewestRuns
    let changePoints: [Entry]
    let tooShort: [String]
    let unreadable: [Unreadable]

    /// Takes over a report.
    public init(_ report: HistoryReport) {
        folder = report.history.folder
        runs = report.history.runs.count
        cells = report.cells.count
        series = report.seriesCount
        firstDate = report.history.runs.first?.date.formatted(.iso8601)
        lastDate = report.history.runs.last?.date.formatted(.iso8601)
        thresholdPercent = 100 * report.rule.threshold
        level = report.rule.level
        window = report.rule.window
        changePoints = report.changes.map(Entry.init)
        tooShort = report.tooShort
        unreadable = report.history.unreadable.map {
            Unreadable(file: $0.path, reason: [$0.place, $0.reason].compactMap(\.self).joined(separator: ": "))
        }
    }

    /// The document as JSON, with a newline at its end.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension HistoryDocument.Entry {
    init(_ change: HistoryChange) {
        let point = change.point
        name = change.name
        metric = change.metric.key
        self.change = change.isBetter ? "better" : "worse"
        before = point.medianBefore
        after = point.medianAfter
        ratio = point.ratio.isFinite ? point.ratio : nil
        p = point.p
        runsBefore = point.before.count
        runsAfter = point.after.count
        run = HistoryDocument.Run(change.run)
        previousRun = HistoryDocument.Run(change.previous)
        sameCommit = change.isOfOneCommit
        contextChanges = change.contextChanges.map {
            HistoryDocument.ContextChange(key: $0.key, before: $0.before, after: $0.after)
        }
        roundTripBeforeNs = change.roundTrips?.before
        roundTripAfterNs = change.roundTrips?.after
        mayBeHost = change.mayBeOfHost
    }
}

extension HistoryDocument.Run {
    init(_ run: HistoryRun) {
        file = run.path
        date = run.date.formatted(.iso8601)
        commit = run.commit
        dirty = run.isDirty
    }
}
