import BenchmarkRecords

/// A JSON file that is whole between two rows of the run, and after a kill. Who reads it while a row is written may find
/// half of it, and has to read again.
final class JSONFile: RowDestination {
    private let stream: RowStream
    private var isEmpty = true
    private(set) var hasFailed = false

    /// Takes the file that `stream` has created.
    init(_ stream: RowStream) { self.stream = stream }

    func begin(_ opening: String) {
        attempt { () throws(RowStreamError) in try stream.begin(opening, closing: JSONDocument.closing) }
    }

    func add(_ row: FinishedRow) {
        if hasFailed { return }
        let chunk = (isEmpty ? "" : JSONDocument.separator) + row.json
        attempt { () throws(RowStreamError) in try stream.append(chunk) }
        isEmpty = false
    }

    func end(_ rows: [ResultRow]) {
        attempt { () throws(RowStreamError) in try stream.finish() }
    }

    private func attempt(_ write: () throws(RowStreamError) -> Void) {
        do {
            try write()
        } catch {
            hasFailed = true
            StandardError.say("\(error); \(WriteFailure.advice)")
        }
    }
}

/// JSON that is written from front to end, to standard output or a pipe.
final class JSONText: RowDestination {
    private let sink: TextSink
    private var isEmpty = true

    init(_ sink: TextSink) { self.sink = sink }

    var hasFailed: Bool { sink.hasFailed }

    func begin(_ opening: String) { sink.write(opening) }

    func add(_ row: FinishedRow) {
        sink.write((isEmpty ? "" : JSONDocument.separator) + row.json)
        isEmpty = false
    }

    func end(_ rows: [ResultRow]) { sink.write(JSONDocument.closing) }
}
