import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench report`: results files as one page for people.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes the verdict, figures and tables of results files as one HTML page.",
        discussion: """
            The page holds all that it needs: it loads nothing, has no scripts, and can be mailed or kept. It begins with \
            the verdict; each workload has its faults per second with 95 % intervals, the latency percentiles of both \
            roles, and faults against invalidations, each with the command that measures it again. Then it says what was \
            noisy, and where the numbers come from.

              invbench report results/my-machine/*.json -o report.html

            Several files of one host are one answer, as for 'invbench show'. With three or more of different dates, or \
            with --history, the page also says when values changed, as 'invbench history' does. Several hosts stand side \
            by side first, and then each has its sections.

            Exit codes: 0 fine; 2 wrong usage, or a file that cannot be read or has no repetition of an invbench cell; \
            5 the page could not be written. A page that is there is replaced as a whole, or \
            left as it is.
            """)

    @Argument(help: ArgumentHelp("Results files.", valueName: "file"))
    var files: [String]

    @Option(name: .shortAndLong, help: ArgumentHelp("The page.", valueName: "page.html"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The guard that others are compared with; ratios are left out where it was not measured.",
            valueName: "guard"))
    var reference = AnswerOptions.defaultReference

    @Option(
        help: ArgumentHelp(
            "Say when values changed over all runs in this folder. (default: over the files, if they are three or more)",
            valueName: "folder"))
    var history: String?

    @OptionGroup var cost: CountFlags

    func run() throws {
        let answered = try AnsweredFiles.byHost(files)
        let counts = try cost.counts()
        let hosts = answered.map { $0.answer(reference: reference, counts: counts) }
        if hosts.allSatisfy(\.answer.workloads.isEmpty) {
            throw UsageError("\(files.joined(separator: ", ")): no repetition of an invbench cell in it")
        }
        if hosts.count > 1 && history != nil {
            throw UsageError(
                "--history: the files are of \(hosts.count) hosts, which have a history each; report each alone")
        }
        let path = try outputPath()
        let reported = answered.flatMap { files in
            zip(files.paths, files.contexts).map { path, context in
                ReportedFile(name: URL(fileURLWithPath: path).lastPathComponent, context: context)
            }
        }
        let page = HTMLReport(
            hosts, files: reported,
            history: hosts.count == 1 ? try runHistory(of: hosts[0].host).map { HistoryReport($0) } : nil)
        do {
            try AtomicFile.write(page.description, to: path)
        } catch {
            StandardError.say(error.description)
            throw ExitStatus.unwritten
        }
    }

    /// Where the page goes: through a link to its file. A results file, a device and a folder are never replaced.
    private func outputPath() throws -> String {
        if let own = files.first(where: { ResultsLocation.isSameFile($0, output) }) {
            throw UsageError("--output \(output): that is \(own), which is read; choose another name for the page")
        }
        guard let real = realpath(output, nil) else { return output }
        defer { free(real) }
        let path = String(cString: real)
        guard try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeRegular else {
            throw UsageError("--output \(output): not a file that can be replaced; name a file")
        }
        return path
    }

    /// The runs of the only host of the page.
    private func runHistory(of host: MeasuredHost) throws -> RunHistory? {
        guard let history else {
            let runs = RunHistory(files: files)
            return Set(runs.runs.map(\.date)).count >= Self.fewestRuns ? runs : nil
        }
        do {
            let runs = try RunHistory(reading: history)
            for error in runs.unreadable { StandardError.say("\(error.description); left out") }
            if runs.runs.isEmpty { throw UsageError("\(history): none of its results files can be read") }
            return host.host.map { runs.ofHost($0) } ?? runs
        } catch let error as ResultsFileError {
            throw UsageError(error.description)
        }
    }

    /// Fewer runs than this are no history.
    private static let fewestRuns = 3
}
