/// A place in a series where its values changed, and stayed changed.
public struct ChangePoint: Hashable, Sendable {
    /// The first value after the change.
    public let index: Int
    /// The values before it, back to the change before or to the beginning.
    public let before: Range<Int>
    /// The values from it on, up to the next change or to the end.
    public let after: Range<Int>
    /// The median of the values before.
    public let medianBefore: Double
    /// The median of the values after.
    public let medianAfter: Double
    /// That the means before and after differ by chance: the larger of Student's and Welch's p-values, two-sided. The
    /// place was chosen to make it small, so that it is a score and not a probability.
    public let p: Double

    /// After over before; infinite where the median before is 0.
    public var ratio: Double { medianAfter / medianBefore }

    init(_ values: [Double], before: Range<Int>, after: Range<Int>) {
        let (first, second) = (Array(values[before]), Array(values[after]))
        index = after.lowerBound
        self.before = before
        self.after = after
        medianBefore = Statistics.median(first) ?? 0
        medianAfter = Statistics.median(second) ?? 0
        p = ChangePointSearch.p(first, second)
    }
}
