import ArgumentParser
import BenchmarkRecords

/// Where baselines are: the flags that say so, and the names in the folder.
struct BaselinePlace: ParsableArguments {
    @Option(help: ArgumentHelp("Where results are kept. (default: results)", valueName: "folder"))
    var results = "results"

    @Option(help: ArgumentHelp("Whose baselines, by the machine's id. (default: this machine's)", valueName: "id"))
    var machine: String?

    /// The folder of the machine that was named, or else of `other`, or else of this one.
    func folder(orOf other: String? = nil) throws -> BaselineFolder {
        try Self.folder(of: machine ?? other, in: results)
    }

    /// The folder of a machine below `results`; `nil` is this machine.
    static func folder(of machine: String?, in results: String) throws -> BaselineFolder {
        let id = machine ?? MachineFacts().machineID
        guard let part = FileNamePart(id) else {
            throw UsageError("'\(id)' is no machine's id; it has letters, digits, '.', '_' and '-'")
        }
        return BaselineFolder(results: results, machine: part)
    }

    /// A baseline's name.
    static func name(_ text: String) throws -> FileNamePart {
        guard let name = FileNamePart(text) else {
            throw UsageError(
                "'\(text)' is no baseline's name; it has letters, digits, '.', '_' and '-', 100 at "
                    + "most, and begins with a letter, a digit or '_'")
        }
        return name
    }

    /// The baseline of a name in `folder`.
    static func baseline(_ name: FileNamePart, in folder: BaselineFolder) throws -> Baseline {
        try check(name, isIn: folder)
        return try UsageError.explaining { try Baseline(reading: folder.path(of: name)) }
    }

    /// What a shell may complete a baseline's name to: those of this machine below `results`.
    static func thisMachinesNames(in results: String) -> [String] {
        // Where the folder cannot be read there is nothing to offer, and nobody to tell it.
        (try? folder(of: nil, in: results).names()) ?? []
    }

    /// Refuses a name that no baseline in `folder` has.
    static func check(_ name: FileNamePart, isIn folder: BaselineFolder) throws {
        if folder.contains(name) { return }
        let names = try UsageError.explaining { try folder.names() }
        let guess = NearestName.of(name.description, among: names).map { "did you mean \($0)?" }
        let others = names.isEmpty ? "'invbench baseline save' keeps one" : "there is \(names.joined(separator: ", "))"
        throw UsageError("no baseline '\(name)' in \(folder.path); \(guess ?? others)")
    }
}

/// The two sides of a comparison as the command line names them: files, folders, and `baseline:<name>`.
struct ComparedSides {
    let base: ComparisonSide
    let new: ComparisonSide

    /// Reads both. A baseline is looked for below `results` with the machine that the other side was measured on, or
    /// else with this one.
    init(base: String, new: String, results: String) throws {
        let named = (try Self.read(base), try Self.read(new))
        let measured = [named.0, named.1].compactMap(\.self).flatMap { $0.contextValues("machine_id") }
        let machine = Set(measured).count == 1 ? measured[0] : nil
        self.base = try named.0 ?? Self.baseline(base, of: machine, in: results)
        self.new = try named.1 ?? Self.baseline(new, of: machine, in: results)
    }

    private static let prefix = "baseline:"

    /// `nil` for a baseline's name.
    private static func read(_ side: String) throws -> ComparisonSide? {
        side.hasPrefix(prefix) ? nil : try UsageError.explaining { try ComparisonSide(reading: side) }
    }

    private static func baseline(_ side: String, of machine: String?, in results: String) throws -> ComparisonSide {
        let name = try BaselinePlace.name(String(side.dropFirst(prefix.count)))
        let folder = try BaselinePlace.folder(of: machine, in: results)
        return ComparisonSide(try BaselinePlace.baseline(name, in: folder), path: side)
    }
}
