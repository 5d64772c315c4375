import BenchmarkRecords

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
