import Foundation

/// One of the two versions that are compared: all repetitions in a results file, or in a folder of them.
public struct ComparisonSide: Sendable {
    /// What was named.
    public let path: String
    /// The files that were read, in the order of their names.
    public let files: [String]
    /// What each of the files says about its run.
    let contexts: [[String: String]]
    /// The repetitions, of all files together.
    let rows: [ResultRow]
    /// The repetitions of its files that have no time.
    public let unmeasured: [UnmeasuredRow]

    /// Reads the results file or the baseline at `path`, or where that is a folder every `.json` file in it and in the
    /// folders below; hidden ones are left alone.
    ///
    /// Throws where one of them cannot be read, where there is none, and where they hold no repetition.
    public init(reading path: String) throws(ResultsFileError) {
        if path.hasSuffix(BaselineFolder.ending) {
            self.init(try Baseline(reading: path), path: path)
            return
        }
        let paths = try Self.resultsFiles(at: path)
        var contexts: [[String: String]] = []
        var rows: [ResultRow] = []
        var unmeasured: [UnmeasuredRow] = []
        for path in paths {
            let file = try ResultsFile(reading: path)
            contexts.append(file.context)
            rows += file.rows.filter { $0.runType == .iteration }
            unmeasured += file.unmeasured
        }
        guard !rows.isEmpty else {
            throw ResultsFileError(path: path, place: nil, reason: Self.withoutRepetition(unmeasured))
        }
        self.init(path: path, files: paths, contexts: contexts, rows: rows, unmeasured: unmeasured)
    }

    /// A side whose files have been read.
    package init(
        path: String, files: [String], contexts: [[String: String]], rows: [ResultRow],
        unmeasured: [UnmeasuredRow] = []
    ) {
        self.path = path
        self.files = files
        self.contexts = contexts
        self.rows = rows
        self.unmeasured = unmeasured
    }

    /// The values of a key in the files' contexts, each once, in order.
    public func contextValues(_ key: String) -> [String] { Set(contexts.compactMap { $0[key] }).sorted() }

    /// The hosts that its files are of, each once, in order.
    var hosts: [MeasuredHost] { Set(MeasuredHost.hosts(of: contexts)).sorted { $0.description < $1.description } }

    /// When the files were measured.
    var dates: [Date] { contexts.compactMap { $0["date"] }.compactMap { try? Date($0, strategy: .iso8601) } }

    /// Why files that can be read are no side.
    static func withoutRepetition(_ unmeasured: [UnmeasuredRow]) -> String {
        "no repetition in it; "
            + (UnmeasuredRow.summary(of: unmeasured) ?? "one value each is needed, aggregates alone do not do")
    }

    /// The results files that `path` stands for, in the order of their names: itself, or all below a folder.
    package static func resultsFiles(at path: String) throws(ResultsFileError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return [path]
        }
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        var failure: String?
        let found = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: nil, options: .skipsHiddenFiles,
            errorHandler: { url, error in
                failure = "cannot read \(url.path): \(error.localizedDescription)"
                return false
            })
        let names = (found?.compactMap { ($0 as? URL)?.path } ?? []).filter { $0.hasSuffix(".json") }.sorted()
        if found == nil || failure != nil {
            throw ResultsFileError(path: path, place: nil, reason: failure ?? "cannot read the folder")
        }
        guard !names.isEmpty else {
            throw ResultsFileError(path: path, place: nil, reason: "no .json file in this folder or below it")
        }
        return names
    }
}
