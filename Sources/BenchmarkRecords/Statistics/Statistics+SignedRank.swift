import Foundation

extension Statistics {
    /// The two-sided p-value of Wilcoxon's signed-rank test of paired differences, exact also with ties and zeros.
    ///
    /// The sum of the ranks of the positive differences is counted over every way to give the differences signs, ties
    /// sharing their middle rank and differences of 0 left out; the p-value is twice the smaller tail, at most 1. Above
    /// 300 differences the normal distribution takes its place, with corrections for ties and continuity. 1 where all
    /// are 0; `nil` where there are none. None may be NaN.
    public static func signedRankP(_ differences: [Double]) -> Double? {
        if differences.isEmpty { return nil }
        let signed = SignedRanks(of: differences)
        return SignedRankSumDistribution(of: signed.ranks).twoSidedP(of: signed.positiveSum)
    }

    /// The smallest p-value that ``signedRankP(_:)`` can give for `count` differences: 2 / 2^count, at most 1.
    public static func smallestSignedRankP(_ count: Int) -> Double { min(1, 2 * exp2(-Double(count))) }
}

/// The magnitudes of paired differences in one ranking.
struct SignedRanks {
    /// Twice the middle rank of every difference that is not 0, by magnitude.
    let ranks: [Int]
    /// The sum of the ranks of those above 0.
    let positiveSum: Int

    /// Differences of 0 say nothing of a direction and are left out.
    init(of differences: [Double]) {
        let signed = differences.filter { $0 != 0 }
        let ranks = Statistics.doubledMiddleRanks(of: signed.map(abs))
        self.ranks = ranks
        positiveSum = zip(ranks, signed).reduce(0) { $1.1 > 0 ? $0 + $1.0 : $0 }
    }
}
