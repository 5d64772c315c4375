/// A value of a row by which two versions are compared: one that has a better direction.
public struct ComparedMetric: Hashable, Sendable {
    /// Its key in the results file.
    public let key: String
    /// Which values a user wants.
    public let better: Metric.Better
    /// What it counts.
    let unit: Metric.Unit

    /// The wall time of an iteration: what every benchmark has.
    public static let realTime = ComparedMetric(key: "real_time", better: .lower, unit: .nanoseconds)
    /// The processor time of an iteration.
    public static let processorTime = ComparedMetric(key: "cpu_time", better: .lower, unit: .nanoseconds)
    /// All that can be named.
    public static let all = [realTime, processorTime] + Metric.allCases.compactMap(ComparedMetric.init)

    /// One of our metrics; `nil` for one that describes the sample or the machine: neither direction of it is better.
    public init?(_ metric: Metric) {
        guard let better = metric.better else { return nil }
        self.init(key: metric.rawValue, better: better, unit: metric.unit)
    }

    private init(key: String, better: Metric.Better, unit: Metric.Unit) {
        self.key = key
        self.better = better
        self.unit = unit
    }

    /// What `row` has to be compared by where nobody chose: throughput of both roles and the faults' tail for our cells,
    /// and the time for benchmarks of other programs.
    static func defaults(for row: ResultRow) -> [ComparedMetric] { defaults(ofBenchmark: row.runName) }

    /// The same for a row whose name, without the suffix of an aggregate, is `name`.
    static func defaults(ofBenchmark name: String) -> [ComparedMetric] {
        CellName(name) == nil ? [realTime] : cellDefaults
    }

    /// All that a benchmark is compared by where nobody chose.
    static let everyDefault = cellDefaults + [realTime]

    private static let cellDefaults = [Metric.faultsPerSecond, .faultP99, .invalidationsPerSecond]
        .compactMap(ComparedMetric.init)

    /// The row's value; `nil` where it does not have it. Times are in nanoseconds, and one of 0 or below is none.
    func value(of row: ResultRow) -> Double? {
        switch self {
        case .realTime: row.realNanoseconds > 0 ? row.realNanoseconds : nil
        case .processorTime: row.cpuNanoseconds > 0 ? row.cpuNanoseconds : nil
        default: row.counters[key]
        }
    }

    /// How far two values must lie apart to be told from each other, in the metric's unit. Single latencies are read off a
    /// clock that steps by up to 10 ns, and a shift by far less moves a percentile by a whole step.
    var resolution: Double {
        let isSingleLatency = unit == .nanoseconds && (key.contains("_p") || key.hasSuffix("_max_ns"))
        return isSingleLatency ? 15 : 0
    }

    /// A value for people, with its unit where it has one.
    func text(_ value: Double) -> String {
        switch unit {
        case .nanoseconds: ScaledNumber.duration(value)
        case .perSecond, .hertz: ScaledNumber.rate(value)
        case .count: ScaledNumber.count(value)
        case .ratio, .percent, .cores, .flag: ScaledNumber.small(value)
        }
    }
}
