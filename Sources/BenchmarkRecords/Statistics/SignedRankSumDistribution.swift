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
