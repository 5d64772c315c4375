/// What is compared, and when a difference counts.
public struct ComparisonRule: Hashable, Sendable {
    /// The metrics; empty for those that each benchmark is compared by where nobody chose.
    public let metrics: [ComparedMetric]
    /// A change by this share is none; above 0. 0.03 is 3 %. The noise floor is this or more.
    public let threshold: Double
    /// The level of the gate, over all comparisons together; above 0 and below 1.
    public let alpha: Double

    /// A rule.
    public init(metrics: [ComparedMetric] = [], threshold: Double = 0.03, alpha: Double = 0.01) {
        self.metrics = metrics
        self.threshold = threshold
        self.alpha = alpha
    }
}

/// What a comparison came to.
public enum ComparisonVerdict: String, CaseIterable, Sendable {
    /// Worse beyond doubt: the adjusted p-value is below the level, and the whole interval beyond the noise floor.
    case regression
    /// Better beyond doubt.
    case improvement
    /// The whole interval lies within the threshold.
    case unchanged
    /// Changed beyond doubt: the adjusted p-value is below the level, and the interval does not hold 1. But the interval
    /// reaches over the threshold, so whether the change is larger than that is open.
    case atThreshold = "at threshold"
    /// None of these can be said.
    case inconclusive
}

/// Why a comparison is inconclusive.
public enum ComparisonDoubt: String, CaseIterable, Sendable {
    /// No repetition of one side met the machine in a state that one of the other met.
    case noCommonState = "no common state"
    /// No outcome of so few repetitions could have passed the gate.
    case tooFew = "too few repetitions"
    /// The interval lies beyond the noise floor, but the p-value does not pass the gate.
    case notSignificant = "not significant"
    /// The interval lies within what runs of one program differ by on this machine, or within a step of its clock.
    case withinNoise = "within noise"
    /// The interval reaches over the end of the noise floor.
    case wideInterval = "wide interval"
    /// A ratio cannot be said of values below 0.
    case negativeValues = "values below 0"

    /// Whether the sample, not the guard, left it open: such a comparison could not have been decided.
    public var isOfSample: Bool { self == .noCommonState || self == .tooFew }
}
