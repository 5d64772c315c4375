/// The statistics behind a verdict.
public enum Statistics {
    /// The middle value, or the mean of the two in the middle; `nil` for no values.
    public static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The two-sided p-value of the Mann-Whitney U test, exact also with ties.
    ///
    /// The distribution of the rank sum is counted over every way to split the pooled values, ties sharing their
    /// middle rank; the p-value is twice the smaller tail, at most 1. Meant for samples of up to a few dozen values:
    /// the work grows with `n^2 (n + m)^2`. `nil` when a sample is empty.
    public static func mannWhitneyP(_ first: [Double], _ second: [Double]) -> Double? {
        guard !first.isEmpty, !second.isEmpty else { return nil }
        let (ranks, observed) = doubledRanks(first, second)

        // ways[k][s]: how many choices of k of the ranks seen so far add up to s.
        let largest = ranks.sorted().suffix(first.count).reduce(0, +)
        var ways = Array(repeating: Array(repeating: 0.0, count: largest + 1), count: first.count + 1)
        ways[0][0] = 1
        for rank in ranks {
            for chosen in stride(from: first.count, through: 1, by: -1) where rank <= largest {
                for sum in rank...largest {
                    ways[chosen][sum] += ways[chosen - 1][sum - rank]
                }
            }
        }
        let splits = ways[first.count]
        let total = splits.reduce(0, +)
        let atMost = splits[...observed].reduce(0, +) / total
        let atLeast = splits[observed...].reduce(0, +) / total
        return min(1, 2 * min(atMost, atLeast))
    }

    /// The smallest p-value that ``mannWhitneyP(_:_:)`` can give for samples of these sizes: 2 / C(n + m, n).
    ///
    /// Samples that cannot reach the level of a test cannot decide it, whatever they hold. 1 when a size is 0.
    public static func smallestMannWhitneyP(_ n: Int, _ m: Int) -> Double {
        guard n > 0, m > 0 else { return 1 }
        let splits = (1...n).reduce(1.0) { $0 * Double(m + $1) / Double($1) }
        return min(1, 2 / splits)
    }

    /// Holm's correction for testing all of `pValues` at once: the adjusted p-values, in the order given.
    public static func holmAdjusted(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var floor = 0.0
        for (position, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            floor = max(floor, min(1, pValues[index] * Double(pValues.count - position)))
            adjusted[index] = floor
        }
        return adjusted
    }

    /// Twice the middle rank of every pooled value, so that halves stay whole, and their sum over `first`.
    private static func doubledRanks(_ first: [Double], _ second: [Double]) -> (ranks: [Int], firstSum: Int) {
        let pooled = first + second
        let order = pooled.indices.sorted { pooled[$0] < pooled[$1] }
        var ranks = Array(repeating: 0, count: pooled.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count && pooled[order[end]] == pooled[order[start]] { end += 1 }
            // Ranks start + 1 ... end share their mean.
            for position in start..<end { ranks[order[position]] = start + 1 + end }
            start = end
        }
        return (ranks, ranks[..<first.count].reduce(0, +))
    }
}
