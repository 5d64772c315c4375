import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct EffectFitTests {
    /// Rates of guards with these true effects in blocks that differ by far more than the guards, and with noise that
    /// has an outlier now and then.
    private func logarithms(
        effects: [Double], blocks: Int, noise: Double, from generator: inout SeededNoise
    ) -> [[Double?]] {
        (0..<blocks).map { _ in
            let block = generator.normal() * 0.5
            return effects.map { effect in
                let isOutlier = Double.random(in: 0..<1, using: &generator) < 0.05
                return effect + block + generator.normal() * (isOutlier ? 10 * noise : noise)
            }
        }
    }

    @Test func blocksThatDifferByMuchDoNotHideAGuard() throws {
        var generator = SeededNoise(seed: 1)
        let truth = [0.0, 0.05, -0.3, 1.2]
        let fit = EffectFit(logarithms(effects: truth, blocks: 14, noise: 0.02, from: &generator), guards: 4)
        for (first, second) in [(0, 1), (1, 2), (3, 0)] {
            let found = try #require(fit.difference(first, second))
            #expect(abs(found.value - (truth[first] - truth[second])) < 0.03)
            #expect(found.error > 0.001 && found.error < 0.02)
        }
    }

    @Test func aValueThatIsMissingChangesNoOtherGuard() throws {
        var generator = SeededNoise(seed: 2)
        var values = logarithms(effects: [0, 0.5, 1], blocks: 12, noise: 0, from: &generator)
        for block in 0..<5 { values[block][2] = nil }
        let fit = EffectFit(values, guards: 3)
        #expect(fit.counts == [12, 12, 7])
        #expect(abs(try #require(fit.difference(2, 0)).value - 1) < 1e-6)
        #expect(abs(try #require(fit.difference(1, 0)).value - 0.5) < 1e-6)
        #expect(fit.freedom(0, 2) == 6)
    }

    @Test func differencesAddUp() throws {
        var generator = SeededNoise(seed: 3)
        let fit = EffectFit(logarithms(effects: [0, 0.1, 0.2], blocks: 8, noise: 0.1, from: &generator), guards: 3)
        let (first, second) = (try #require(fit.difference(0, 1)).value, try #require(fit.difference(1, 2)).value)
        #expect(abs(first + second - (try #require(fit.difference(0, 2)).value)) < 1e-12)
    }

    @Test func aGuardWithoutValuesHasNoEffect() {
        let fit = EffectFit([[1, nil], [1.1, nil], [0.9, nil]], guards: 2)
        #expect(fit.effects[1] == nil)
        #expect(fit.difference(0, 1) == nil)
        #expect(EffectFit([], guards: 0).effects.isEmpty)
    }

    /// Guards that are the same are told apart as often as the level says, and no more often.
    @Test(arguments: [8, 14]) func theSameGuardsAreToldApartAsOftenAsTheLevelSays(blocks: Int) {
        var generator = SeededNoise(seed: 100 + UInt64(blocks))
        var below = 0
        var count = 0
        for _ in 0..<80 {
            let values = logarithms(effects: [0, 0, 0.4, -0.8, 1], blocks: blocks, noise: 0.03, from: &generator)
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
