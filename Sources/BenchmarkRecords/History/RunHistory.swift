import Foundation

/// All runs of one machine, in the order of time.
public struct RunHistory: Sendable {
    /// The folder that they are in.
    public let folder: String
    /// In the order of their dates; those of one moment in the order of their files' names.
    public let runs: [HistoryRun]
    /// Files that could not be read, in the order of their names. They are left where and as they are.
    public let unreadable: [ResultsFileError]
    /// What the runs were read for.
    let metrics: [ComparedMetric]
    /// Whether the user chose the metrics.
    let areMetricsChosen: Bool

    /// Reads every `.json` file in `folder`, not in folders below it; hidden ones are left alone. `metrics` are what is
    /// read of them; where it is empty, what each benchmark is compared by where nobody chose.
    ///
    /// Throws where the folder cannot be read or has no such file. A file that cannot be read is no reason: see
    /// ``unreadable``.
    public init(reading folder: String, metrics: [ComparedMetric] = []) throws(ResultsFileError) {
        let names = try Self.resultsFiles(in: folder)
        let read = metrics.isEmpty ? ComparedMetric.everyDefault : metrics
        let results = names.concurrentMap { name in
            Result { () throws(ResultsFileError) in try HistoryRun(reading: "\(folder)/\(name)", metrics: read) }
        }
        var runs: [HistoryRun] = []
        var unreadable: [ResultsFileError] = []
        for result in results {
            switch result {
            case .success(let run): runs.append(run)
            case .failure(let error): unreadable.append(error)
            }
        }
        self.init(folder: folder, runs: runs, unreadable: unreadable, metrics: metrics)
    }

    /// Runs that were read for `metrics`, in any order.
    init(folder: String, runs: [HistoryRun], unreadable: [ResultsFileError] = [], metrics: [ComparedMetric] = []) {
        self.folder = folder
        self.runs = runs.sorted { ($0.date, $0.fileName) < ($1.date, $1.fileName) }
        self.unreadable = unreadable
        self.metrics = metrics.isEmpty ? ComparedMetric.everyDefault : metrics
        areMetricsChosen = !metrics.isEmpty
    }

    /// The ids of the hosts that the runs name, each once, in order.
    public var hosts: [String] { Set(runs.compactMap { $0.context["host_id"] }).sorted() }

    /// The same with only the runs of one host, and with those that name none.
    public func ofHost(_ host: String) -> RunHistory {
        RunHistory(
            folder: folder, runs: runs.filter { ($0.context["host_id"] ?? host) == host }, unreadable: unreadable,
            metrics: areMetricsChosen ? metrics : [])
    }

    /// The same with only the runs from `start` on.
    ///
    /// Throws where that is none of them, or where runs of several commits begin like the one that was named.
    public func since(_ start: HistoryStart) throws(HistoryStartError) -> RunHistory {
        let first =
            switch start {
            case .date(let date): runs.firstIndex { $0.date >= date }
            case .commit(let prefix): try firstRun(of: prefix)
            }
        guard let first else {
            let last = runs.last.map { "; the last one is of \($0.date.formatted(.iso8601))" } ?? ""
            throw HistoryStartError(description: "no run since then\(last)")
        }
        return RunHistory(
            folder: folder, runs: Array(runs[first...]), unreadable: unreadable,
            metrics: areMetricsChosen ? metrics : [])
    }

    private func firstRun(of prefix: String) throws(HistoryStartError) -> Int? {
        // Files may hold shorter hashes than a user has at hand.
        func isMeant(_ commit: String) -> Bool { commit.hasPrefix(prefix) || prefix.hasPrefix(commit) }
        let commits = Set(runs.compactMap(\.commit)).filter { !$0.isEmpty && isMeant($0) }.sorted()
        guard let commit = commits.first else {
            throw HistoryStartError(description: "no run is of such a commit")
        }
        guard commits.allSatisfy({ $0.hasPrefix(commit) }) else {
            throw HistoryStartError(description: "several commits begin so: \(commits.joined(separator: ", "))")
        }
        return runs.firstIndex { $0.commit.map(commits.contains) ?? false }
    }

    private static func resultsFiles(in folder: String) throws(ResultsFileError) -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw ResultsFileError(
                path: folder, place: nil, reason: "cannot read the folder: \(error.localizedDescription)")
        }
        let files = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
        guard !files.isEmpty else {
            throw ResultsFileError(path: folder, place: nil, reason: "no .json file in this folder")
        }
        return files
    }
}
