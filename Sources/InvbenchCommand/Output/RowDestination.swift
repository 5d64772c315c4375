import BenchmarkRecords

/// A finished row, as values and as Google Benchmark's JSON.
struct FinishedRow {
    let row: ResultRow
    let json: String

    /// Whether it is computed from repetitions.
    var isAggregate: Bool { row.runType != .iteration }
}

/// One place that rows go to, in a format of its own. It tells its own failure on standard error, once, and takes
/// further rows in silence.
protocol RowDestination: AnyObject {
    /// Begins with the JSON document's text up to its first row.
    func begin(_ opening: String)
    /// Adds a row, as soon as it is finished.
    func add(_ row: FinishedRow)
    /// Ends, after an interruption too; `rows` are all that were finished.
    func end(_ rows: [ResultRow])
    /// Whether something that was measured is not there.
    var hasFailed: Bool { get }
}

/// Google Benchmark's JSON document around the rows.
enum JSONDocument {
    /// What separates two rows.
    static let separator = ",\n"
    /// What follows the last row.
    static let closing = "\n  ]\n}\n"
}
