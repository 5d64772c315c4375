/// One metric of one benchmark on two sides.
public struct Comparison: Sendable {
    /// The benchmark's name; for ours, the text of a ``CellName``.
    public let name: String
    /// What is compared.
    public let metric: ComparedMetric
    /// The values, like with like: the first sample is the base, the second the new one.
    public let samples: LikeWithLike
    /// The median of the base's values that are compared; of all where none is.
    public let baseMedian: Double
    /// The median of the new values that are compared; of all where none is.
    public let newMedian: Double
    /// New over base, with its interval; `nil` where the samples are too small for one.
    public let ratio: RatioInterval?
    /// Cliff's delta: from -1, every new value is smaller, to 1, every one is larger. `nil` where nothing is alike.
    public let delta: Double?
    /// Of the exact Mann-Whitney test; 1 where nothing is alike.
    public let p: Double
    /// The same after Holm's correction over all comparisons: it decides.
    public internal(set) var holmP: Double = 1
    /// The same after Benjamini and Hochberg's.
    public internal(set) var benjaminiHochbergP: Double = 1
    /// What it came to.
    public internal(set) var verdict: ComparisonVerdict = .inconclusive
    /// Why it came to nothing; `nil` unless it is inconclusive.
    public internal(set) var doubt: ComparisonDoubt?

    /// The smallest p-value that samples of these sizes can have.
    var smallestP: Double { Statistics.smallestMannWhitneyP(samples.sizes) }
    /// How many of the base's values are compared.
    public var baseCount: Int { samples.strata.reduce(0) { $0 + $1.first.count } }
    /// How many of the new ones.
    public var newCount: Int { samples.strata.reduce(0) { $0 + $1.second.count } }

    /// `nil` where a row lacks the value, so that a percentile is not that of the busiest repetitions alone, and where
    /// all values are 0: nothing happened on either side.
    init?(name: String, metric: ComparedMetric, base: [ResultRow], new: [ResultRow]) {
        func sample(_ rows: [ResultRow]) -> [Repetition]? {
            let values = rows.compactMap { row in
                metric.value(of: row).map { Repetition(value: $0, roundTrip: row[.coreRoundTrip]) }
            }
            return values.count == rows.count ? values : nil
        }
        guard let base = sample(base), let new = sample(new), (base + new).contains(where: { $0.value != 0 })
        else { return nil }
        self.name = name
        self.metric = metric
        samples = LikeWithLike(base, new)
        func median(_ compared: [Double], all: [Repetition]) -> Double {
            Statistics.median(compared) ?? Statistics.median(all.map(\.value)) ?? 0
        }
        baseMedian = median(samples.strata.flatMap(\.first), all: base)
        newMedian = median(samples.strata.flatMap(\.second), all: new)
        ratio = RatioInterval(samples.strata)
        delta = Statistics.cliffsDelta(samples.strata)
        p = Statistics.mannWhitneyP(samples.strata) ?? 1
    }

    /// Decides; `smallestHolmP` is what the correction makes of ``smallestP``.
    mutating func decide(by rule: ComparisonRule, smallestHolmP: Double) {
        (verdict, doubt) = judged(by: rule, canPass: smallestHolmP < rule.alpha)
    }

    private func judged(by rule: ComparisonRule, canPass: Bool) -> (ComparisonVerdict, ComparisonDoubt?) {
        if samples.strata.isEmpty { return (.inconclusive, .noCommonState) }
        guard let ratio else {
            let isNegative = samples.strata.contains { ($0.first + $0.second).contains { $0 < 0 } }
            return (.inconclusive, isNegative ? .negativeValues : .tooFew)
        }
        if rule.noise.contains(ratio.lower) && rule.noise.contains(ratio.upper) { return (.unchanged, nil) }
        if !canPass { return (.inconclusive, .tooFew) }
        let isBeyond = ratio.lower > rule.noise.upperBound || ratio.upper < rule.noise.lowerBound
        if !isBeyond { return (.inconclusive, .wideInterval) }
        if holmP >= rule.alpha { return (.inconclusive, .notSignificant) }
        let isLarger = ratio.lower > 1
        return (isLarger == (metric.better == .higher) ? .improvement : .regression, nil)
    }
}
