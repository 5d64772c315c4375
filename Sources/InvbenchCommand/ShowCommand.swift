import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench show`: the answer of results files, drawn again.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Draws the verdict and the tables of results files again.",
        discussion: """
            Takes any results file that invbench has written, older ones too. Several files of one host are one answer: the \
            repetitions of all of them together. Several hosts have an answer each, and stand side by side: a table for \
            each workload, with a column for each host.

            --format json is for programs: {"workloads": [{"name", "state", "reference", "rows": [{"guard", \
            "faults_per_second", "low", "high", "ratio", "ratio_low", "ratio_high", "invalidations_per_second", \
            "fault_p99_ns", "invalidation_p99_ns", "repetitions", "stale", "group", "p"}], "verdict"}], "ladders": [...], \
            "verdict"}; what is not known is absent. p tests the ratio inside the run, and is not corrected for other comparisons. \
            Several hosts: {"hosts": [{"host", "machine_id", "answer"}]}.

            Exit codes: 0 fine; 2 wrong usage, or a file that cannot be read; 5 the output could not be written.
            """)

    /// How an answer is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table
        case markdown
        case csv
        case json
    }

    @Argument(help: ArgumentHelp("Results files.", valueName: "file"))
    var files: [String]

    @Option(help: "How the answer is written.")
    var format: Format = .table

    @OptionGroup var flags: AnswerFlags

    @OptionGroup var cost: CountFlags

    func run() throws {
        let counts = try cost.counts()
        let hosts = try AnsweredFiles.byHost(files).map { $0.answer(reference: flags.reference, counts: counts) }
        if hosts.allSatisfy(\.answer.workloads.isEmpty) {
            throw UsageError("\(files.joined(separator: ", ")): no repetition of an invbench cell in it")
        }
        let output = TextSink.standardOutput()
        output.write(hosts.count == 1 ? text(of: hosts[0]) : text(of: hosts))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private func text(of host: HostAnswer) -> String {
        switch format {
        case .table: AnswerTable(host.answer, machine: host.machine, style: flags.style(on: STDOUT_FILENO)).description
        case .markdown: AnswerDocument.markdown(host.answer, machine: host.machine)
        case .csv: AnswerDocument.csv(host.answer)
        case .json: AnswerDocument.json(host.answer, machine: host.machine)
        }
    }

    private func text(of hosts: [HostAnswer]) -> String {
        switch format {
        case .table: HostsSideBySide(hosts).text
        case .markdown: HostsSideBySide(hosts).markdown
        case .csv: AnswerDocument.csv(hosts)
        case .json: AnswerDocument.json(hosts)
        }
    }
}
