import BenchmarkRecords

/// The table and the verdict, when all is done.
final class ConsoleText: RowDestination {
    private let sink: TextSink
    private let unprotectedGuards: Set<String>

    init(_ sink: TextSink, unprotectedGuards: Set<String>) {
        self.sink = sink
        self.unprotectedGuards = unprotectedGuards
    }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) {}

    func add(_ row: FinishedRow) {}

    func end(_ rows: [ResultRow]) {
        if rows.isEmpty { return }
        let table = ConsoleTable(rows: rows, unprotectedGuards: unprotectedGuards)
        let verdict = Verdict(rows: rows, unprotectedGuards: unprotectedGuards)
        sink.write("\(table)\n\(verdict)\n")
    }
}
