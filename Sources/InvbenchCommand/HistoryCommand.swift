import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench history`: when values changed over all runs of a machine, and at which commit.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Finds when values changed over all runs of a machine, and at which commit.",
        discussion: """
            It reads every .json file in the machine's folder, takes the median of each run for each cell and metric, \
            and looks for the runs from which on a value is another one: E-divisive change points with a t-test at \
            0.001, in windows of 50 runs. The same files always give the same answer. A change is seen once 4 runs or \
            more have followed it; a series of fewer than 8 runs says nothing. Where something else changed at the \
            same run (kernel, compiler, microcode, how the run was made, the round trip between the cores), that is \
            said, too.

            Hosts of one kind share a machine's folder. Where its runs name several, --host chooses one, and \
            --across-hosts takes all for one history, in which a change of the host is said like one of the kernel.

              invbench history --since 2026-11-01 --cell '/storm/faulters:1/'

            --format json is for programs: an object with runs, cells, series (counts), unreadable, too_short, and \
            change_points, the most recent first: objects with name, metric, change (worse or better), before and \
            after (medians), ratio (after over before), p, runs_before, runs_after, run and previous_run (file, date, \
            commit, dirty), same_commit, context_changes, may_be_host.

            Exit codes: 0 whatever it finds: 'invbench compare' gates; 2 wrong usage, no run to read; 5 the output \
            could not be written. Files that cannot be read are named and left as they are.
            """)

    /// How the history is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table
        case json
    }

    @Option(help: ArgumentHelp("Where results files are, in a folder for each machine.", valueName: "folder"))
    var results = "results"

    @Option(help: ArgumentHelp("Whose runs. (default: this machine's)", valueName: "id"))
    var machine: String?

    @Option(
        help: ArgumentHelp(
            "Only the runs of this host among those of one kind, and those that name none.", valueName: "id"))
    var host: String?

    @Flag(help: "Take the runs of several hosts of one kind for one history.")
    var acrossHosts = false

    @Option(
        help: ArgumentHelp(
            "Only runs from this date or time (UTC where no zone is given) or from the first run of this commit on.",
            valueName: "date-or-commit"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "Only cells whose names match; --cell=-regex those that do not. (default: all)",
            valueName: "regex"))
    var cell: String?

    @OptionGroup var metric: MetricFlag

    @Option(
        help: ArgumentHelp("The noise floor: a smaller change is none. (default: 3%)", valueName: "percent"),
        transform: FlagValues.percentage)
    var threshold: Double = 3

    @Option(help: "How the history is written.")
    var format: Format = .table

    func run() throws {
        let metrics = try metric.chosen()
        let filter = try NameFilter(cell ?? "all", flag: "--cell")
        let start = try chosenStart()
        var history = try read(try MachineFolder.path(in: results, machine: machine), metrics)
        for error in history.unreadable { StandardError.say("\(error.description); left out") }
        for run in history.runs {
            guard let absent = UnmeasuredRow.summary(of: run.unmeasured) else { continue }
            StandardError.say(PrintableText.of("\(run.path): \(absent)"))
        }
        if history.runs.isEmpty {
            throw UsageError("\(history.folder): none of its results files can be read")
        }
        history = try ofChosenHost(history)
        if let start { history = try limited(history, to: start) }
        let report = HistoryReport(history, rule: ChangePointRule(threshold: threshold / 100)) { filter.chooses($0) }
        if let cell, report.cells.isEmpty { throw UsageError("--cell: '\(cell)' matches no cell of these runs") }
        if report.seriesCount == 0 && !metrics.isEmpty {
            throw UsageError("--metric: no cell of these runs has \(metrics.map(\.key).joined(separator: " or "))")
        }
        let output = TextSink.standardOutput()
        output.write(try text(of: report))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private func text(of report: HistoryReport) throws -> String {
        switch format {
        case .table: HistoryTable(report).description
        case .json: try HistoryDocument(report).json()
        }
    }

    private func chosenStart() throws -> HistoryStart? {
        guard let since else { return nil }
        guard let start = HistoryStart(since) else {
            throw UsageError(
                "--since \(since): expected a date such as 2026-11-01, a time such as 2026-11-01T12:00:00Z, or four or "
                    + "more digits of a commit")
        }
        return start
    }

    private func read(_ folder: String, _ metrics: [ComparedMetric]) throws -> RunHistory {
        try UsageError.explaining { try RunHistory(reading: folder, metrics: metrics) }
    }

    /// Two hosts of one kind differ, and would do so in turn: their runs are two histories.
    private func ofChosenHost(_ history: RunHistory) throws -> RunHistory {
        let hosts = history.hosts
        let names = hosts.joined(separator: ", ")
        if let host {
            if acrossHosts { throw UsageError("--host and --across-hosts exclude each other; give one of them") }
            guard hosts.contains(host) else {
                throw UsageError(
                    "--host \(host): no run in \(history.folder) is of it"
                        + (hosts.isEmpty ? "; none names a host" : "; there is \(names)"))
            }
            return history.ofHost(host)
        }
        if hosts.count > 1 && !acrossHosts {
            throw UsageError(
                "\(history.folder): runs of several hosts of one kind: \(names); choose one with --host, or say "
                    + "--across-hosts")
        }
        return history
    }

    private func limited(_ history: RunHistory, to start: HistoryStart) throws -> RunHistory {
        try UsageError.explaining("--since \(since ?? "")") { try history.since(start) }
    }
}
