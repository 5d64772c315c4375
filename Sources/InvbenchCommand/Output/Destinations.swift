import BenchmarkRecords
import Foundation

/// The places that the rows of one run go to.
struct Destinations {
    /// In the order in which they are written: files first, since a reader of standard output may go away.
    private(set) var all: [any RowDestination] = []
    /// The results file, where one is kept.
    private(set) var resultsPath: String?
    /// The folder of latencies, where one is kept.
    let histograms: HistogramFiles?
    private let answer: AnswerOptions
    private let flags: AnswerFlags
    private let machine: MachineText
    private var couldNotOpen = false

    /// Opens everything that `options` asks for. What cannot be opened is told on standard error, and the run goes on
    /// without it; nothing is touched where the options contradict each other.
    init(
        _ options: RunOptions, plan: RunPlan, fingerprint: Fingerprint, context: [ContextLine], betweenRuns: Double,
        date: Date = Date()
    ) throws {
        let flags = options.benchmark
        self.flags = options.answer
        answer = AnswerOptions(
            reference: options.answer.reference, unprotectedGuards: Set(plan.unprotectedGuards),
            betweenRuns: betweenRuns)
        machine = MachineText(context: Dictionary(context.map { ($0.key, $0.value) }) { first, _ in first })
        let path = ResultsLocation.path(
            in: options.measuring.results, machine: fingerprint.machine.machineID, commit: fingerprint.build.commit,
            date: date)
        if let out = flags.out, !options.measuring.noSave, ResultsLocation.isSameFile(out, path) {
            throw UsageError("--benchmark_out \(out): that is the results file; take another name, or --no-save")
        }
        histograms = options.measuring.histograms.map { HistogramFiles(in: $0) }
        if !options.measuring.noSave {
            if let stream = create(path) {
                all.append(JSONFile(stream))
                resultsPath = path
            }
        }
        // Without repetitions there are no aggregates: then the rows are shown, as Google Benchmark does.
        let hasAggregates = plan.repetitions > 1
        let isShort = flags.reportsAggregatesOnly && hasAggregates
        if let out = flags.out, let destination = open(out, flags.outFormat) {
            all.append(isShort ? AggregatesOnly(destination) : destination)
        }
        let style = options.answer.style(on: STDOUT_FILENO, colours: flags.colours)
        let display = text(flags.format, .standardOutput(isOfRun: true), style: style)
        all.append(isShort || flags.displaysAggregatesOnly && hasAggregates ? AggregatesOnly(display) : display)
    }

    /// Whether anything that was measured is missing somewhere.
    var haveFailed: Bool { couldNotOpen || all.contains(where: \.hasFailed) || histograms?.haveFailed == true }

    private mutating func create(_ path: String) -> RowStream? {
        do {
            return try RowStream(creating: path)
        } catch {
            couldNotOpen = true
            StandardError.say("\(error); \(WriteFailure.advice)")
            return nil
        }
    }

    /// A file of the user's own choice; one that is there is replaced. JSON goes to a pipe or a device from front to
    /// end, and to a file so that it can be read at any moment.
    private mutating func open(_ path: String, _ format: OutputFormat) -> (any RowDestination)? {
        let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
        if format == .json && (type == nil || type == .typeRegular) {
            if type != nil { unlink(path) }
            return create(path).map { JSONFile($0) }
        }
        guard let sink = TextSink.file(at: path) else {
            couldNotOpen = true
            return nil
        }
        return text(format, sink, style: AnswerTable.Style(isWide: flags.wide))
    }

    private func text(
        _ format: OutputFormat, _ sink: TextSink, style: AnswerTable.Style
    ) -> any RowDestination {
        switch format {
        case .console: ConsoleText(sink, options: answer, style: style, machine: machine)
        case .json: JSONText(sink)
        case .csv: CSVText(sink)
        }
    }
}
