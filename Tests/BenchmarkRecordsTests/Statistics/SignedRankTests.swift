import Testing

@testable import BenchmarkRecords

@Suite struct SignedRankTests {
    /// By hand: of the 64 ways to sign the ranks 1 to 6, those whose positive ranks add up to at most 2 are {}, {1} and
    /// {2}.
    @Test func countsTheSignsByHand() {
        #expect(Statistics.signedRankP([-1, 2, -3, -4, -5, -6]) == 2 * 3.0 / 64)
        #expect(Statistics.signedRankP([1, -2, 3, 4, 5, 6]) == 2 * 3.0 / 64)
        #expect(Statistics.signedRankP([1, -2]) == 1)
    }

    /// Every way to give the magnitudes signs, gone through one by one.
    @Test(arguments: [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 1, 1, 1, 2, 2, 3, 9],
        [0, 0, 0, 0.5, 0.5, 2, 2, 2, 7, 7],
        [0, 1, 1, 1, 1, 1],
        [3],
    ])
    func countsEverySignWithTiesAndZeros(magnitudes: [Double]) throws {
        let signed = magnitudes.filter { $0 != 0 }
        let ways = (0..<(1 << signed.count)).map { mask in
            signed.indices.map { mask & (1 << $0) == 0 ? signed[$0] : -signed[$0] }
        }
        // The middle rank is a half more than the smaller ones and a half of the equal ones.
        func sum(_ differences: [Double]) -> Double {
            differences.filter { $0 > 0 }.reduce(0) { sum, value in
                sum + signed.reduce(0.5) { $0 + ($1 < value ? 1 : $1 == value ? 0.5 : 0) }
            }
        }
        let sums = ways.map(sum)
        for way in ways {
            let own = sum(way)
            let tail = min(sums.count { $0 <= own }, sums.count { $0 >= own })
            let p = try #require(Statistics.signedRankP(way + magnitudes.filter { $0 == 0 }))
            #expect(abs(p - min(1, 2 * Double(tail) / Double(ways.count))) < 1e-12)
        }
    }

    @Test(arguments: [1, 2, 7, 40, 300])
    func oneSidedPairsReachTheSmallestPossibleP(count: Int) throws {
        let p = try #require(Statistics.signedRankP((1...count).map(Double.init)))
        #expect(p == Statistics.smallestSignedRankP(count))
    }

    @Test func nothingDecidesNothing() {
        #expect(Statistics.signedRankP([]) == nil)
        #expect(Statistics.signedRankP([0, 0, 0]) == 1)
        #expect(Statistics.smallestSignedRankP(0) == 1)
        #expect(Statistics.smallestSignedRankP(6) == 0.03125)
    }

    @Test func infiniteDifferencesHaveTheLargestRank() {
        #expect(Statistics.signedRankP([.infinity, -1, -2, -3]) == Statistics.signedRankP([9, -1, -2, -3]))
        #expect(Statistics.signedRankP([-.infinity, 1, .infinity]) == Statistics.signedRankP([-9, 1, 9]))
    }

    /// Beyond 300 differences the normal distribution takes over: it must go on where counting stopped.
    @Test(arguments: [false, true])
    func manyPairsContinueTheFewer(tied: Bool) throws {
        func found(_ count: Int) throws -> Double {
            let values = (1...count).map { index in
                Double(tied ? index % 7 + 1 : index) * (index.isMultiple(of: 2) || index.isMultiple(of: 13) ? 1 : -1)
            }
            return try #require(Statistics.signedRankP(values))
        }
        let (counted, approximated) = (try found(300), try found(302))
        #expect(counted > 0.05 && counted < 0.6)
        #expect(abs(counted - approximated) < 0.02)
    }
}
