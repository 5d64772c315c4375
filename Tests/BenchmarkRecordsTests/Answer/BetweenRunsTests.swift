import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct BetweenRunsTests {
    /// Runs of 12 blocks whose guards' rates are off by so much from run to run, and by so much from block to block: standard
    /// deviations of the logarithm.
    private func runs(
        _ count: Int = 40, guards: [String] = ["interval", "kvm", "striped"], between: Double, inside: Double,
        seed: UInt64 = 1
    ) -> [[ResultRow]] {
        var noise = SeededNoise(seed: seed)
        return (0..<count).map { _ in
            let machine = noise.normal()
            return guards.flatMap { name in
                let guardOfRun = machine + between * noise.normal()
                return repetitions(
                    of: name, faultsPerSecond: (0..<12).map { _ in 1e6 * exp(guardOfRun + inside * noise.normal()) })
            }
        }
    }

    @Test(arguments: [0.005, 0.02, 0.1])
    func whatIsBetweenRunsIsFoundBesideWhatIsInThem(between: Double) throws {
        let found = try #require(BetweenRuns.deviation(of: runs(between: between, inside: 0.01)))
        #expect((0.75 * between...1.25 * between).contains(found), "\(found)")
    }

    @Test func runsThatDifferByTheirBlocksAloneHaveNothingBetweenThem() throws {
        let found = try (1...8).map { seed in
            try #require(BetweenRuns.deviation(of: runs(20, between: 0, inside: 0.1, seed: UInt64(seed))))
        }
        // A standard error of a ratio is 0.1 x sqrt(2/12), about 0.04: next to nothing of it may be taken for what is
        // between.
        #expect(try #require(Statistics.median(found)) < 0.012, "\(found)")
    }

    @Test func fewRunsAndSingleGuardsSayNothing() {
        #expect(BetweenRuns.deviation(of: runs(4, between: 0.02, inside: 0.01)) == nil)
        #expect(BetweenRuns.deviation(of: runs(guards: ["kvm"], between: 0.02, inside: 0.01)) == nil)
        #expect(BetweenRuns.deviation(of: []) == nil)
    }

    @Test func itIsKeptWithTheCalibration() throws {
        let sides = runs(6, between: 0.02, inside: 0.01).map { ComparisonTests.side($0) }
        let calibration = NoiseCalibration(of: sides, path: "n")
        let betweenRuns = try #require(calibration.betweenRuns)
        #expect(betweenRuns > 0.005)
        #expect(CalibrationTable(calibration).description.contains("in the place of 2.00 %"))
        #expect(try NoiseCalibration(json: Data(calibration.json().utf8), path: "n") == calibration)
        // One of a single guard does not take it away.
        let alone = NoiseCalibration(
            of: runs(6, guards: ["kvm"], between: 0, inside: 0.01).map { ComparisonTests.side($0) }, path: "n")
        #expect(alone.betweenRuns == nil && calibration.updated(by: alone).betweenRuns == betweenRuns)
    }

    @Test func intervalsHoldIt() throws {
        let run = try #require(runs(1, between: 0, inside: 0.001).first)
        func width(_ betweenRuns: Double) throws -> Double {
            let answer = RunAnswer(rows: run, options: AnswerOptions(betweenRuns: betweenRuns))
            let ratio = try #require(answer.workloads.first?.guards.first { $0.name == "kvm" }?.ratio)
            return log(ratio.high / ratio.low)
        }
        // What is known and not estimated has the normal distribution's 1.96, and a ratio has two guards.
        #expect(abs(try width(0.05) / (2 * 1.96 * 0.05 * 2.0.squareRoot()) - 1) < 0.01)
        #expect(try width(0) < 0.01)
    }
}
