import Foundation

/// How far runs of one program differ on a machine when they are made one after the other.
///
/// For each benchmark and metric it holds the standard deviation of the logarithm of the ratio of two runs, estimated from
/// so many runs. That is what a comparison of two runs has to tell a change from, beside the spread within each run.
public struct NoiseCalibration: Hashable, Sendable {
    /// What was measured of one benchmark.
    struct Benchmark: Hashable, Sendable, Encodable {
        /// How many runs there were, 2 or above.
        let runs: Int
        /// The commit of the program, `unknown` where its runs do not say it.
        let commit: String
        /// When the last of the runs was made: `2026-01-31T09:05:00+00:00`.
        let date: String
        /// The standard deviations, 0 or above, by the metrics' keys.
        let deviations: [String: Double]
    }

    /// Where it lies, or will.
    public let path: String
    /// By the benchmarks' names.
    private(set) var benchmarks: [String: Benchmark]
    /// By how much a guard's faults a second differ from run to run beyond what a run shows of itself: the standard
    /// deviation of the logarithm; `nil` if that was not measured. It is what ``AnswerOptions/betweenRuns`` takes.
    public private(set) var betweenRuns: Double?

    /// The file of a machine's calibration below the folder `results`, beside the machine's baselines.
    public static func path(results: String, machine: FileNamePart) -> String {
        "\(results)/\(machine)/noise.calibration"
    }

    init(path: String, benchmarks: [String: Benchmark], betweenRuns: Double? = nil) {
        self.path = path
        self.benchmarks = benchmarks
        self.betweenRuns = betweenRuns
    }

    /// The largest number of runs that went into a benchmark of it.
    var largestRunCount: Int { benchmarks.values.map(\.runs).max() ?? 0 }

    /// How many benchmarks it has.
    public var count: Int { benchmarks.count }

    /// What it says about a benchmark's metric; `nil` where that was not measured.
    public func noise(of name: String, _ metric: ComparedMetric) -> MetricNoise? {
        benchmarks[name].flatMap { benchmark in
            benchmark.deviations[metric.key].map { MetricNoise(deviation: $0, runs: benchmark.runs) }
        }
    }

    /// This one with what `newer` measured in the place of what it has of the same.
    public func updated(by newer: NoiseCalibration) -> NoiseCalibration {
        NoiseCalibration(
            path: path, benchmarks: benchmarks.merging(newer.benchmarks) { $1 },
            betweenRuns: newer.betweenRuns ?? betweenRuns)
    }
}

/// How far two runs of one program differ in one metric of one benchmark.
///
/// The logarithm of their ratio is taken to be normal. Its deviation is itself estimated from few runs, so Student's
/// distribution holds, whose far tails are heavy.
public struct MetricNoise: Hashable, Sendable {
    /// The standard deviation of the logarithm, 0 or above.
    let deviation: Double
    /// From how many runs, 2 or above.
    let runs: Int

    private var freedom: Double { Double(runs - 1) }

    /// How probable a ratio at least this far from 1 is between two runs of one program.
    func p(ofRatio ratio: Double) -> Double {
        if ratio == 1 { return 1 }
        return StudentsT.twoSidedP(beyond: log(ratio) / deviation, freedom: freedom)
    }

    /// The change that at least one of so many comparisons of runs of one program exceeds with the probability `alpha`, or
    /// less: 0.1 is 10 %.
    public func floor(alpha: Double, comparisons: Int) -> Double {
        let level = alpha / Double(max(1, comparisons))
        return expm1(StudentsT.distance(exceededWith: level, freedom: freedom) * deviation)
    }
}
