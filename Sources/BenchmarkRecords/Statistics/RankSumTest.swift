/// Two samples of which any value of the one may be compared with any of the other.
///
/// Repetitions that met the machine in different states form several of them: within each, like is compared with like,
/// and the test adds up what all of them say.
public struct Stratum: Hashable, Sendable {
    /// The values of the one side, finite.
    public let first: [Double]
    /// The values of the other side, finite.
    public let second: [Double]

    /// Two samples that were taken under the same conditions.
    public init(first: [Double], second: [Double]) {
        self.first = first
        self.second = second
    }

    /// Whether there is anything to compare.
    var isTwoSided: Bool { !first.isEmpty && !second.isEmpty }
}

extension Statistics {
    /// The two-sided p-value of the Mann-Whitney U test, exact also with ties.
    ///
    /// The distribution of the rank sum is counted over every way to split the pooled values, ties sharing their middle
    /// rank; the p-value is twice the smaller tail, at most 1. Above 60 pooled values the normal distribution takes its
    /// place, with corrections for ties and continuity. `nil` when a sample is empty.
    public static func mannWhitneyP(_ first: [Double], _ second: [Double]) -> Double? {
        mannWhitneyP([Stratum(first: first, second: second)])
    }

    /// The same over strata: values are ranked within each, and the sum of all rank sums is tested.
    ///
    /// Exact as with one stratum, as long as all that are compared hold no more than 60 values. `nil` when no stratum
    /// has values of both samples.
    public static func mannWhitneyP(_ strata: [Stratum]) -> Double? {
        let ranked = strata.filter(\.isTwoSided).map(RankedStratum.init)
        if ranked.isEmpty { return nil }
        let observed = ranked.reduce(0) { $0 + $1.smallerSum }
        if ranked.reduce(0, { $0 + $1.ranks.count }) <= RankSumDistribution.largestCounted {
            let sum = ranked.reduce(RankSumDistribution()) { distribution, stratum in
                distribution.adding(RankSumDistribution(choosing: stratum.smallerCount, of: stratum.ranks))
            }
            return sum.twoSidedP(of: observed)
        }
        return NormalDistribution.twoSidedP(
            ofDoubledSum: observed, mean: ranked.reduce(0) { $0 + $1.mean },
            variance: ranked.reduce(0) { $0 + $1.variance })
    }

    /// The smallest p-value that ``mannWhitneyP(_:_:)`` can give for samples of these sizes: 2 / C(n + m, n).
    ///
    /// Samples that cannot reach the level of a test cannot decide it, whatever they hold. 1 when a size is 0.
    public static func smallestMannWhitneyP(_ n: Int, _ m: Int) -> Double { smallestMannWhitneyP([(n, m)]) }

    /// The same over strata of these sizes.
    public static func smallestMannWhitneyP(_ sizes: [(n: Int, m: Int)]) -> Double {
        let splits = sizes.filter { $0.n > 0 && $0.m > 0 }.map { n, m in
            (1...n).reduce(1.0) { $0 * Double(m + $1) / Double($1) }
        }
        return splits.isEmpty ? 1 : min(1, 2 / splits.reduce(1, *))
    }
}

/// The ranks of two samples in one, both of which have values.
private struct RankedStratum {
    /// Twice the middle rank of every pooled value, so that halves stay whole.
    let ranks: [Int]
    /// How many values the smaller sample has: choosing it takes the least work. The first where they are equal.
    let smallerCount: Int
    /// The sum of the ranks of the first sample where that is the smaller, or else its mirror image: both samples of
    /// all strata together must pull the same way.
    let smallerSum: Int

    init(_ stratum: Stratum) {
        let pooled = stratum.first + stratum.second
        let ranks = Statistics.doubledMiddleRanks(of: pooled)
        let count = stratum.first.count
        if count <= stratum.second.count {
            self.ranks = ranks
            smallerCount = count
            smallerSum = ranks[..<count].reduce(0, +)
        } else {
            // Turned round, large values of the second sample are small ones of the first.
            let mirrored = ranks.map { 2 * (pooled.count + 1) - $0 }
            self.ranks = mirrored
            smallerCount = stratum.second.count
            smallerSum = mirrored[count...].reduce(0, +)
        }
    }

    var mean: Double { Double(smallerCount) * Double(ranks.count + 1) }

    /// Of the sum of a random choice without replacement.
    var variance: Double {
        let count = Double(ranks.count)
        let middle = count + 1
        let squares = ranks.reduce(0) { $0 + (Double($1) - middle) * (Double($1) - middle) }
        return count > 1 ? Double(smallerCount) * (count - Double(smallerCount)) * squares / (count * (count - 1)) : 0
    }
}

extension Statistics {
    /// Cliff's delta over strata: how much more often a value of the second sample is the larger of a pair than the
    /// smaller, from -1 to 1; 0 where neither tends to be. `nil` when no stratum has values of both samples.
    public static func cliffsDelta(_ strata: [Stratum]) -> Double? {
        let pairs = strata.reduce(0) { $0 + $1.first.count * $1.second.count }
        if pairs == 0 { return nil }
        let balance = strata.reduce(0) { sum, stratum in
            stratum.first.reduce(sum) { sum, value in
                sum + stratum.second.count { $0 > value } - stratum.second.count { $0 < value }
            }
        }
        return Double(balance) / Double(pairs)
    }
}
