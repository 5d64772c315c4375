import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench baseline save`: keeps results under a name.
struct SaveBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Keeps results files, or folders of them, under a name.",
        discussion: "All files of a baseline come from one machine; the baseline is kept beside that machine's results."
    )

    @Argument(help: ArgumentHelp("What it is called.", valueName: "name"))
    var name: String

    @Argument(
        help: ArgumentHelp(
            "Results files, or folders that are read with all below. (default: the newest results file of the machine)",
            valueName: "file"))
    var files: [String] = []

    @OptionGroup var place: BaselinePlace

    @Flag(help: "Replace a baseline that has the name.")
    var replace = false

    func run() throws {
        let name = try BaselinePlace.name(name)
        let baseline = try baseline(of: files.isEmpty ? [newestFile()] : files)
        let folder = try place.folder(orOf: machine(of: baseline))
        if folder.contains(name) && !replace {
            throw UsageError("\(folder.path(of: name)) exists; say --replace, or take another name")
        }
        do {
            try folder.save(baseline, as: name)
        } catch {
            StandardError.say("\(error)")
            throw ExitStatus.unwritten
        }
        for warning in baseline.warnings { StandardError.say("warning: \(warning)") }
        let output = TextSink.standardOutput()
        output.write("\(folder.path(of: name)): \(Self.contents(of: baseline))\n")
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    /// What was kept; a single file is named, since the newest may not be the one that was meant.
    private static func contents(of baseline: Baseline) -> String {
        let files = baseline.runs.count == 1 ? baseline.runs[0].file : "\(baseline.runs.count) files"
        let repetitions = ListBaselines.text(of: baseline.repetitions)
        let noun = baseline.repetitions.upperBound == 1 ? "repetition" : "repetitions"
        return "\(files), \(repetitions) \(noun) of \(ScaledNumber.counted(baseline.benchmarkCount, "benchmark"))"
    }

    private func baseline(of paths: [String]) throws -> Baseline {
        do {
            return try Baseline(of: paths, saved: Date())
        } catch {
            throw UsageError(error.description)
        }
    }

    /// The machine that the files name; `nil` where they do not.
    private func machine(of baseline: Baseline) throws -> String? {
        let machines = baseline.contextValues("machine_id")
        if machines.count > 1 {
            throw UsageError(
                "measured on different machines: \(machines.joined(separator: ", ")); a baseline is of one machine")
        }
        if let measured = machines.first, let machine = place.machine, measured != machine {
            throw UsageError("--machine \(machine): the files were measured on \(measured)")
        }
        return machines.first
    }

    /// The last by its name, which begins with the time.
    private func newestFile() throws -> String {
        let folder = try place.folder().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let isResults = { (name: String) in name.hasSuffix(".json") && name.prefixMatch(of: /\d{4}-\d\d-\d\dT/) != nil }
        guard let newest = names.filter(isResults).max() else {
            throw UsageError("no results file in \(folder); name the files, or measure with 'invbench'")
        }
        return folder + "/" + newest
    }
}
