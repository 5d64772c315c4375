/// One metric of one benchmark on two sides.
public struct Comparison: Sendable {
    /// The benchmark's name; for ours, the text of a ``CellName``.
    public let name: String
    /// What is compared.
    public let metric: ComparedMetric
    /// How much went into it.
    public let counts: ComparedCounts
    /// The median of the base's values that are compared; of all where none is.
    public let baseMedian: Double
    /// The median of the new values that are compared; of all where none is.
    public let newMedian: Double
    /// New over base, with its interval; `nil` where the samples are too small for one.
    public let ratio: RatioInterval?
    /// Cliff's delta: from -1, every new value is smaller, to 1, every one is larger; of pairs, how much more often the new
    /// one is the larger. `nil` where nothing is alike.
    public let delta: Double?
    /// Of the exact test, Mann and Whitney's or for pairs Wilcoxon's, or of what a calibration has measured; 1 where
    /// nothing is alike.
    public private(set) var p: Double
    /// The same after Holm's correction over all comparisons: it decides.
    public internal(set) var holmP: Double = 1
    /// The same after Benjamini and Hochberg's.
    public internal(set) var benjaminiHochbergP: Double = 1
    /// The smallest p-value that samples of these sizes can have.
    private(set) var smallestP: Double
    /// The noise floor, above 0: a change by this share may be the machine's, or a step of its clock.
    public internal(set) var noiseFloor: Double = 0
    /// What it came to.
    public internal(set) var verdict: ComparisonVerdict = .inconclusive
    /// Why it came to nothing; `nil` unless it is inconclusive.
    public internal(set) var doubt: ComparisonDoubt?
    /// Whether a value is below 0, of which no ratio can be said.
    private let hasNegativeValues: Bool

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
        // All figures come from the same repetitions, those of one state: a median of several states depends on how many
        // repetitions each side has in each.
        let compared = SamplesByState(base, new).mostTelling
        counts = ComparedCounts(base: base.count, new: new.count, compared: compared)
        baseMedian = Statistics.median(compared?.first ?? base.map(\.value)) ?? 0
        newMedian = Statistics.median(compared?.second ?? new.map(\.value)) ?? 0
        let strata = compared.map { [$0] } ?? []
        ratio = RatioInterval(strata)
        delta = Statistics.cliffsDelta(strata)
        p = Statistics.mannWhitneyP(strata) ?? 1
        smallestP = Statistics.smallestMannWhitneyP(counts.base, counts.new)
        hasNegativeValues = (base + new).contains { $0.value < 0 }
    }

    /// Of what a series of pairs showed when it was last looked at.
    init(_ series: PairedSeries) {
        name = series.name
        metric = series.metric
        counts = ComparedCounts(pairs: series.look?.pairs ?? series.base.count, setAside: series.setAside)
        baseMedian = Statistics.median(series.base) ?? 0
        newMedian = Statistics.median(series.new) ?? 0
        ratio = series.look?.ratio
        delta = series.look?.delta
        p = series.look?.p ?? 1
        smallestP = series.look?.smallestP ?? 1
        hasNegativeValues = false
    }

    /// Takes the p-value from how far runs of one program differ on the machine, and the noise floor that comes with it.
    ///
    /// Where one side was measured after the other, the drift between them is in all values of a side alike: repetitions
    /// within a run say nothing about it, however many there are.
    mutating func calibrate(by calibration: NoiseCalibration, alpha: Double, comparisons: Int) {
        guard let ratio, let noise = calibration.noise(of: name, metric) else { return }
        p = noise.p(ofRatio: ratio.estimate)
        smallestP = 0
        noiseFloor = max(noiseFloor, noise.floor(alpha: alpha, comparisons: comparisons))
    }

    /// What a single step of the clock is of the smaller median.
    var stepOfTheClock: Double {
        let smaller = min(baseMedian, newMedian)
        return smaller > 0 ? metric.resolution / smaller : 0
    }

    /// Decides; `smallestHolmP` is what the correction makes of ``smallestP``.
    mutating func decide(by rule: ComparisonRule, smallestHolmP: Double) {
        (verdict, doubt) = judged(by: rule, canPass: smallestHolmP < rule.alpha)
    }

    private func judged(by rule: ComparisonRule, canPass: Bool) -> (ComparisonVerdict, ComparisonDoubt?) {
        if counts.states == 0 { return (.inconclusive, .noCommonState) }
        guard let ratio else { return (.inconclusive, hasNegativeValues ? .negativeValues : .tooFew) }
        if ratio.isWithin(rule.threshold) { return (.unchanged, nil) }
        if !canPass { return (.inconclusive, .tooFew) }
        if ratio.isWithin(noiseFloor) { return (.inconclusive, .withinNoise) }
        let isSignificant = holmP < rule.alpha
        if !ratio.isBeyond(noiseFloor) {
            // Where the floor is the noise of the machine or a step of its clock, a change that reaches over it may be either.
            let isCertain = isSignificant && isWorse != nil && noiseFloor <= rule.threshold
            return isCertain ? (.atThreshold, nil) : (.inconclusive, .wideInterval)
        }
        if !isSignificant { return (.inconclusive, .notSignificant) }
        return (isWorse == true ? .regression : .improvement, nil)
    }

    /// Whether all of the interval is on the worse side of 1, or all on the better one; `nil` where it holds 1 or is absent.
    public var isWorse: Bool? {
        guard let ratio, ratio.lower > 1 || ratio.upper < 1 else { return nil }
        return (ratio.lower > 1) == (metric.better == .lower)
    }
}

extension RatioInterval {
    /// Whether it lies within a change by `share`, up or down. The same factor both ways, so that exchanging the sides
    /// mirrors a verdict.
    fileprivate func isWithin(_ share: Double) -> Bool { lower >= 1 / (1 + share) && upper <= 1 + share }

    /// Whether all of it lies beyond such a change.
    fileprivate func isBeyond(_ share: Double) -> Bool { lower > 1 + share || upper < 1 / (1 + share) }
}
