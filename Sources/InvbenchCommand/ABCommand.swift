import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench ab`: two programs measured in turn, and compared pair by pair.
struct ABCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ab", abstract: "Measures two versions in turn, and says where one is slower beyond doubt.",
        usage: "invbench ab <base> <new> [<options>] [-- <flags of run>]",
        discussion: """
            This is the way to compare two versions. A machine drifts by more than what one wants to find; here each \
            cell is measured by both versions right after each other, in an order that is drawn, and judged by the \
            quotient of each such pair, so what the machine does meets both alike.

            BASE and NEW are programs, or git revisions of the package in this folder, which are built in worktrees \
            below ~/.cache/invbench first. What stands behind -- goes to 'run' of both: cells, window, placement; \
            without any it is the quick profile. Few cells are decided sooner, and by smaller changes:

              invbench ab main HEAD -- --guard striped --scenario storm,pressure
              invbench ab HEAD .build/release/invbench

            A cell is measured until a metric of it is a regression or each has a verdict, all no longer than --budget. \
            Stopping early does not spoil the error rate: it is looked at after so many pairs only, and every look has its own \
            share of --alpha. 'regression' and 'improvement' take a p below --alpha, corrected for all looks and after \
            Holm for all comparisons, and an interval that lies beyond --threshold as a whole; 'unchanged' takes an \
            interval within it. 'at threshold' is what has changed for certain, where the interval reaches over \
            --threshold: it may be a little more or a little less. All else is 'inconclusive'.

            Exit codes: 0 no regression; 1 a regression; 2 wrong usage, a program that fails, a build that fails; 3 a \
            protected guard showed a stale translation; 4 no regression, but a comparison had too few pairs to be \
            decided, or is worse and at the threshold; 5 the output could not be written; 130, 143 interrupted, with \
            what was found so far printed.
            """)

    @Argument(help: ArgumentHelp("What is compared with: a program or a git revision.", valueName: "base"))
    var base: String

    @Argument(help: ArgumentHelp("What is judged.", valueName: "new"))
    var new: String

    @OptionGroup var verdict: VerdictFlags

    @Option(
        help: ArgumentHelp("A smaller change is none. (default: 2%)", valueName: "percent"),
        transform: FlagValues.percentage)
    var threshold: Double = 2

    @Option(
        help: ArgumentHelp("How long the measuring may take, builds not counted. (default: 5m)", valueName: "90s|5m"),
        transform: FlagValues.budget)
    var budget: Double = 300

    @Option(
        help: ArgumentHelp("The executable product that is built of a revision.", valueName: "name"))
    var product = "invbench"

    @Option(help: ArgumentHelp("Decides the order of cells and pairs, and the work.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Keep the results file of each process here, in the folders base and new.", valueName: "folder"))
    var keep: String?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Flags of run.", visibility: .hidden))
    var runFlags: [String] = []

    func run() throws {
        let rule = try verdict.rule(threshold: threshold)
        let flags = try RunFlags(runFlags, alsoTaken: ["--benchmark_repetitions"])
        Interruption.survivesFailedWrites()
        Interruption.watch()
        let programs = (base: try program(base), new: try program(new))
        let cells = try SharedCells(flags: flags, base: programs.base, new: programs.new)
        cells.notes.forEach(StandardError.say)
        let folder = try makeFolder()
        defer { if keep == nil { try? FileManager.default.removeItem(at: folder) } }
        StandardError.write(header(programs, cells: cells.names.count))
        var measuring = PairedMeasuring(
            base: programs.base, new: programs.new, flags: flags, rule: rule, budget: budget, seed: seed,
            folder: folder,
            keepsFiles: keep != nil)
        let ending = measuring.run(cells: cells.names)
        let report = measuring.comparison.report(
            base: side(programs.base, measuring.contexts.base), new: side(programs.new, measuring.contexts.new),
            onlyInBase: cells.onlyInBase, onlyInNew: cells.onlyInNew)
        try end(report, ending)
    }

    /// A program by its path or, where no file is there, by its revision.
    private func program(_ word: String) throws -> MeasuredProgram {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: word, isDirectory: &isFolder), !isFolder.boolValue {
            guard FileManager.default.isExecutableFile(atPath: word) else {
                throw UsageError("\(word): not a program: it may not be executed")
            }
            return MeasuredProgram(label: word, executable: URL(fileURLWithPath: word).path)
        }
        guard let build = try RevisionBuild(revision: word, product: product) else {
            throw UsageError("\(word): neither a program nor a git revision of the package in this folder")
        }
        return MeasuredProgram(label: "\(word) (\(build.shortCommit))", executable: try build.executable())
    }

    private func header(_ programs: (base: MeasuredProgram, new: MeasuredProgram), cells: Int) -> String {
        """
        base     \(programs.base.label)
        new      \(programs.new.label)
        work     \(ScaledNumber.counted(cells, "cell")), pairs of processes in random order (seed \(seed))
        time     \(ProgressLine.text(seconds: budget)) minutes at most

        """
    }

    private func side(_ program: MeasuredProgram, _ contexts: [[String: String]]) -> ComparisonSide {
        ComparisonSide(path: program.label, files: [], contexts: contexts, rows: [])
    }

    /// Where the processes leave their results. What is there already is not touched.
    private func makeFolder() throws -> URL {
        let folder =
            keep.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(path: "invbench-ab-\(UUID().uuidString)")
        for name in ["base", "new"] {
            let side = folder.appending(path: name)
            if FileManager.default.fileExists(atPath: side.path) {
                throw UsageError("\(side.path): is there already; name a new folder with --keep")
            }
            do {
                try FileManager.default.createDirectory(at: side, withIntermediateDirectories: true)
            } catch {
                throw UsageError("\(side.path): cannot create the folder: \(error.localizedDescription)")
            }
        }
        return folder
    }

    /// Prints what was found, and ends with the code for it.
    private func end(_ report: ComparisonReport, _ ending: PairedMeasuring.Ending) throws {
        if StandardError.isTerminal { StandardError.write("\r\u{1B}[K") }
        switch ending {
        case .decided: break
        case .outOfTime:
            StandardError.say(
                "the budget is spent; what is inconclusive or at the threshold needs a longer one, or fewer cells")
        case .failed(let error):
            if case ExitStatus.interrupted(let signal) = error { StandardError.say("ended by signal \(signal)") }
            // Before the first pair there is nothing to show.
            if report.comparisons.isEmpty { throw error }
        }
        let isWritten = try verdict.write(report)
        if case .failed(let error) = ending { throw error }
        if !isWritten { throw ExitStatus.unwritten }
        let status = verdict.status(of: report)
        if status != .success { throw status }
    }
}
