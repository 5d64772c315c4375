import Foundation

/// A calibration for people: what a change has to exceed in each benchmark.
public struct CalibrationTable: Sendable, CustomStringConvertible {
    /// The text, with a newline at its end.
    public let description: String

    /// Lays out a calibration, for a comparison of all its benchmarks at the level 0.01.
    public init(_ calibration: NoiseCalibration) {
        let rule = ComparisonRule()
        let metrics = [Metric.faultsPerSecond, .faultP99, .invalidationsPerSecond].compactMap(ComparedMetric.init)
        let names = calibration.benchmarks.keys.sorted()
        let comparisons = names.reduce(0) { sum, name in sum + metrics.count { calibration.noise(of: name, $0) != nil }
        }
        func floor(_ name: String, _ metric: ComparedMetric) -> Double? {
            calibration.noise(of: name, metric).map {
                max($0.floor(alpha: rule.alpha, comparisons: comparisons), rule.threshold)
            }
        }
        let width = names.map(\.count).max() ?? 0
        let lines = names.map { name in
            let fields = metrics.map { metric in
                let text = floor(name, metric).map(ComparisonText.floor) ?? "-"
                return String(repeating: " ", count: max(0, 9 - text.count)) + text
            }
            return name + String(repeating: " ", count: width - name.count) + fields.joined()
        }
        let heading = String(repeating: " ", count: width) + "   faults fault p99   inval."
        let runs = ScaledNumber.counted(calibration.largestRunCount, "run")
        description =
            ([
                "What a change between two runs has to exceed, so that of \(comparisons) comparisons together no more than "
                    + "\(ComparisonText.p(rule.alpha)) are false (from \(runs)):", heading,
            ] + lines + Self.ofAnswers(calibration)).map { $0 + "\n" }.joined()
    }

    /// What answers take from it.
    private static func ofAnswers(_ calibration: NoiseCalibration) -> [String] {
        guard let betweenRuns = calibration.betweenRuns else { return [] }
        func percent(_ deviation: Double) -> String { "\(ScaledNumber.ratio(100 * deviation)) %" }
        return [
            "",
            WrappedText.wrapped(
                "From run to run a guard's faults/s differ by \(percent(betweenRuns)) beyond what a run shows of itself "
                    + "(standard deviation). The intervals of 'invbench run' hold that from now on, in the place of "
                    + "\(percent(WorkloadAnswer.defaultBetweenRuns))."),
        ]
    }
}
