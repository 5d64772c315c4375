import Foundation

extension NoiseCalibration {
    /// The fewest runs that a deviation is estimated from.
    public static let fewestRuns = 5

    /// Measures how far `runs` of one program differ, each of them one side; `path` is where the calibration will lie.
    ///
    /// Each two runs are compared as ``ComparisonReport`` compares two sides, and the mean square of the logarithms of
    /// their ratios is the variance. A metric that most pairs of runs cannot be compared by is left out, such as any of runs
    /// with fewer than four repetitions, as is a benchmark that fewer than ``fewestRuns`` runs have.
    public init(of runs: [ComparisonSide], path: String) {
        var rows: [String: [[ResultRow]]] = [:]
        for run in runs {
            for (name, repetitions) in Dictionary(grouping: run.rows, by: \.runName) {
                rows[name, default: []].append(repetitions)
            }
        }
        let commits = Set(runs.flatMap { $0.contextValues("commit") }).sorted().joined(separator: " ")
        let date = runs.compactMap { $0.dates.max() }.max()?.formatted(.iso8601) ?? "unknown"
        let measured = rows.filter { $0.value.count >= Self.fewestRuns }.mapValues { runs in
            Benchmark(
                runs: runs.count, commit: commits.isEmpty ? "unknown" : commits, date: date,
                deviations: Self.deviations(of: runs))
        }
        self.init(
            path: path, benchmarks: measured.filter { !$0.value.deviations.isEmpty },
            betweenRuns: BetweenRuns.deviation(of: runs.map(\.rows)))
    }

    private static func deviations(of runs: [[ResultRow]]) -> [String: Double] {
        var deviations: [String: Double] = [:]
        for metric in ComparedMetric.all {
            if let deviation = deviation(of: runs, by: metric) { deviations[metric.key] = deviation }
        }
        return deviations
    }

    private static func deviation(of runs: [[ResultRow]], by metric: ComparedMetric) -> Double? {
        var squares: [Double] = []
        var pairs = 0
        for (index, first) in runs.enumerated() {
            for second in runs[(index + 1)...] {
                pairs += 1
                guard
                    let compared = Comparison(name: "", metric: metric, base: first, new: second),
                    let ratio = compared.ratio?.estimate, ratio > 0, ratio.isFinite
                else { continue }
                squares.append(log(ratio) * log(ratio))
            }
        }
        if squares.isEmpty || 2 * squares.count < pairs { return nil }
        return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    }
}
