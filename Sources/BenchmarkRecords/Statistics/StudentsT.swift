import Foundation

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
