/// Finds the change points of a series: E-divisive, with a t-test in place of the random permutations, as in Apache
/// Otava; so the same values always give the same answer.
///
/// 1. Candidates: in windows that overlap by half, the best split is taken, then the best split of each part, as long
///    as a t-test at ten times the level agrees.
/// 2. The weakest candidate is dropped until all that are left pass the level, tested between their neighbours over
///    the whole series.
/// 3. Each is put where the split between its neighbours is best, since the edge of a window may have shifted it; and
///    tested again.
/// 4. The smallest change is dropped until all reach the threshold, and still pass the level.
///
/// The t-test is the more careful of two: Student's alone is fooled where the few values of one side vary more than the
/// many of the other, and Welch's alone where few values happen to be equal.
struct ChangePointSearch {
    private let values: [Double]
    private let rule: ChangePointRule

    /// The change points of `values`, which are finite, 0 or above and in the order of time; none where there are too
    /// few of them.
    static func changePoints(of values: [Double], by rule: ChangePointRule) -> [ChangePoint] {
        let search = ChangePointSearch(values: values, rule: rule)
        let significant = search.thinned(search.candidates()) { search.leastSignificant(of: $0) }
        let indices = search.thinned(search.moved(significant)) {
            search.leastSignificant(of: $0) ?? search.smallest(of: $0)
        }
        return search.points(at: indices)
    }

    /// The larger of both p-values; 1 where a sample is too small to test.
    static func p(_ first: [Double], _ second: [Double]) -> Double {
        max(Statistics.studentP(first, second) ?? 1, Statistics.welchP(first, second) ?? 1)
    }

    private func candidates() -> [Int] {
        var found: [Int] = []
        var start = 0
        while start + 2 * ChangePointRule.fewestValues <= values.count {
            let end = min(values.count, start + rule.window)
            let splits = splits(of: start..<end)
            found += splits
            if end == values.count { break }
            start = max(start + rule.window / 2, splits.last ?? 0)
        }
        return Set(found).sorted()
    }

    /// In order.
    private func splits(of range: Range<Int>) -> [Int] {
        guard let index = EnergySplit(of: values, in: range, fewest: ChangePointRule.fewestValues)?.index,
            Self.p(Array(values[range.lowerBound..<index]), Array(values[index..<range.upperBound])) < 10 * rule.level
        else { return [] }
        return splits(of: range.lowerBound..<index) + [index] + splits(of: index..<range.upperBound)
    }

    /// Of those that do not pass the level.
    private func leastSignificant(of points: [ChangePoint]) -> ChangePoint? {
        points.filter { $0.p >= rule.level || min($0.before.count, $0.after.count) < ChangePointRule.fewestValues }
            .max { $0.p < $1.p }
    }

    /// Of those that do not reach the threshold.
    private func smallest(of points: [ChangePoint]) -> ChangePoint? {
        points.filter { rule.isSmall(from: $0.medianBefore, to: $0.medianAfter) }
            .min { abs($0.medianAfter - $0.medianBefore) < abs($1.medianAfter - $1.medianBefore) }
    }

    /// Drops what `weakest` names, one at a time, until it names none.
    private func thinned(_ indices: [Int], weakest: ([ChangePoint]) -> ChangePoint?) -> [Int] {
        var indices = indices
        while let point = weakest(points(at: indices)) { indices.removeAll { $0 == point.index } }
        return indices
    }

    private func moved(_ indices: [Int]) -> [Int] {
        var indices = indices
        for place in indices.indices {
            let start = place > 0 ? indices[place - 1] : 0
            let end = place + 1 < indices.count ? indices[place + 1] : values.count
            let range = max(start, indices[place] - rule.window)..<min(end, indices[place] + rule.window)
            if let split = EnergySplit(of: values, in: range, fewest: ChangePointRule.fewestValues) {
                indices[place] = split.index
            }
        }
        return indices
    }

    private func points(at indices: [Int]) -> [ChangePoint] {
        let ends = [0] + indices + [values.count]
        return indices.indices.map { place in
            ChangePoint(values, before: ends[place]..<ends[place + 1], after: ends[place + 1]..<ends[place + 2])
        }
    }
}

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
