import Foundation

/// The file of a calibration: JSON, with a schema version.
///
///     {"invbench_calibration": 1, "between_runs": 0.011, "benchmarks": {"storm/...": {"runs": 10, "commit": "...",
///      "date": "...", "deviations": {"faults_per_second": 0.012}}}}
///
/// `between_runs` is absent if no two guards were measured in one workload.
extension NoiseCalibration {
    private struct Document: Encodable {
        let benchmarks: [String: Benchmark]
        let betweenRuns: Double?
        let version: Int

        enum CodingKeys: String, CodingKey {
            case benchmarks
            case betweenRuns = "between_runs"
            case version = "invbench_calibration"
        }
    }

    private static let version = 1

    /// The contents of its file.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(
            decoding: try encoder.encode(
                Document(benchmarks: benchmarks, betweenRuns: betweenRuns, version: Self.version)), as: UTF8.self)
            + "\n"
    }

    /// Reads the file at `path`; `nil` where there is none.
    public init?(reading path: String) throws(ResultsFileError) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        try self.init(json: ResultsFile.contents(of: path), path: path)
    }

    /// Reads the contents of a file; `path` is named in errors.
    init(json: Data, path: String) throws(ResultsFileError) {
        let document = try VersionedDocument.parse(
            json, key: "invbench_calibration", newest: Self.version, path: path)
        guard case .object(let members) = document["benchmarks"] else {
            throw ResultsFileError(path: path, place: "benchmarks", reason: "no such object")
        }
        var benchmarks: [String: Benchmark] = [:]
        for member in members {
            guard let benchmark = Benchmark(member.value) else {
                throw ResultsFileError(
                    path: path, place: "benchmarks.\(member.key)",
                    reason:
                        "runs, commit, date and deviations of 0 or above are due; delete the file and calibrate again")
            }
            benchmarks[member.key] = benchmark
        }
        var betweenRuns: Double?
        if let value = document["between_runs"] {
            guard case .number(let deviation, _) = value, deviation >= 0 else {
                throw ResultsFileError(
                    path: path, place: "between_runs",
                    reason: "a number of 0 or above is due; delete the file and calibrate again")
            }
            betweenRuns = deviation
        }
        self.init(path: path, benchmarks: benchmarks, betweenRuns: betweenRuns)
    }
}

extension NoiseCalibration.Benchmark {
    /// `nil` where something is missing or cannot be.
    fileprivate init?(_ object: JSONValue) {
        guard case .number(let runs, _) = object["runs"], let runs = Int(exactly: runs), runs >= 2,
            case .string(let commit) = object["commit"], case .string(let date) = object["date"],
            case .object(let members) = object["deviations"]
        else { return nil }
        var deviations: [String: Double] = [:]
        for member in members {
            guard case .number(let deviation, _) = member.value, deviation >= 0 else { return nil }
            deviations[member.key] = deviation
        }
        self.init(runs: runs, commit: commit, date: date, deviations: deviations)
    }
}
