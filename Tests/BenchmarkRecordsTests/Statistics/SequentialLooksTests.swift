import SeededNumbers
import Testing

@testable import BenchmarkRecords

@Suite struct SequentialLooksTests {
    @Test func looksGrowApart() {
        #expect((1...9).map(SequentialLooks.pairs) == [10, 14, 20, 28, 40, 57, 80, 113, 160])
    }

    @Test func sharesNeverAddUpToMoreThanTheLevel() {
        let shares = (1...10_000).map(SequentialLooks.share)
        let sum = shares.reduce(0, +)
        #expect(shares.allSatisfy { $0 > 0 } && sum < 1)
        #expect(sum > 0.999)
    }

    /// The first look is worth its share: one comparison can be decided by it at the level of the gate.
    @Test func theFirstLookCanDecide() {
        let smallest = Statistics.smallestSignedRankP(SequentialLooks.pairs(atLook: 1))
        #expect(smallest < ComparisonRule().alpha * SequentialLooks.share(ofLook: 1))
    }

    /// A thing against itself, looked at until it is rejected or 40 pairs are in. Without the shares it is rejected far
    /// more often than the level; the seed is fixed, so that the outcome is, too.
    @Test func lookingOftenKeepsTheLevel() {
        let (experiments, level) = (2000, 0.05)
        let looks = (1...5).map { look in
            let pairs = SequentialLooks.pairs(atLook: look)
            // No two magnitudes will be equal: then the ranks are these, whatever the data.
            let sums = SignedRankSumDistribution(of: (1...pairs).map { 2 * $0 })
            return (pairs: pairs, share: SequentialLooks.share(ofLook: look), sums: sums)
        }
        var random = SplitMix(state: 5)
        var (withShares, withoutShares) = (0, 0)
        for _ in 0..<experiments {
            let differences = (0..<40).map { _ in
                // Most pairs alike, some far apart.
                (random.uniform() < 0.5 ? -1 : 1) * (random.uniform() < 0.2 ? 10 : 1) * random.uniform()
            }
            let found = looks.map { look in
                let sum = SignedRanks(of: Array(differences[..<look.pairs])).positiveSum
                return (p: look.sums.twoSidedP(of: sum), share: look.share)
            }
            if found.contains(where: { $0.p <= level * $0.share }) { withShares += 1 }
            if found.contains(where: { $0.p <= level }) { withoutShares += 1 }
        }
        #expect(Double(withShares) <= level * Double(experiments), "\(withShares) of \(experiments)")
        #expect(Double(withoutShares) > 2 * level * Double(experiments), "\(withoutShares) of \(experiments)")
        // Nor are the shares so small that little is left of the level.
        #expect(Double(withShares) > level / 4 * Double(experiments), "\(withShares) of \(experiments)")
    }
}
