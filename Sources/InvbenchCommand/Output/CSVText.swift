import BenchmarkRecords

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
