import Foundation
import SeededNumbers
import Testing

@testable import BenchmarkRecords

@Suite struct PairedRatioIntervalTests {
    /// Between any two neighbouring means of pairs the test must say the same as the interval.
    @Test(arguments: [(6, 0.95), (9, 0.95), (9, 0.99), (14, 0.9), (25, 0.999)])
    func holdsWhatTheTestDoesNotReject(count: Int, confidence: Double) throws {
        var random = SplitMix(state: UInt64(count))
        let logs = (0..<count).map { _ in random.uniform() - 0.4 + (random.uniform() < 0.2 ? 2 * random.uniform() : 0) }
        let found = try #require(RatioInterval(pairedLogRatios: logs, confidence: confidence))
        let means = logs.flatMap { first in logs.map { (first + $0) / 2 } }.sorted()
        let factors = zip(means, means.dropFirst()).filter { $1 - $0 > 1e-9 }.map { exp(($0 + $1) / 2) }
        #expect(factors.count == count * (count + 1) / 2 - 1)
        for factor in [exp(means[0] - 1)] + factors + [exp(means[means.count - 1] + 1)] {
            let p = try #require(Statistics.signedRankP(logs.map { $0 - log(factor) }))
            #expect((p <= 1 - confidence) == (factor < found.lower || factor > found.upper), "\(factor), p \(p)")
        }
        #expect(found.lower <= found.estimate && found.estimate <= found.upper)
    }

    /// Every sign of every logarithm is as likely as the other where both sides are one thing: how many of the intervals
    /// hold 1 is counted, not sampled. Ties and zeros must not make it fewer.
    @Test(
        arguments: [
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],  // no two equal
            [0.3, 1.1, 1.3, 1.7, 2.9, 3.1, 3.7, 30, 31, 37],  // two modes
            [1, 1, 1, 1, 2, 2, 2, 3, 3, 4],  // steps of a clock
            [0, 0, 0, 0, 1, 1, 2, 3, 3, 9],  // zeros
            [1, 1, 1, 1, 1, 1, 1, 1, 1, .infinity],  // something against nothing
            [.infinity, .infinity, .infinity, .infinity, .infinity, .infinity, .infinity, 1, 2, 3],
        ], [0.9, 0.99])
    func holdsItsLevelOverEverySign(magnitudes: [Double], confidence: Double) throws {
        var held = 0
        for mask in 0..<1024 {
            let logs = magnitudes.indices.map { mask & (1 << $0) == 0 ? magnitudes[$0] : -magnitudes[$0] }
            let found = try #require(RatioInterval(pairedLogRatios: logs, confidence: confidence))
            let holds = found.lower <= 1 && found.upper >= 1
            if holds { held += 1 }
            // Without ties the test and the interval are one; where values are equal it may only be wider.
            let isRejected = try #require(Statistics.signedRankP(logs)) <= 1 - confidence
            #expect(isRejected || holds)
            if Set(magnitudes).count == magnitudes.count { #expect(!isRejected || !holds) }
        }
        #expect(Double(held) >= confidence * 1024, "\(held) of 1024")
    }

    @Test func theEstimateIsTheMedianOfTheMeans() throws {
        let found = try #require(RatioInterval(pairedLogRatios: [0, 1, 2, 3, 4, 10], confidence: 0.95))
        // In order: 0 0.5 1 1 1.5 1.5 2 2 2 2.5 | 2.5 | 3 3 3.5 4 5 5.5 6 6.5 7 10.
        #expect(abs(found.estimate - exp(2.5)) < 1e-12)
        #expect(found.lower == 1 && found.upper == exp(10))
    }

    @Test func tooFewPairsHaveNone() {
        let five = [0.1, 0.2, 0.3, 0.4, 0.5]
        #expect(RatioInterval(pairedLogRatios: five, confidence: 0.95) == nil)
        #expect(RatioInterval(pairedLogRatios: five, confidence: 0.9) != nil)
        #expect(RatioInterval(pairedLogRatios: five + [0.6], confidence: 0.95) != nil)
        #expect(RatioInterval(pairedLogRatios: five + [0.6], confidence: 0.99) == nil)
        #expect(RatioInterval(pairedLogRatios: [], confidence: 0.9) == nil)
        #expect(RatioInterval(pairedLogRatios: five + [.nan], confidence: 0.9) == nil)
    }

    @Test func nothingOnOneSideIsAnInfiniteRatio() throws {
        let gone = try #require(
            RatioInterval(pairedLogRatios: Array(repeating: -.infinity, count: 6), confidence: 0.95))
        #expect(gone.estimate == 0 && gone.upper == 0)
        let mixed = [-Double.infinity, -.infinity, -.infinity, .infinity, .infinity, .infinity]
        let both = try #require(RatioInterval(pairedLogRatios: mixed, confidence: 0.95))
        #expect(both.estimate == 1 && both.lower == 0 && both.upper == .infinity)
    }

    /// Beyond 300 pairs the normal distribution takes over: it must go on where counting stopped.
    @Test func manyPairsContinueTheFewer() throws {
        func found(_ count: Int) throws -> RatioInterval {
            let logs = (0..<count).map { 0.1 + Double(($0 * 37) % count) / Double(count) * 0.2 }
            return try #require(RatioInterval(pairedLogRatios: logs, confidence: 0.99))
        }
        let (counted, approximated) = (try found(300), try found(301))
        #expect(abs(counted.lower - approximated.lower) < 0.001 && abs(counted.upper - approximated.upper) < 0.001)
        #expect(approximated.lower < exp(0.2) && approximated.upper > exp(0.2))
        #expect(approximated.upper - approximated.lower < 0.05)
    }
}
