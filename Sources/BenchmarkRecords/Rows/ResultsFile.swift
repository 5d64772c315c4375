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
        PrintableText.of([path, place, reason].compactMap(\.self).joined(separator: ": "))
    }
}

/// The contents of a results file in Google Benchmark's JSON, ours or another program's.
///
/// The text must be JSON in the strict sense: `NaN` and `Infinity`, which Google Benchmark writes for some aggregates,
/// are refused. The rows of a complexity fit (`BigO`, `RMS`), of failed benchmarks and
/// of skipped ones are left out: they measure nothing. Which repetitions have no time is in ``unmeasured``.
public struct ResultsFile: Sendable {
    /// What the run says about itself. Numbers and booleans stand as they were written, lists and objects as JSON.
    public let context: [String: String]
    /// The rows in the order of the file.
    public let rows: [ResultRow]
    /// The repetitions without a time, in the order of the file: those that failed or were skipped, which are no rows, and
    /// those with a time of 0 or below, which are.
    public let unmeasured: [UnmeasuredRow]

    /// Reads a file; where `counters` are given, rows keep only those of their counters.
    ///
    /// The whole file is checked all the same.
    public init(reading path: String, counters: Set<String>? = nil) throws(ResultsFileError) {
        try self.init(json: Self.contents(of: path), path: path, counters: counters)
    }

    /// All of a file.
    static func contents(of path: String) throws(ResultsFileError) -> Data {
        do {
            // Not mapped: a run may be writing the file, and one that becomes shorter would end the process.
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
            throw ResultsFileError(path: path, place: nil, reason: "cannot read: \(reason.localizedDescription)")
        }
    }

    /// Reads the contents of a file, as ``init(reading:counters:)`` does; `path` is named in errors.
    public init(json: Data, path: String, counters: Set<String>? = nil) throws(ResultsFileError) {
        let result = json.withUnsafeBytes { raw in
            // The reader is used inside of the closure, where the bytes are valid.
            raw.withMemoryRebound(to: UInt8.self) { bytes in
                Result { () throws(ResultsFileError) in
                    try DocumentReader(path: path, counters: counters).contents(of: bytes)
                }
            }
        }
        self = try result.get()
    }

    fileprivate init(context: [String: String], rows: [ResultRow], unmeasured: [UnmeasuredRow]) {
        self.context = context
        self.rows = rows
        self.unmeasured = unmeasured
    }
}

/// Reads the document of a results file.
private struct DocumentReader {
    let path: String
    let counters: Set<String>?
    private var context: [String: String]?
    private var rows: [ResultRow]?
    private var unmeasured: [UnmeasuredRow] = []
    /// The first row that is JSON and no row; a fault of the text, wherever it is, comes before it.
    private var rowFault: ResultsFileError?

    init(path: String, counters: Set<String>?) {
        self.path = path
        self.counters = counters
    }

    func contents(of bytes: UnsafeBufferPointer<UInt8>) throws(ResultsFileError) -> ResultsFile {
        var reader = self
        do {
            var scanner = JSONScanner(bytes)
            try reader.read(&scanner)
            try scanner.readEnd()
        } catch {
            throw ResultsFileError(
                path: path, place: "line \(error.line), column \(error.column)", reason: error.reason)
        }
        guard let context = reader.context else {
            throw ResultsFileError(path: path, place: "context", reason: "no such object")
        }
        guard let rows = reader.rows else {
            throw ResultsFileError(path: path, place: "benchmarks", reason: "no such list")
        }
        if let rowFault = reader.rowFault { throw rowFault }
        return ResultsFile(context: context, rows: rows, unmeasured: reader.unmeasured)
    }

    /// Passes a document that is no object; says what stands before one.
    private func explainBeginning(of scanner: inout JSONScanner) throws(JSONValue.SyntaxError) {
        let beginning = scanner
        if scanner.skipWord("\u{FEFF}") {
            throw beginning.error("a byte order mark; save the file as UTF-8 without one")
        }
        do {
            _ = try scanner.readValue()
            try scanner.readEnd()
        } catch {
            guard scanner.bytes[beginning.position...].contains(UInt8(ascii: "{")) else { throw error }
            throw beginning.error(
                "text before the document, which begins with {; take what --benchmark_out wrote, not what a program prints"
            )
        }
    }

    private mutating func read(_ scanner: inout JSONScanner) throws(JSONValue.SyntaxError) {
        scanner.skipWhitespace()
        guard scanner.current == UInt8(ascii: "{") else {
            try explainBeginning(of: &scanner)
            return
        }
        var keys: Set<String> = []
        try scanner.readObject { (scanner) throws(JSONValue.SyntaxError) in
            try scanner.readKey(unlike: &keys)
        } member: { (scanner, key) throws(JSONValue.SyntaxError) in
            scanner.skipWhitespace()
            switch (key, scanner.current) {
            case ("context", _):
                guard case .object(let members) = try scanner.readValue() else { return }
                context = Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value.text) })
            case ("benchmarks", UInt8(ascii: "[")): rows = try readRows(&scanner)
            default: try scanner.skipValue()
            }
        }
    }

    private mutating func readRows(_ scanner: inout JSONScanner) throws(JSONValue.SyntaxError) -> [ResultRow] {
        var reader = RowReader(path: path, wanted: counters)
        var rows: [ResultRow] = []
        try scanner.readArray { (scanner) throws(JSONValue.SyntaxError) in
            switch try reader.readRow(&scanner) {
            case .success(let outcome):
                if let row = outcome.row { rows.append(row) }
                if let row = outcome.unmeasured { unmeasured.append(row) }
            case .failure(let fault): rowFault = rowFault ?? fault
            }
        }
        return rows
    }
}
