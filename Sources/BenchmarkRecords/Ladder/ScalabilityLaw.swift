import Foundation

/// The Universal Scalability Law (Gunther): how a rate grows with the threads that share the work.
///
///     rate(n) = n * single / (1 + contention * (n - 1) + coherency * n * (n - 1))
///
/// Contention is the share of the work that only one thread does at a time, and flattens the curve. Coherency is what each
/// thread pays for each other one, such as lines that move between cores, and bends it down again.
///
/// It is fitted by least squares to n / rate, which is linear in what is looked for, with the errors taken relative to
/// the rates. Neither parameter is below 0.
public struct ScalabilityLaw: Sendable {
    /// The rate of one thread.
    public let single: Double
    /// The share of the work that threads do one after the other: 0 or above, with its 95 % interval.
    public let contention: Estimate
    /// What each thread pays for each other one, in parts of the work: 0 or above, with its 95 % interval.
    public let coherency: Estimate
    /// How much of the variance of the rates the law explains: at most 1.
    public let goodness: Double

    /// Fewer points than this are too few: three are the law's own, and two are to contradict it.
    public static let fewestPoints = 5

    /// How many threads have the highest rate; `nil` if the law has no peak.
    public var peak: Double? {
        guard coherency.value > 0 else { return nil }
        return max(1, ((1 - contention.value) / coherency.value).squareRoot())
    }

    /// The rate of so many threads.
    func rate(_ threads: Double) -> Double {
        threads * single
            / (1 + contention.value * (threads - 1) + coherency.value * threads * (threads - 1))
    }

    /// Fits the law. `nil` if there are fewer than ``fewestPoints`` different numbers of threads, or a rate is not above 0.
    init?(_ points: [(threads: Int, rate: Double)]) {
        guard Set(points.map(\.threads)).count >= Self.fewestPoints, points.allSatisfy({ $0.rate > 0 }) else {
            return nil
        }
        // All three unknowns, or one or two of them, if another would be below 0: the best of those that are allowed.
        let candidates = [[0, 1, 2], [0, 1], [0, 2], [0]].compactMap { LeastSquares(points, unknowns: $0) }
        let allowed = candidates.filter { fit in fit.values.allSatisfy { $0 >= 0 } && fit.values[0] > 0 }
        guard let whole = candidates.first, whole.unknowns.count == 3, whole.values[0] > 0,
            let fit = allowed.min(by: { $0.squares < $1.squares })
        else { return nil }
        single = 1 / fit.values[0]
        // The intervals are those of the whole fit: a parameter that was set to 0 is not known to be 0.
        contention = Self.estimate(fit.values[1] / fit.values[0], whole.quotient(1))
        coherency = Self.estimate(fit.values[2] / fit.values[0], whole.quotient(2))
        let mean = points.map(\.rate).reduce(0, +) / Double(points.count)
        let values = fit.values
        let residuals = points.map { point in
            let n = Double(point.threads)
            let expected = n / (values[0] + values[1] * (n - 1) + values[2] * n * (n - 1))
            return (point.rate - expected) * (point.rate - expected)
        }
        let variance = points.reduce(0) { $0 + ($1.rate - mean) * ($1.rate - mean) }
        goodness = variance > 0 ? 1 - residuals.reduce(0, +) / variance : 1
    }

    private static func estimate(_ value: Double, _ whole: (value: Double, reach: Double)) -> Estimate {
        Estimate(
            value: value, low: min(value, max(0, whole.value - whole.reach)),
            high: max(value, whole.value + whole.reach))
    }
}

/// n / rate as `a + b (n - 1) + c n (n - 1)`, by least squares of the relative errors; what is not among the unknowns is 0.
private struct LeastSquares {
    let unknowns: [Int]
    /// a, b and c.
    let values: [Double]
    /// The sum of the squared relative errors.
    let squares: Double
    private let covariance: [[Double]]
    private let freedom: Double

    init?(_ points: [(threads: Int, rate: Double)], unknowns: [Int]) {
        // Each equation divided by its left side.
        let equations = points.map { point in
            let n = Double(point.threads)
            let terms = [1, n - 1, n * (n - 1)]
            return unknowns.map { terms[$0] * point.rate / n }
        }
        let products = unknowns.indices.map { row in
            unknowns.indices.map { column in equations.reduce(0) { $0 + $1[row] * $1[column] } }
        }
        guard let inverse = Self.inverse(products) else { return nil }
        let sums = unknowns.indices.map { row in equations.reduce(0) { $0 + $1[row] } }
        let solution = inverse.map { row in zip(row, sums).reduce(0) { $0 + $1.0 * $1.1 } }
        self.unknowns = unknowns
        values = [0, 1, 2].map { index in unknowns.firstIndex(of: index).map { solution[$0] } ?? 0 }
        squares = equations.reduce(0) { sum, equation in
            let error = 1 - zip(equation, solution).reduce(0) { $0 + $1.0 * $1.1 }
            return sum + error * error
        }
        freedom = Double(points.count - unknowns.count)
        let variance = squares / freedom
        covariance = inverse.map { row in row.map { $0 * variance } }
    }

    /// An unknown divided by the first one, and how far its 95 % interval reaches to either side. All three are unknown.
    func quotient(_ index: Int) -> (value: Double, reach: Double) {
        let quotient = values[index] / values[0]
        let variance =
            covariance[index][index] - 2 * quotient * covariance[0][index] + quotient * quotient * covariance[0][0]
        let error = max(0, variance).squareRoot() / values[0]
        return (quotient, error * StudentsT.distance(exceededWith: WorkloadAnswer.level, freedom: freedom))
    }

    /// By Gauss and Jordan, with the largest pivot; `nil` if there is none.
    private static func inverse(_ matrix: [[Double]]) -> [[Double]]? {
        let size = matrix.count
        var rows = matrix.enumerated().map { index, row in row + (0..<size).map { $0 == index ? 1.0 : 0 } }
        for column in 0..<size {
            guard let pivot = (column..<size).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
                abs(rows[pivot][column]) > 0
            else { return nil }
            rows.swapAt(column, pivot)
            let divisor = rows[column][column]
            rows[column] = rows[column].map { $0 / divisor }
            for row in 0..<size where row != column {
                let factor = rows[row][column]
                rows[row] = zip(rows[row], rows[column]).map { $0 - factor * $1 }
            }
        }
        return rows.map { Array($0[size...]) }
    }
}
