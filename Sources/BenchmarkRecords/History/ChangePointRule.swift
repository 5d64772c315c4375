/// When a series is said to have changed.
public struct ChangePointRule: Hashable, Sendable {
    /// The smallest change that is reported, above 0: a median that moves by less than this share has not changed.
    /// 0.03 is 3 %.
    public let threshold: Double
    /// The level of the t-tests, above 0 and below 1.
    public let level: Double
    /// How many values are looked at together.
    public let window: Int

    /// How many values there must be on either side of a change: fewer say nothing of how much they vary.
    public static let fewestValues = 4

    /// A rule; by default that of Apache Otava with a noise floor of 3 %.
    public init(threshold: Double = 0.03, level: Double = 0.001, window: Int = 50) {
        precondition(threshold > 0 && level > 0 && level < 1 && window >= 2 * Self.fewestValues, "a rule that can find")
        self.threshold = threshold
        self.level = level
        self.window = window
    }

    /// Whether a median that goes from `before` to `after`, neither below 0, has moved too little. The same factor up
    /// and down.
    func isSmall(from before: Double, to after: Double) -> Bool {
        max(before, after) <= min(before, after) * (1 + threshold)
    }
}
