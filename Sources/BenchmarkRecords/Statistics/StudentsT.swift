import Foundation

extension Statistics {
    /// The two-sided p-value of Student's t-test for two samples of one variance: whether their means differ.
    ///
    /// 1 where both samples are one constant, 0 where they are two different ones. `nil` where a sample is empty or
    /// both hold one value: then nothing is known of the variance.
    public static func studentP(_ first: [Double], _ second: [Double]) -> Double? {
        let freedom = Double(first.count + second.count - 2)
        guard !first.isEmpty, !second.isEmpty, freedom > 0 else { return nil }
        let (firstMean, firstSquares) = momentsAboutMean(first)
        let (secondMean, secondSquares) = momentsAboutMean(second)
        let variance = (firstSquares + secondSquares) / freedom
        let error = (variance * (1 / Double(first.count) + 1 / Double(second.count))).squareRoot()
        return tTestP(difference: firstMean - secondMean, error: error, freedom: freedom)
    }

    /// The two-sided p-value of Welch's t-test, for samples whose variances may differ.
    ///
    /// 1 and 0 for constants as with ``studentP(_:_:)``. `nil` where a sample holds fewer than two values.
    public static func welchP(_ first: [Double], _ second: [Double]) -> Double? {
        guard first.count > 1, second.count > 1 else { return nil }
        let (firstMean, firstSquares) = momentsAboutMean(first)
        let (secondMean, secondSquares) = momentsAboutMean(second)
        let (n, m) = (Double(first.count), Double(second.count))
        let (firstShare, secondShare) = (firstSquares / (n - 1) / n, secondSquares / (m - 1) / m)
        let sum = firstShare + secondShare
        // Welch and Satterthwaite's degrees of freedom.
        let freedom = sum * sum / (firstShare * firstShare / (n - 1) + secondShare * secondShare / (m - 1))
        return tTestP(difference: firstMean - secondMean, error: sum.squareRoot(), freedom: freedom)
    }

    private static func tTestP(difference: Double, error: Double, freedom: Double) -> Double {
        if difference == 0 { return 1 }
        return error > 0 ? StudentsT.twoSidedP(beyond: difference / error, freedom: freedom) : 0
    }

    /// The mean, and the sum of the squared distances from it.
    private static func momentsAboutMean(_ values: [Double]) -> (mean: Double, squares: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
    }
}

/// Student's t distribution.
enum StudentsT {
    /// The probability of a value at least `t` from 0, on either side; `freedom` is above 0.
    static func twoSidedP(beyond t: Double, freedom: Double) -> Double {
        let square = t * t
        // Where this rounds to 0, so does the tail; and where t is 0, the tail is everything.
        return IncompleteBeta.regularized(
            freedom / (freedom + square), complement: square / (freedom + square), freedom / 2, 0.5)
    }

    /// The distance from 0 that is exceeded, on either side together, with the probability `level`, above 0 and below 1.
    static func distance(exceededWith level: Double, freedom: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while twoSidedP(beyond: high, freedom: freedom) > level { high *= 2 }
        // As many halvings as a double has bits.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if twoSidedP(beyond: middle, freedom: freedom) > level { low = middle } else { high = middle }
        }
        return high
    }
}

/// The regularized incomplete beta function.
enum IncompleteBeta {
    /// I(x; a, b) for x from 0 to 1; `complement` is 1 - x, kept apart so that neither of them loses digits.
    static func regularized(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if complement <= 0 { return 1 }
        // The continued fraction converges fast below the mean of the distribution; above it, the symmetry helps.
        if x > (a + 1) / (a + b + 2) { return 1 - regularized(complement, complement: x, b, a) }
        let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)
        return min(1, exp(logarithm) / a / fraction(x, a, b))
    }

    /// The continued fraction of the function (DLMF 8.17.22), by Lentz's method as modified by Thompson and Barnett.
    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var value = 1.0
        var numerator = 1.0
        var denominator = 0.0
        for step in 1...10_000 {
            let m = Double(step / 2)
            let term =
                step.isMultiple(of: 2)
                ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            denominator = 1 / kept(1 + term * denominator)
            numerator = kept(1 + term / numerator)
            let factor = numerator * denominator
            value *= factor
            if abs(factor - 1) < 1e-15 { break }
        }
        return value
    }
}
