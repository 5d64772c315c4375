import Foundation

/// Student's t distribution.
enum StudentDistribution {
    /// The probability of a value at least `t` from 0 on either side, with so many degrees of freedom, above 0.
    static func twoSidedP(beyond t: Double, degrees: Double) -> Double {
        regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
    }

    /// The distance from 0 that is exceeded on both sides together with the probability `level`, above 0 and below 1.
    static func quantile(twoSided level: Double, degrees: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while twoSidedP(beyond: high, degrees: degrees) > level { high *= 2 }
        // As many steps as a double has bits.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if twoSidedP(beyond: middle, degrees: degrees) > level { low = middle } else { high = middle }
        }
        return high
    }

    /// The regularised incomplete beta function I_x(a, b), by Lentz's evaluation of its continued fraction.
    private static func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 || x >= 1 { return x <= 0 ? 0 : 1 }
        // The fraction converges fast below the mean; above it the mirror image does.
        if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        var (c, d) = (1.0, 1 / bounded(1 - (a + b) * x / (a + 1)))
        var fraction = d
        for step in 1...300 {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for coefficient in [even, odd] {
                d = 1 / bounded(1 + coefficient * d)
                c = bounded(1 + coefficient / c)
                fraction *= d * c
            }
            if abs(d * c - 1) < 1e-15 { break }
        }
        return front * fraction
    }

    private static func bounded(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
}
