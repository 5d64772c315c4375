/// One row of a results file: one repetition of a benchmark, or one aggregate over its repetitions.
public struct ResultRow: Hashable, Sendable {
    /// What the row's values are.
    public enum RunType: Hashable, Sendable {
        /// One repetition, measured.
        case iteration
        /// Computed from the repetitions: `mean`, `median`, `stddev`, `cv`.
        case aggregate(String)
    }

    /// The benchmark's name without the suffix of an aggregate; for ours, the text of a ``CellName``.
    public let runName: String
    /// Whether the row was measured or computed.
    public let runType: RunType
    /// Which repetition this is, from 0; `nil` for aggregates.
    public let repetitionIndex: Int?
    /// How many repetitions the benchmark was to have, 1 or above.
    public let repetitions: Int
    /// How often the timed body ran; for an aggregate, how many repetitions went into it.
    public let iterations: Int
    /// Wall time of an iteration, in nanoseconds; of a repetition that is read from a file 0 or less where it has none; the
    /// bare quotient in an aggregate `cv`.
    public let realNanoseconds: Double
    /// Processor time of an iteration, in nanoseconds; the bare quotient in an aggregate `cv`.
    public let cpuNanoseconds: Double
    /// The other values, by the keys of the results file; always finite.
    public let counters: [String: Double]

    /// A row; counters that are NaN or infinite are left out, since JSON has no word for them.
    public init(
        runName: String, runType: RunType = .iteration, repetitionIndex: Int? = nil, repetitions: Int = 1,
        iterations: Int = 1, realNanoseconds: Double, cpuNanoseconds: Double, counters: [String: Double] = [:]
    ) {
        self.runName = runName
        self.runType = runType
        self.repetitionIndex = repetitionIndex
        self.repetitions = repetitions
        self.iterations = iterations
        self.realNanoseconds = realNanoseconds
        self.cpuNanoseconds = cpuNanoseconds
        self.counters = counters.filter(\.value.isFinite)
    }

    /// The name as Google Benchmark writes it: an aggregate has its own name appended.
    public var name: String {
        switch runType {
        case .iteration: runName
        case .aggregate(let aggregate): "\(runName)_\(aggregate)"
        }
    }

    /// The cell that was measured; `nil` for benchmarks that are not ours.
    public var cell: CellName? { CellName(runName) }

    /// The value of one of our metrics; `nil` where the row does not have it.
    public subscript(metric: Metric) -> Double? { counters[metric.rawValue] }

    /// The same row as a later repetition: its index is higher by `offset`, 0 or above.
    public func renumbered(by offset: Int) -> ResultRow {
        ResultRow(
            runName: runName, runType: runType, repetitionIndex: repetitionIndex.map { $0 + offset },
            repetitions: repetitions, iterations: iterations, realNanoseconds: realNanoseconds,
            cpuNanoseconds: cpuNanoseconds, counters: counters)
    }
}
