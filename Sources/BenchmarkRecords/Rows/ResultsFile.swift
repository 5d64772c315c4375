import Foundation

/// Why a results file could not be read.
public struct ResultsFileError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// Where in it: `line 3, column 17` or `benchmarks[4].real_time`; `nil` where no part of it could be read.
    public let place: String?
    /// What is wrong there.
    public let reason: String

    /// One line for a person: the file, the place, the reason. What a key in the file may hold and a line may not is
    /// shown as U+FFFD.
    public var description: String {
        let text = [path, place, reason].compactMap(\.self).joined(separator: ": ")
        return String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

/// The contents of a results file in Google Benchmark's JSON, ours or another program's.
///
/// The text must be JSON in the strict sense: `NaN` and `Infinity`, which Google Benchmark writes for some aggregates,
/// are refused. The rows of a complexity fit (`BigO`, `RMS`) and of failed benchmarks are left out: they measure nothing.
public struct ResultsFile: Sendable {
    /// What the run says about itself. Numbers and booleans stand as they were written, lists and objects as JSON.
    public let context: [String: String]
    /// The rows in the order of the file.
    public let rows: [ResultRow]

    /// Reads a file.
    public init(reading path: String) throws(ResultsFileError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
            throw ResultsFileError(path: path, place: nil, reason: "cannot read: \(reason.localizedDescription)")
        }
        try self.init(json: data, path: path)
    }

    /// Reads the contents of a file; `path` is named in errors.
    public init(json: Data, path: String) throws(ResultsFileError) {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: Array(json))
        } catch {
            throw ResultsFileError(
                path: path, place: "line \(error.line), column \(error.column)", reason: error.reason)
        }
        guard case .object(let context) = document["context"] else {
            throw ResultsFileError(path: path, place: "context", reason: "no such object")
        }
        guard case .array(let benchmarks) = document["benchmarks"] else {
            throw ResultsFileError(path: path, place: "benchmarks", reason: "no such list")
        }
        self.context = Dictionary(uniqueKeysWithValues: context.map { ($0.key, $0.value.text) })
        var rows: [ResultRow] = []
        for (index, benchmark) in benchmarks.enumerated() {
            let reader = RowReader(object: benchmark, path: path, place: "benchmarks[\(index)]")
            if let row = try reader.row() { rows.append(row) }
        }
        self.rows = rows
    }
}

/// Turns one element of `benchmarks` into a row.
private struct RowReader {
    let object: JSONValue
    let path: String
    let place: String

    /// Numbers with these keys belong to the row itself; all others are counters.
    private static let ownKeys: Set<String> = [
        "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations",
        "real_time", "cpu_time",
    ]

    /// `nil` for rows that measure nothing.
    func row() throws(ResultsFileError) -> ResultRow? {
        guard case .object(let members) = object else { throw error(at: nil, "not an object") }
        guard object["error_occurred"] != .bool(true) else { return nil }
        let runType = try runType()
        if case .aggregate("BigO") = runType { return nil }
        if case .aggregate("RMS") = runType { return nil }

        let name = try string("name")
        let runName = try object["run_name"] == nil ? name : string("run_name")
        let scale = try object["aggregate_unit"] == .string("percentage") ? 1 : nanosecondsPerUnit()
        var counters: [String: Double] = [:]
        for member in members where !Self.ownKeys.contains(member.key) {
            if case .number(let value, _) = member.value { counters[member.key] = value }
        }
        return ResultRow(
            runName: runName, runType: runType,
            repetitionIndex: try object["repetition_index"] == nil ? nil : count("repetition_index"),
            repetitions: try object["repetitions"] == nil ? 1 : count("repetitions"),
            iterations: try count("iterations"), realNanoseconds: try time("real_time", in: scale),
            cpuNanoseconds: try time("cpu_time", in: scale), counters: counters)
    }

    private func runType() throws(ResultsFileError) -> ResultRow.RunType {
        guard object["run_type"] != nil else { return .iteration }
        switch try string("run_type") {
        case "iteration": return .iteration
        case "aggregate": return .aggregate(try string("aggregate_name"))
        case let other: throw error(at: "run_type", "unknown run type \"\(other)\"")
        }
    }

    private func nanosecondsPerUnit() throws(ResultsFileError) -> Double {
        switch try string("time_unit") {
        case "ns": return 1
        case "us": return 1e3
        case "ms": return 1e6
        case "s": return 1e9
        case let other: throw error(at: "time_unit", "unknown unit \"\(other)\"")
        }
    }

    private func string(_ key: String) throws(ResultsFileError) -> String {
        guard case .string(let value) = object[key] else { throw error(at: key, "a text is due") }
        return value
    }

    private func number(_ key: String) throws(ResultsFileError) -> Double {
        guard case .number(let value, _) = object[key] else { throw error(at: key, "a number is due") }
        return value
    }

    private func time(_ key: String, in nanoseconds: Double) throws(ResultsFileError) -> Double {
        let time = try number(key) * nanoseconds
        guard time.isFinite else { throw error(at: key, "the time is too long") }
        return time
    }

    private func count(_ key: String) throws(ResultsFileError) -> Int {
        guard let value = Int(exactly: try number(key)), value >= 0 else {
            throw error(at: key, "a whole number, 0 or above, is due")
        }
        return value
    }

    private func error(at key: String?, _ reason: String) -> ResultsFileError {
        ResultsFileError(path: path, place: key.map { "\(place).\($0)" } ?? place, reason: reason)
    }
}
