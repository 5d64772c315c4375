import Foundation

extension RatioInterval {
    /// Of pairs, by the logarithms of their quotients, second over first: the median of the means of any two of them
    /// (Hodges and Lehmann), and the factors that the signed-rank test does not reject at `1 - confidence`.
    ///
    /// Its ends belong to it. So it holds 1 in at least `confidence` of comparisons of a thing with itself, if the order
    /// within each pair was drawn at random. Without ties the test and the interval are one; ties may only widen it.
    /// A logarithm is infinite where one of a pair is nothing. `nil` where there are too few pairs for an interval at
    /// `confidence`, which is above 0 and below 1: at 0.95 fewer than 6; and where a logarithm is NaN.
    public init?(pairedLogRatios: [Double], confidence: Double) {
        guard !pairedLogRatios.contains(where: \.isNaN) else { return nil }
        let cut = Self.meansBelow(pairs: pairedLogRatios.count, level: 1 - confidence)
        guard cut > 0 else { return nil }
        let means = pairedLogRatios.indices.flatMap { first in
            pairedLogRatios[first...].map { Self.mean(pairedLogRatios[first], $0) }
        }
        .sorted()
        let middle = Self.mean(means[(means.count - 1) / 2], means[means.count / 2])
        self.init(estimate: exp(middle), lower: exp(means[cut - 1]), upper: exp(means[means.count - cut]))
    }

    /// Of two logarithms; 0 between the two infinite ones, where neither side tends to be the larger.
    private static func mean(_ first: Double, _ second: Double) -> Double {
        let sum = first + second
        return sum.isNaN ? 0 : sum / 2
    }

    /// Which mean from below, from 1, is the end of the interval; 0 where there is none.
    ///
    /// Without ties the sum of the positive ranks is how many means lie above 0 (Tukey): as many sums as the test
    /// rejects from below, as many means are cut off.
    private static func meansBelow(pairs: Int, level: Double) -> Int {
        let sums = SignedRankSumDistribution(of: (0..<pairs).map { 2 * ($0 + 1) })
        // p rises up to the middle sum, where it is 1.
        var rejected = 0
        var kept = pairs * (pairs + 1) / 4
        while rejected < kept {
            let sum = (rejected + kept) / 2
            if sums.twoSidedP(of: 2 * sum) <= level { rejected = sum + 1 } else { kept = sum }
        }
        return kept
    }
}
