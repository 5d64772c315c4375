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

/// The verdict and the tables, when all is done.
final class ConsoleText: RowDestination {
    private let sink: TextSink
    private let options: AnswerOptions
    private let style: AnswerTable.Style
    private let machine: MachineText

    init(_ sink: TextSink, options: AnswerOptions, style: AnswerTable.Style, machine: MachineText) {
        self.sink = sink
        self.options = options
        self.style = style
        self.machine = machine
    }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) {}

    func add(_ row: FinishedRow) {}

    func end(_ rows: [ResultRow]) {
        if rows.isEmpty { return }
        sink.write(AnswerTable(RunAnswer(rows: rows, options: options), machine: machine, style: style).description)
    }
}

/// One line a row, as soon as it is finished.
///
/// The columns must stand before the first row comes: there is one for every metric, whichever the rows will have.
final class CSVText: RowDestination {
    private static let rowWithAllMetrics = ResultRow(
        runName: "", realNanoseconds: 0, cpuNanoseconds: 0,
        counters: Dictionary(uniqueKeysWithValues: Metric.allCases.map { ($0.rawValue, 0) }))

    private let sink: TextSink

    init(_ sink: TextSink) { self.sink = sink }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) { sink.write(Self.lines(of: []).first ?? "") }

    func add(_ row: FinishedRow) { sink.write(Self.lines(of: [row.row]).last ?? "") }

    func end(_ rows: [ResultRow]) {}

    /// The heading, and a line for each of `rows`, each with its line end. No field of ours holds a line end.
    private static func lines(of rows: [ResultRow]) -> [String] {
        let text = CSVTable(rows: [rowWithAllMetrics] + rows).description
        var lines = text.split(separator: "\r\n").map { String($0) + "\r\n" }
        lines.remove(at: 1)
        return lines
    }
}

/// Passes on aggregates alone, as `--benchmark_report_aggregates_only` and `--benchmark_display_aggregates_only` ask.
final class AggregatesOnly: RowDestination {
    private let destination: any RowDestination

    init(_ destination: any RowDestination) { self.destination = destination }

    var hasFailed: Bool { destination.hasFailed }

    func begin(_ opening: String) { destination.begin(opening) }

    func add(_ row: FinishedRow) {
        if row.isAggregate { destination.add(row) }
    }

    func end(_ rows: [ResultRow]) { destination.end(rows) }
}
