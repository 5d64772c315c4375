import Foundation

/// How often each rank sum comes about by chance alone: the base of the Mann-Whitney test, where pooled values are split
/// at random, and of the signed-rank test, where every value gets a random sign.
struct RankSumDistribution {
    /// The probability of every sum from 0 on. Sums count doubled ranks, so that the middle ranks of ties stay whole.
    private(set) var probabilities: [Double]

    /// The largest pooled sample that is counted through; beyond it the test takes the normal distribution. The work of
    /// counting grows with `n^2 (n + m)^2`.
    static let largestCounted = 60
    /// The most signed values that are counted through. The work grows with `n^3`: 300 values take some milliseconds.
    static let mostSignedCounted = 300

    /// The only sum of nothing is 0.
    init() { probabilities = [1] }

    /// Counts the sums over every way to choose `count` of `ranks`, which are above 0.
    init(choosing count: Int, of ranks: [Int]) {
        let largest = ranks.sorted().suffix(count).reduce(0, +)
        // ways[k][s]: how many choices of k of the ranks seen so far add up to s.
        var ways = Array(repeating: Array(repeating: 0.0, count: largest + 1), count: count + 1)
        ways[0][0] = 1
        for (seen, rank) in ranks.enumerated() {
            for chosen in stride(from: min(count, seen + 1), through: 1, by: -1) where rank <= largest {
                for sum in rank...largest {
                    ways[chosen][sum] += ways[chosen - 1][sum - rank]
                }
            }
        }
        let total = ways[count].reduce(0, +)
        probabilities = ways[count].map { $0 / total }
    }

    /// Counts the sums of the values with a positive sign over every way to give `ranks`, which are above 0, signs.
    init(signing ranks: [Int]) {
        probabilities = Array(repeating: 0, count: ranks.reduce(1, +))
        probabilities[0] = 1
        var largest = 0
        for rank in ranks {
            largest += rank
            // From above, so that a sum is read before it is written.
            for sum in stride(from: largest, through: 0, by: -1) {
                let without = probabilities[sum]
                probabilities[sum] = (sum < rank ? without : without + probabilities[sum - rank]) / 2
            }
        }
    }

    /// The distribution of this sum and an independent other one together.
    func adding(_ other: RankSumDistribution) -> RankSumDistribution {
        var sum = self
        sum.probabilities = Array(repeating: 0, count: probabilities.count + other.probabilities.count - 1)
        for (own, probability) in probabilities.enumerated() where probability > 0 {
            for (others, second) in other.probabilities.enumerated() {
                sum.probabilities[own + others] += probability * second
            }
        }
        return sum
    }

    /// Twice the smaller tail that `observed` stands in, at most 1.
    func twoSidedP(of observed: Int) -> Double {
        let atMost = probabilities[...observed].reduce(0, +)
        let atLeast = probabilities[observed...].reduce(0, +)
        return min(1, 2 * min(atMost, atLeast))
    }
}

/// The normal distribution.
enum NormalDistribution {
    /// The probability of a value at least `distance` standard deviations from the mean, on either side.
    static func twoSidedP(beyond distance: Double) -> Double { min(1, erfc(abs(distance) / 2.0.squareRoot())) }

    /// The same for a sum of doubled ranks, with the correction for continuity; 1 where it cannot vary.
    static func twoSidedP(ofDoubledSum sum: Int, mean: Double, variance: Double) -> Double {
        // Ranks are doubled, and so is the half that continuity takes.
        variance > 0 ? twoSidedP(beyond: max(0, abs(Double(sum) - mean) - 1) / variance.squareRoot()) : 1
    }
}

extension Statistics {
    /// Twice the rank of every value, from 2 for the smallest; equal values share their middle rank, which doubling
    /// keeps whole.
    static func doubledMiddleRanks(of values: [Double]) -> [Int] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = Array(repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
            // Ranks start + 1 ... end share their mean.
            for position in start..<end { ranks[order[position]] = start + 1 + end }
            start = end
        }
        return ranks
    }
}
