import Foundation

/// Results files that are kept together, for later versions to be compared with.
///
/// The file is JSON and holds them word for word, with their names:
///
///     {"invbench_baseline": 1, "saved": "2026-01-31T09:05:00Z", "runs": [
///     {"file": "new.json", "results":
///     {"context": {...}, "benchmarks": [...]}
///     }
///     ]}
///
/// What the baseline is called is the name of its file alone.
public struct Baseline: Sendable {
    /// One of the results files.
    public struct Run: Sendable {
        /// What the file was called.
        public let file: String
        /// What is in it.
        public let results: ResultsFile
        /// The same as JSON.
        let json: String
    }

    /// When it was put together, to the second.
    public let saved: Date
    /// The results files, in the order in which they were named; at least one, and a repetition in one of them.
    public let runs: [Run]

    /// Puts together the results files at `paths`: each a file, or a folder that is read with all below it.
    ///
    /// Throws where one of them cannot be read, where one is named twice, and where they hold no repetition.
    public init(of paths: [String], saved: Date) throws(ResultsFileError) {
        var runs: [Run] = []
        var seen: Set<String> = []
        for path in paths {
            for file in try ComparisonSide.resultsFiles(at: path) {
                guard seen.insert(URL(fileURLWithPath: file).standardizedFileURL.path).inserted else {
                    throw ResultsFileError(path: file, place: nil, reason: "named twice; its repetitions count once")
                }
                let json = try ResultsFile.contents(of: file)
                let results = try ResultsFile(json: json, path: file)
                runs.append(Run(file: file, results: results, json: String(decoding: json, as: UTF8.self)))
            }
        }
        try self.init(saved: saved, runs: runs, path: paths.joined(separator: ", "))
    }

    private init(saved: Date, runs: [Run], path: String) throws(ResultsFileError) {
        guard runs.contains(where: { $0.results.rows.contains { $0.runType == .iteration } }) else {
            let unmeasured = runs.flatMap(\.results.unmeasured)
            throw ResultsFileError(path: path, place: nil, reason: ComparisonSide.withoutRepetition(unmeasured))
        }
        self.saved = saved
        self.runs = runs
    }
}

extension Baseline {
    private static let version = "invbench_baseline"

    /// The contents of its file.
    public var json: String {
        let runs = runs.map { run in
            // A list of one, without its brackets.
            let file = JSONValue.array([.string(run.file)]).text.dropFirst().dropLast()
            return "{\"file\": \(file), \"results\":\n\(run.json)\n}"
        }
        return """
            {"\(Self.version)": 1, "saved": "\(saved.formatted(.iso8601))", "runs": [
            \(runs.joined(separator: ",\n"))
            ]}

            """
    }

    /// Reads the file at `path`.
    public init(reading path: String) throws(ResultsFileError) {
        try self.init(json: ResultsFile.contents(of: path), path: path)
    }

    /// Reads the contents of a file; `path` is named in errors.
    ///
    /// Throws where it is damaged, or written by a newer invbench.
    public init(json: Data, path: String) throws(ResultsFileError) {
        let document = try VersionedDocument.parse(json, key: Self.version, newest: 1, path: path)
        guard case .string(let text) = document["saved"], let saved = try? Date(text, strategy: .iso8601) else {
            throw ResultsFileError(path: path, place: "saved", reason: "a time such as 2026-01-31T09:05:00Z is due")
        }
        guard case .array(let elements) = document["runs"] else {
            throw ResultsFileError(path: path, place: "runs", reason: "no such list")
        }
        var runs: [Run] = []
        for (index, element) in elements.enumerated() {
            runs.append(try Run(element, path: path, place: "runs[\(index)]"))
        }
        try self.init(saved: saved, runs: runs, path: path)
    }
}

extension Baseline.Run {
    fileprivate init(_ element: JSONValue, path: String, place: String) throws(ResultsFileError) {
        guard case .string(let file) = element["file"] else {
            throw ResultsFileError(path: path, place: place + ".file", reason: "a text is due")
        }
        guard let document = element["results"] else {
            throw ResultsFileError(path: path, place: place + ".results", reason: "a results file is due")
        }
        self.file = file
        json = document.text
        do {
            results = try ResultsFile(json: Data(json.utf8), path: path)
        } catch {
            let inner = [place + ".results", error.place].compactMap(\.self).joined(separator: ".")
            throw ResultsFileError(path: path, place: inner, reason: error.reason)
        }
    }
}
