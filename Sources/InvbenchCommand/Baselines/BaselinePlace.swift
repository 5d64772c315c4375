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
        do {
            return try Baseline(reading: folder.path(of: name))
        } catch {
            throw UsageError(error.description)
        }
    }

    /// Refuses a name that no baseline in `folder` has.
    static func check(_ name: FileNamePart, isIn folder: BaselineFolder) throws {
        if folder.contains(name) { return }
        let names = try names(in: folder)
        let guess = NearestName.of(name.description, among: names).map { "did you mean \($0)?" }
        let others = names.isEmpty ? "'invbench baseline save' keeps one" : "there is \(names.joined(separator: ", "))"
        throw UsageError("no baseline '\(name)' in \(folder.path); \(guess ?? others)")
    }

    private static func names(in folder: BaselineFolder) throws -> [String] {
        do {
            return try folder.names()
        } catch {
            throw UsageError(error.description)
        }
    }
}
