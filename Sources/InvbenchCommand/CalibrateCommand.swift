import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench calibrate`: how far runs of one program differ here, for `compare` to know.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "Measures how far runs of one and the same program differ on this machine.",
        usage: "invbench calibrate [<options>] [-- <flags of run>]",
        discussion: """
            Two runs one after the other differ by what the machine did in between, and no run can know how much that \
            is. This makes several runs of this program, one after the other, and keeps how far they differ for each \
            cell and metric in <results>/<machine>/noise.calibration, beside the machine's baselines. From then on \
            'compare' has a noise floor of its own for each, so that runs of one program are told apart no more often \
            than its --alpha says; and the intervals of 'run' hold what was measured of one guard's faults beside another's, \
            in the place of a stated 2 %. It does not apply to runs of both sides in turn, nor to 'ab', where the machine's \
            drift meets both alike.

            What stands behind -- goes to 'run': calibrate with what you will compare. Without any it is the quick \
            profile, about a minute a run. Runs that were made before can be given by --from as results files, or as folders of \
            them; each file is one run. Cells that were calibrated before and are not measured now stay.

            Exit codes: 0 fine; 2 wrong usage, an unreadable file, runs of different programs or machines; 3 a \
            protected guard showed a stale translation; 5 the calibration could not be written; 130, 143 interrupted: \
            nothing is kept.
            """)

    @Option(
        name: .customLong("from"), parsing: .upToNextOption,
        help: ArgumentHelp("Runs of one program that were made before, instead of new ones.", valueName: "file"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp("How many runs are made. (default: 10)", valueName: "n"),
        transform: FlagValues.calibrationRuns)
    var runs: Int?

    @Option(help: ArgumentHelp("Where results files lie, in a folder for each machine.", valueName: "folder"))
    var results = "results"

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Flags of run.", visibility: .hidden))
    var runFlags: [String] = []

    func run() throws {
        if !files.isEmpty && (runs != nil || !runFlags.isEmpty) {
            throw UsageError("--from names runs that were made before; leave out --runs and what stands behind --")
        }
        let sides = files.isEmpty ? try measure(runs ?? 10) : try readFiles()
        let machine = try self.machine(of: sides)
        let path = NoiseCalibration.path(results: results, machine: machine)
        let measured = NoiseCalibration(of: sides, path: path)
        if measured.count == 0 {
            throw UsageError(
                "no cell has \(NoiseCalibration.fewestRuns) runs of 4 repetitions or more that met the cores in one state; "
                    + "make more runs, or more repetitions")
        }
        let old = try read(path)
        do {
            try AtomicFile.write((old?.updated(by: measured) ?? measured).json(), to: path)
        } catch let error as AtomicFileError {
            StandardError.say(error.description)
            throw ExitStatus.unwritten
        }
        let output = TextSink.standardOutput()
        output.write(CalibrationTable(measured).description)
        StandardError.write("calibration  \(path)\n")
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    /// Makes so many runs.
    private func measure(_ count: Int) throws -> [ComparisonSide] {
        let flags = try RunFlags(runFlags)
        Interruption.survivesFailedWrites()
        Interruption.watch()
        let folder = FileManager.default.temporaryDirectory.appending(path: "invbench-calibrate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try (1...count).map { number in
            StandardError.say("run \(number) of \(count)")
            let path = folder.appending(path: "\(number).json").path
            let file = try MeasuredProgram.this.measure(flags.all + ["--seed=\(number)"], to: path)
            return ComparisonSide(
                path: path, files: [path], contexts: [file.context], rows: file.rows.filter { $0.runType == .iteration }
            )
        }
    }

    private func readFiles() throws -> [ComparisonSide] {
        try UsageError.explaining {
            try files.flatMap { try ComparisonSide.resultsFiles(at: $0) }.map { try ComparisonSide(reading: $0) }
        }
    }

    private func read(_ path: String) throws -> NoiseCalibration? {
        try UsageError.explaining { try NoiseCalibration(reading: path) }
    }

    /// The machine that all were made on, by one program.
    private func machine(of sides: [ComparisonSide]) throws -> FileNamePart {
        func values(_ key: String) -> [String] { Set(sides.flatMap { $0.contextValues(key) }).sorted() }
        let machines = values("machine_id")
        guard let machine = machines.first.flatMap(FileNamePart.init), machines.count == 1 else {
            throw UsageError(
                machines.count < 2
                    ? "the runs do not say on which machine they were made: not results of invbench"
                    : "runs of different machines: \(machines.joined(separator: ", ")); calibrate each on its own")
        }
        let commits = values("commit")
        if commits.count > 1 {
            throw UsageError(
                "runs of different programs, of the commits \(commits.joined(separator: ", ")): what differs between them "
                    + "would count as noise")
        }
        return machine
    }
}

extension NoiseCalibration {
    /// What was measured of a machine's noise below the folder `results`; `nil` if nothing was.
    static func ofMachine(_ machine: String, results: String) throws -> NoiseCalibration? {
        guard let machine = FileNamePart(machine) else { return nil }
        return try UsageError.explaining {
            try NoiseCalibration(reading: path(results: results, machine: machine))
        }
    }
}
