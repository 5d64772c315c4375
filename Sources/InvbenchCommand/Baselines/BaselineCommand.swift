import ArgumentParser
import BenchmarkRecords
import Foundation

/// `invbench baseline`: results that later versions are compared with.
struct BaselineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Keeps results under a name, for later versions to be compared with.",
        discussion: """
            A baseline is one plain file, <results>/<machine>/<name>.baseline, that holds its results files word for \
            word. A name has letters, digits, '.', '_' and '-'. 'invbench compare baseline:NAME new.json' compares with \
            it.

              invbench baseline save main old-runs
              invbench compare baseline:main new-runs
            """,
        subcommands: [SaveBaseline.self, ListBaselines.self, ShowBaseline.self, DeleteBaseline.self])
}

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
        let paths = files.isEmpty ? [try newestFile()] : files
        let baseline = try UsageError.explaining { try Baseline(of: paths, saved: Date()) }
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

/// `invbench baseline list`: the baselines of a machine.
struct ListBaselines: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the baselines of a machine; damaged ones are named and left alone.")

    @OptionGroup var place: BaselinePlace

    func run() throws {
        let folder = try place.folder()
        let entries = try UsageError.explaining { try folder.entries() }
        var lines = [["name", "saved", "commit", "files", "repetitions", "benchmarks"]]
        for entry in entries {
            switch entry.baseline {
            case .success(let baseline): lines.append(Self.line(entry.name, baseline))
            case .failure(let error): StandardError.say("damaged: \(error)")
            }
        }
        let output = TextSink.standardOutput()
        let nothing = "no baseline in \(folder.path); 'invbench baseline save' keeps one\n"
        output.write(entries.isEmpty ? nothing : TextColumns.aligned(lines, indent: 0))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private static func line(_ name: String, _ baseline: Baseline) -> [String] {
        let commits = PrintableText.of(baseline.contextValues("commit").joined(separator: " "))
        return [
            name, baseline.saved.formatted(.iso8601), commits.isEmpty ? "-" : commits, String(baseline.runs.count),
            text(of: baseline.repetitions), String(baseline.benchmarkCount),
        ]
    }

    /// How many repetitions its benchmarks have: `9`, `5-9`.
    static func text(of repetitions: ClosedRange<Int>) -> String {
        let (fewest, most) = (repetitions.lowerBound, repetitions.upperBound)
        return fewest == most ? String(most) : "\(fewest)-\(most)"
    }
}

/// Which baseline: its name, and the folder that it is in.
struct KeptBaseline: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Which one.", valueName: "name"),
        completion: .custom { _, _, _ in BaselinePlace.thisMachinesNames(in: "results") })
    var name: String

    @OptionGroup var place: BaselinePlace
}

/// `invbench baseline show`: where a baseline comes from, and what was measured.
struct ShowBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows where a baseline comes from, and the medians of its benchmarks.")

    @OptionGroup var kept: KeptBaseline

    /// What the contexts say of the origin, in the order of the text.
    private static let facts = [
        "machine_id", "cpu_model", "hypervisor", "governor", "kernel", "commit", "tree_dirty", "compiler", "build_type",
        "profile", "window_ns", "date",
    ]

    func run() throws {
        let baseline = try BaselinePlace.baseline(BaselinePlace.name(kept.name), in: kept.place.folder())
        let output = TextSink.standardOutput()
        output.write(Self.text(Self.origin(of: baseline)) + "\n" + Self.text(baseline.table))
        for warning in baseline.warnings { output.write("\nwarning: \(warning)\n") }
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private static func text(_ rows: [[String]]) -> String {
        TextColumns.aligned(rows.map { $0.map(PrintableText.of) }, indent: 0)
    }

    private static func origin(of baseline: Baseline) -> [[String]] {
        let facts = facts.flatMap { key in
            baseline.contextValues(key).enumerated().map { [$0 == 0 ? key : "", $1] }
        }
        let files = baseline.runs.enumerated().map { [$0 == 0 ? "files" : "", $1.file] }
        return [["saved", baseline.saved.formatted(.iso8601)]] + facts + files
    }
}

/// `invbench baseline delete`: removes a baseline.
struct DeleteBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes a baseline; the results files that it was made of stay.")

    @OptionGroup var kept: KeptBaseline

    func run() throws {
        let name = try BaselinePlace.name(kept.name)
        let folder = try kept.place.folder()
        try BaselinePlace.check(name, isIn: folder)
        do {
            try folder.remove(name)
        } catch {
            StandardError.say("\(error)")
            throw ExitStatus.unwritten
        }
    }
}
