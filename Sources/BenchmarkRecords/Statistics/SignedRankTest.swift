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

/// How often each sum of the ranks of positive differences comes about when every sign is a fair coin: the base of the
/// signed-rank test.
struct SignedRankSumDistribution {
    private let ranks: [Int]
    /// `nil` where there are too many ranks to count.
    private let counted: RankSumDistribution?

    /// Of `ranks`, doubled and above 0.
    init(of ranks: [Int]) {
        self.ranks = ranks
        counted = ranks.count <= RankSumDistribution.mostSignedCounted ? RankSumDistribution(signing: ranks) : nil
    }

    /// Twice the smaller tail that `observed` stands in, at most 1.
    func twoSidedP(of observed: Int) -> Double {
        if let counted { return counted.twoSidedP(of: observed) }
        let mean = Double(ranks.reduce(0, +)) / 2
        let variance = ranks.reduce(0) { $0 + Double($1) * Double($1) } / 4
        return NormalDistribution.twoSidedP(ofDoubledSum: observed, mean: mean, variance: variance)
    }
}
