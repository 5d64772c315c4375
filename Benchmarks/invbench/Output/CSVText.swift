import BenchmarkRecords

/// One line a row, as soon as it is finished.
final class CSVText: RowDestination {
    private let sink: TextSink

    init(_ sink: TextSink) { self.sink = sink }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) { sink.write("name,real_time\n") }

    func add(_ row: FinishedRow) { sink.write("\(row.row.name),\(row.row.realNanoseconds)\n") }

    func end(_ rows: [ResultRow]) {}
}
