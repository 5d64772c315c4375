import Foundation

/// By which factor one sample lies above another: the Hodges-Lehmann estimate and an exact interval, on logarithms.
///
/// The interval holds the factors that the exact test does not reject at the level: between two samples Moses' interval
/// and the Mann-Whitney test, between pairs the signed-rank test. So it holds 1 as often as the level says, at 95 % in at
/// least 95 of 100 comparisons of a thing with itself, whatever the distribution and however small the samples, and it
/// never contradicts the test. It needs repetitions that are exchangeable between the sides, as they are when the runs
/// of both are interleaved; and to hold another factor than 1 as often, samples that differ by that factor alone.
public struct RatioInterval: Hashable, Sendable {
    /// The median of all quotients of a value of the second sample and one of the first, within strata; of pairs, that of
    /// the geometric means of any two of their quotients. Infinite where most values of the first are 0.
    public let estimate: Double
    /// The lower end of the interval, 0 or above.
    public let lower: Double
    /// The upper end; infinite where values of the first sample are 0.
    public let upper: Double

    /// The level of an interval between two samples, in per cent.
    public static let confidencePercent = 95
}

extension RatioInterval {
    /// Of strata whose values are 0 or above. `nil` where the samples are too small for an interval at the level, such
    /// as three against three, and where a value is negative.
    public init?(_ strata: [Stratum]) {
        let compared = strata.filter(\.isTwoSided)
        guard compared.allSatisfy({ ($0.first + $0.second).allSatisfy { $0 >= 0 } }) else { return nil }
        let quotients = compared.flatMap { stratum in
            // Nothing against nothing is no difference; and -0, which a file may hold, is nothing, too.
            stratum.first.flatMap { base in stratum.second.map { $0 == 0 && base == 0 ? 1 : $0 / base.magnitude } }
        }
        .sorted()
        let cut = Self.quotientsBelow(sizes: compared.map { ($0.first.count, $0.second.count) })
        guard cut > 0, quotients.count >= 2 * cut else { return nil }
        let middle = quotients.count / 2
        let low = quotients[quotients.count.isMultiple(of: 2) ? middle - 1 : middle]
        self.init(
            estimate: Self.geometricMean(low, quotients[middle]), lower: quotients[cut - 1],
            upper: quotients[quotients.count - cut])
    }

    /// Of two quotients in order; 1 between nothing and the infinite, where neither side tends to be the larger.
    private static func geometricMean(_ low: Double, _ high: Double) -> Double {
        if low == high { return low }
        return low == 0 && high.isInfinite ? 1 : low.squareRoot() * high.squareRoot()
    }

    /// Which quotient from below, from 1, is the end of the interval; 0 where there is none.
    ///
    /// The test counts how many quotients lie below a factor. Without ties that is distributed as U; with ties the
    /// closed interval holds at least as often.
    private static func quotientsBelow(sizes: [(n: Int, m: Int)]) -> Int {
        let tail = (1 - Double(confidencePercent) / 100) / 2
        guard !sizes.isEmpty else { return 0 }
        if sizes.reduce(0, { $0 + $1.n + $1.m }) > RankSumDistribution.largestCounted {
            let pairs = Double(sizes.reduce(0) { $0 + $1.n * $1.m })
            let variance = sizes.reduce(0.0) { $0 + Double($1.n * $1.m * ($1.n + $1.m + 1)) / 12 }
            return max(0, Int((pairs / 2 - 1.959963984540054 * variance.squareRoot()).rounded(.down)))
        }
        let sum = sizes.reduce(RankSumDistribution()) { distribution, size in
            distribution.adding(
                RankSumDistribution(
                    choosing: min(size.n, size.m), of: (1...(size.n + size.m)).map { 2 * $0 }))
        }
        let smallest = sizes.reduce(0) { $0 + min($1.n, $1.m) * (min($1.n, $1.m) + 1) }
        var below = 0.0
        var cut = 0
        for probability in stride(from: smallest, to: sum.probabilities.count, by: 2).map({ sum.probabilities[$0] }) {
            below += probability
            // Counted in doubles: a tail that is the level itself must not fail by a rounding.
            if below > tail * (1 + 1e-12) { break }
            cut += 1
        }
        return cut
    }
}

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
