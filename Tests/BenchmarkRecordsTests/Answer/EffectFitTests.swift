import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct EffectFitTests {
    /// Rates of guards with these true effects in blocks that differ by far more than the guards, and with noise that
    /// has an outlier now and then.
    private func samples(
        effects: [Double], blocks: Int, noise: Double, blockNoise: Double = 0.5, shares: ClosedRange<Double> = 1...1,
        slope: Double = 0, from generator: inout SeededNoise
    ) -> [[EffectFit.Sample?]] {
        (0..<blocks).map { _ in
            let block = generator.normal() * blockNoise
            return effects.map { effect in
                let isOutlier = Double.random(in: 0..<1, using: &generator) < 0.05
                let share = log(Double.random(in: shares, using: &generator))
                return EffectFit.Sample(
                    logarithm: effect + block + slope * share + generator.normal() * (isOutlier ? 10 * noise : noise),
                    share: share)
            }
        }
    }

    @Test func blocksThatDifferByMuchDoNotHideAGuard() throws {
        var generator = SeededNoise(seed: 1)
        let truth = [0.0, 0.05, -0.3, 1.2]
        let fit = EffectFit(samples(effects: truth, blocks: 14, noise: 0.02, from: &generator), guards: 4)
        for (first, second) in [(0, 1), (1, 2), (3, 0)] {
            let found = try #require(fit.difference(first, second))
            #expect(abs(found.value - (truth[first] - truth[second])) < 0.03)
            #expect(found.error > 0.001 && found.error < 0.02)
        }
    }

    @Test func aValueThatIsMissingChangesNoOtherGuard() throws {
        var generator = SeededNoise(seed: 2)
        var values = samples(effects: [0, 0.5, 1], blocks: 12, noise: 0, from: &generator)
        for block in 0..<5 { values[block][2] = nil }
        let fit = EffectFit(values, guards: 3)
        #expect(fit.counts == [12, 12, 7])
        #expect(abs(try #require(fit.difference(2, 0)).value - 1) < 1e-6)
        #expect(abs(try #require(fit.difference(1, 0)).value - 0.5) < 1e-6)
        #expect(fit.freedom(0, 2) == 6)
    }

    @Test func differencesAddUp() throws {
        var generator = SeededNoise(seed: 3)
        let fit = EffectFit(samples(effects: [0, 0.1, 0.2], blocks: 8, noise: 0.1, from: &generator), guards: 3)
        let (first, second) = (try #require(fit.difference(0, 1)).value, try #require(fit.difference(1, 2)).value)
        #expect(abs(first + second - (try #require(fit.difference(0, 2)).value)) < 1e-12)
    }

    @Test func aGuardWithoutValuesHasNoEffect() {
        let fit = EffectFit([1, 1.1, 0.9].map { [EffectFit.Sample(logarithm: $0), nil] }, guards: 2)
        #expect(fit.effects[1] == nil)
        #expect(fit.difference(0, 1) == nil)
        #expect(EffectFit([], guards: 0).effects.isEmpty)
    }

    /// Two runs, of which one has its cores to itself and the other shares them half of the time, say the same of a guard.
    @Test func whatANeighbourTakesIsNotTheGuards() throws {
        var generator = SeededNoise(seed: 4)
        let truth = [2.0, 2.05, 1.7, 3.2]
        for (shares, tolerance) in [(0.97...1, 0.02), (0.5...1, 0.05)] {
            let fit = EffectFit(
                samples(
                    effects: truth, blocks: 16, noise: 0.02, blockNoise: 0.02, shares: shares, slope: 0.8,
                    from: &generator), guards: 4)
            for (index, effect) in truth.enumerated() {
                let found = try #require(fit.effect(index))
                #expect(abs(found.value - effect) < tolerance, "\(index): \(found) for shares in \(shares)")
                #expect(found.error < 0.05)
            }
        }
    }

    /// A share that does not differ between repetitions says nothing of what it does: guards are told apart as without it,
    /// and their rates are as uncertain as the slope.
    @Test func aShareThatIsTheSameForAllMakesRatesUncertainAndNoRatio() throws {
        let rates = [[1.0, 2.0], [1.1, 2.1], [0.9, 1.9], [1.0, 2.1]]
        func fit(share: Double) -> EffectFit {
            EffectFit(rates.map { $0.map { EffectFit.Sample(logarithm: $0, share: share) } }, guards: 2)
        }
        let (whole, half) = (fit(share: 0), fit(share: -0.7))
        let (ratio, sameRatio) = (try #require(whole.difference(0, 1)), try #require(half.difference(0, 1)))
        #expect(abs(ratio.value - sameRatio.value) < 1e-9 && abs(ratio.error - sameRatio.error) < 1e-9)
        let (rate, guess) = (try #require(whole.effect(0)), try #require(half.effect(0)))
        #expect(abs(guess.value - rate.value - 0.4 * 0.7) < 1e-9)
        #expect(guess.error > 0.2 && rate.error < 0.1)
    }

    /// Guards that are the same are told apart as often as the level says, and no more often.
    @Test(arguments: [8, 14]) func theSameGuardsAreToldApartAsOftenAsTheLevelSays(blocks: Int) {
        var generator = SeededNoise(seed: 100 + UInt64(blocks))
        var below = 0
        var count = 0
        for _ in 0..<80 {
            let values = samples(effects: [0, 0, 0.4, -0.8, 1], blocks: blocks, noise: 0.03, from: &generator)
            let comparison = Comparisons(EffectFit(values, guards: 5), betweenRuns: 0)
            if let p = comparison.pInsideRun(0, 1) {
                count += 1
                if p < 0.05 { below += 1 }
            }
        }
        #expect(count == 80)
        #expect((1...11).contains(below), "\(below) of \(count)")
    }
}
