import BenchmarkRecords

/// The table and the verdict, when all is done.
final class ConsoleText: RowDestination {
    private let sink: TextSink

    init(_ sink: TextSink) { self.sink = sink }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) {}

    func add(_ row: FinishedRow) {}

    func end(_ rows: [ResultRow]) {
        for row in rows { sink.write("\(row.name) \(row.realNanoseconds)\n") }
    }
}
