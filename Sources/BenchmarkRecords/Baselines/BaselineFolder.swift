import Foundation

/// The baselines of one machine: `<results>/<machine-id>/<name>.baseline`, beside its results files.
public struct BaselineFolder: Sendable {
    /// One file of the folder.
    public struct Entry: Sendable {
        /// What it is called.
        public let name: String
        /// What is in it, or why it cannot be read.
        public let baseline: Result<Baseline, ResultsFileError>
    }

    /// The folder; it need not exist.
    public let path: String

    /// What the names of the files end with.
    static let ending = ".baseline"

    /// The folder of a machine's baselines below the folder `results`.
    public init(results: String, machine: FileNamePart) { path = "\(results)/\(machine)" }

    /// The baselines' names, in order, damaged ones too; none where there is no such folder. Throws where it cannot be
    /// read.
    public func names() throws(ResultsFileError) -> [String] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasSuffix(Self.ending) && !$0.hasPrefix(".") }
                .map { String($0.dropLast(Self.ending.count)) }.sorted()
        } catch {
            throw ResultsFileError(path: path, place: nil, reason: "cannot read the folder")
        }
    }

    /// All that is in the folder, by the names. A damaged one is told beside the others.
    public func entries() throws(ResultsFileError) -> [Entry] {
        try names().map { name in
            let file = path + "/" + name + Self.ending
            return Entry(
                name: name,
                baseline: Result { () throws(ResultsFileError) in
                    guard FileNamePart(name) != nil else {
                        throw ResultsFileError(path: file, place: nil, reason: "not a name that can be asked for")
                    }
                    return try Baseline(reading: file)
                })
        }
    }

    /// The file of a baseline.
    public func path(of name: FileNamePart) -> String { "\(path)/\(name)\(Self.ending)" }

    /// Whether there is one of that name.
    public func contains(_ name: FileNamePart) -> Bool { FileManager.default.fileExists(atPath: path(of: name)) }

    /// Keeps a baseline under a name; one that has it is replaced.
    public func save(_ baseline: Baseline, as name: FileNamePart) throws(AtomicFileError) {
        try AtomicFile.write(baseline.json, to: path(of: name))
    }

    /// Removes a baseline, damaged or not.
    public func remove(_ name: FileNamePart) throws(AtomicFileError) {
        if unlink(path(of: name)) != 0 {
            throw AtomicFileError(path: path(of: name), reason: "cannot remove: \(String(cString: strerror(errno)))")
        }
    }
}
