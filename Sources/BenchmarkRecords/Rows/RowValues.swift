/// The values of one element of `benchmarks`, from which a row is made.
struct RowValues {
    /// Where the element is: for errors.
    let path: String
    let place: String
    var own: [Field: Scalar] = [:]
    var counters: [String: Double] = [:]

    /// The values that are not counters; the raw value is the key.
    enum Field: String {
        case name
        case runName = "run_name"
        case runType = "run_type"
        case aggregateName = "aggregate_name"
        case aggregateUnit = "aggregate_unit"
        /// Written by a benchmark that skipped itself with an error.
        case hasFailed = "error_occurred"
        /// Written by one that skipped itself with a message; Google Benchmark 1.8 and later.
        case isSkipped = "skipped"
        case repetitions
        case repetitionIndex = "repetition_index"
        case iterations
        case realTime = "real_time"
        case processorTime = "cpu_time"
        case timeUnit = "time_unit"
    }

    /// A value as far as a row can use it.
    enum Scalar: Equatable {
        case text(String)
        case number(Double)
        case bool(Bool)
        case other
    }

    /// For the element at `place` in the file at `path`.
    init(path: String, place: String) {
        self.path = path
        self.place = place
    }

    /// What an element comes to.
    struct Outcome {
        /// `nil` for what measures nothing.
        var row: ResultRow?
        /// `nil` unless it is a repetition without a time.
        var unmeasured: UnmeasuredRow?
    }

    /// Makes a row of the values.
    func outcome() throws(ResultsFileError) -> Outcome {
        if own[.hasFailed] == .bool(true) { return Outcome(unmeasured: try unmeasured(.failed)) }
        if own[.isSkipped] == .bool(true) { return Outcome(unmeasured: try unmeasured(.skipped)) }
        let row = try row()
        guard let row, row.runType == .iteration, row.realNanoseconds <= 0 else { return Outcome(row: row) }
        return Outcome(row: row, unmeasured: try unmeasured(.notPositive))
    }

    private func unmeasured(_ reason: UnmeasuredRow.Reason) throws(ResultsFileError) -> UnmeasuredRow {
        UnmeasuredRow(runName: try runName(), reason: reason)
    }

    private func runName() throws(ResultsFileError) -> String { try text(own[.runName] == nil ? .name : .runName) }

    /// `nil` for a complexity fit.
    private func row() throws(ResultsFileError) -> ResultRow? {
        let runType = try runType()
        if case .aggregate("BigO") = runType { return nil }
        if case .aggregate("RMS") = runType { return nil }

        let runName = try runName()
        let scale = try own[.aggregateUnit] == .text("percentage") ? 1 : nanosecondsPerUnit()
        return ResultRow(
            runName: runName, runType: runType,
            repetitionIndex: try own[.repetitionIndex] == nil ? nil : count(.repetitionIndex),
            repetitions: try own[.repetitions] == nil ? 1 : count(.repetitions),
            iterations: try count(.iterations), realNanoseconds: try time(.realTime, in: scale),
            cpuNanoseconds: try time(.processorTime, in: scale), counters: counters)
    }

    private func runType() throws(ResultsFileError) -> ResultRow.RunType {
        guard own[.runType] != nil else { return .iteration }
        switch try text(.runType) {
        case "iteration": return .iteration
        case "aggregate": return .aggregate(try text(.aggregateName))
        case let other: throw error(at: .runType, "unknown run type \"\(other)\"")
        }
    }

    private func nanosecondsPerUnit() throws(ResultsFileError) -> Double {
        switch try text(.timeUnit) {
        case "ns": return 1
        case "us": return 1e3
        case "ms": return 1e6
        case "s": return 1e9
        case let other: throw error(at: .timeUnit, "unknown unit \"\(other)\"")
        }
    }

    private func text(_ field: Field) throws(ResultsFileError) -> String {
        guard case .text(let value) = own[field] else { throw error(at: field, "a text is due") }
        return value
    }

    private func number(_ field: Field) throws(ResultsFileError) -> Double {
        guard case .number(let value) = own[field] else { throw error(at: field, "a number is due") }
        return value
    }

    private func time(_ field: Field, in nanoseconds: Double) throws(ResultsFileError) -> Double {
        let time = try number(field) * nanoseconds
        guard time.isFinite else { throw error(at: field, "the time is too long") }
        return time
    }

    private func count(_ field: Field) throws(ResultsFileError) -> Int {
        guard let value = Int(exactly: try number(field)), value >= 0 else {
            throw error(at: field, "a whole number, 0 or above, is due")
        }
        return value
    }

    private func error(at field: Field, _ reason: String) -> ResultsFileError {
        ResultsFileError(path: path, place: "\(place).\(field.rawValue)", reason: reason)
    }
}

extension JSONScanner {
    /// Reads a value of any kind, as far as a row can use it.
    mutating func readScalar() throws(JSONValue.SyntaxError) -> RowValues.Scalar {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "\""): return .text(try readString())
        case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return .number(try readNumber().value)
        default:
            guard case .bool(let value) = try readValue() else { return .other }
            return .bool(value)
        }
    }
}
