import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench show`: the answer of results files, drawn again.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Draws the verdict and the tables of results files again.",
        discussion: """
            Takes any results file that invbench has written, older ones too. Several files are one answer: the \
            repetitions of all of them together. They have to be of one machine.

            --format json is for programs: {"workloads": [{"name", "state", "reference", "rows": [{"guard", \
            "faults_per_second", "low", "high", "ratio", "ratio_low", "ratio_high", "invalidations_per_second", \
            "fault_p99_ns", "invalidation_p99_ns", "repetitions", "stale", "group", "p"}], "verdict"}], "ladders": [...], \
            "verdict"}; what is not known is absent. p tests the ratio inside the run, and is not corrected for other comparisons.

            Exit codes: 0 fine; 2 wrong usage, a file that cannot be read, or files of several machines; 5 the output \
            could not be written.
            """)

    /// How an answer is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table
        case markdown
        case csv
        case json
    }

    @Argument(help: ArgumentHelp("Results files of one machine.", valueName: "file"))
    var files: [String]

    @Option(help: "How the answer is written.")
    var format: Format = .table

    @OptionGroup var flags: AnswerFlags

    func run() throws {
        let results = try AnsweredFiles(files)
        let answer = results.answer(reference: flags.reference)
        if answer.workloads.isEmpty {
            throw UsageError("\(files.joined(separator: ", ")): no repetition of an invbench cell in it")
        }
        let output = TextSink.standardOutput()
        switch format {
        case .table:
            output.write(
                AnswerTable(answer, machine: results.machine, style: flags.style(on: STDOUT_FILENO)).description)
        case .markdown: output.write(AnswerDocument.markdown(answer, machine: results.machine))
        case .csv: output.write(AnswerDocument.csv(answer))
        case .json: output.write(AnswerDocument.json(answer, machine: results.machine))
        }
        if output.hasFailed { throw ExitStatus.unwritten }
    }
}

/// Results files of one machine, which together have one answer.
struct AnsweredFiles {
    /// The repetitions of all files. Those of the second file follow those of the first: a block is never made from two
    /// files.
    let rows: [ResultRow]
    /// What each file says about itself, in the order of the files.
    let contexts: [[String: String]]
    /// What the files say of the machine.
    let machine: MachineText
    /// The guards that the files declare unsafe.
    private let unprotectedGuards: Set<String>

    /// Reads `paths`, in their order.
    init(_ paths: [String]) throws {
        let files = try paths.map { path in
            do {
                return try ResultsFile(reading: path)
            } catch {
                throw UsageError("\(error)")
            }
        }
        let machines = Set(files.map { $0.context["machine_id"] ?? "unknown" })
        if machines.count > 1 {
            throw UsageError(
                "measured on different machines: \(machines.sorted().joined(separator: ", ")); show each of them alone")
        }
        var rows: [ResultRow] = []
        var unprotected: Set<String> = [AnswerOptions.unprotectedGuard]
        for (path, file) in zip(paths, files) {
            if let absent = UnmeasuredRow.summary(of: file.unmeasured) {
                StandardError.say(PrintableText.of("\(path): \(absent)"))
            }
            let blocks = (rows.compactMap(\.repetitionIndex).max() ?? -1) + 1
            rows += file.rows.map { $0.renumbered(by: blocks) }
            unprotected.formUnion(file.context["unprotected_guards"]?.split(separator: " ").map(String.init) ?? [])
        }
        // A file has its workloads in the random order of the first round.
        let byWorkload = Dictionary(grouping: rows) { $0.cell?.workloadName ?? "" }
        self.rows = byWorkload.keys.sorted().flatMap { byWorkload[$0, default: []] }
        contexts = files.map(\.context)
        machine = MachineText(context: files.first?.context ?? [:])
        unprotectedGuards = unprotected
    }

    /// What they say about the guards, compared with `reference`. Intervals hold what is between runs as far as it was known
    /// when the runs were made; of several runs, the largest.
    func answer(reference: String) -> RunAnswer {
        let betweenRuns = contexts.map { context in
            context[AnswerOptions.betweenRunsKey].flatMap(Double.init).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
                ?? WorkloadAnswer.defaultBetweenRuns
        }
        return RunAnswer(
            rows: rows,
            options: AnswerOptions(
                reference: reference, unprotectedGuards: unprotectedGuards,
                betweenRuns: betweenRuns.max() ?? WorkloadAnswer.defaultBetweenRuns))
    }
}
