import Foundation

/// One results file as a point in the history of a machine: a value for each cell and metric.
public struct HistoryRun: Sendable {
    /// Where the file is.
    public let path: String
    /// When the run began, by its context; by the file's name where the context does not say.
    public let date: Date
    /// What the run says about itself.
    public let context: [String: String]
    /// By the names of the benchmarks.
    let cells: [String: Cell]
    /// The repetitions without a time.
    public let unmeasured: [UnmeasuredRow]

    /// What a run says of one cell: medians over its repetitions.
    struct Cell: Sendable {
        /// One for each of the metrics that were asked for; `nil` where a repetition lacks it.
        let values: [Double?]
        /// Of the round trips between the cores, in nanoseconds; `nil` where none was measured.
        let roundTrip: Double?
    }

    /// The commit that was measured; `nil` where the run does not say.
    public var commit: String? { context["commit"] }
    /// Whether the source differed from the commit.
    public var isDirty: Bool { context["tree_dirty"] == "true" }
    /// The file's name without its folder.
    public var fileName: String { URL(fileURLWithPath: path).lastPathComponent }

    /// A run that has been read.
    init(path: String, date: Date, context: [String: String], cells: [String: Cell], unmeasured: [UnmeasuredRow] = []) {
        self.path = path
        self.date = date
        self.context = context
        self.cells = cells
        self.unmeasured = unmeasured
    }

    /// Reads a results file, keeping only `metrics`.
    ///
    /// Throws where it cannot be read, and where nothing says when it was measured.
    init(reading path: String, metrics: [ComparedMetric]) throws(ResultsFileError) {
        let counters = Set(metrics.map(\.key) + [Metric.coreRoundTrip.rawValue])
        let file = try ResultsFile(reading: path, counters: counters)
        let name = URL(fileURLWithPath: path).lastPathComponent
        guard let date = file.context["date"].flatMap(HistoryStart.date) ?? Self.date(inName: name) else {
            throw ResultsFileError(
                path: path, place: "context.date", reason: "no time, and none in the file's name either")
        }
        let repetitions = Dictionary(grouping: file.rows.filter { $0.runType == .iteration }, by: \.runName)
        self.init(
            path: path, date: date, context: file.context,
            cells: repetitions.mapValues { rows in
                let values = metrics.map { metric in
                    let values = rows.compactMap(metric.value)
                    return values.count == rows.count ? Statistics.median(values) : nil
                }
                return Cell(values: values, roundTrip: Statistics.median(rows.compactMap { $0[.coreRoundTrip] }))
            }, unmeasured: file.unmeasured)
    }

    /// The time in a name such as `2026-01-31T09-05-00Z-3894cbf.json`.
    private static func date(inName name: String) -> Date? {
        let parts = name.prefix(20).split(separator: "T", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return HistoryStart.date("\(parts[0])T\(parts[1].replacing("-", with: ":"))")
    }
}
