import Testing

@testable import BenchmarkRecords

@Suite struct ChangePointSearchTests {
    private func indices(_ values: [Double], _ rule: ChangePointRule = ChangePointRule()) -> [Int] {
        ChangePointSearch.changePoints(of: values, by: rule).map(\.index)
    }

    private func noisy(_ levels: [(level: Double, count: Int)], spread: Double = 0.01, seed: UInt64 = 1) -> [Double] {
        var noise = SeededNoise(seed: seed)
        return noise.series(levels, spread: spread)
    }

    @Test(arguments: [8, 20, 48, 49, 50, 51, 74, 99, 180, 300])
    func aStepIsFoundWhereItIs(at place: Int) throws {
        let values = noisy([(100, place), (110, 320 - place)], seed: UInt64(place))
        let found = ChangePointSearch.changePoints(of: values, by: ChangePointRule())
        let point = try #require(found.first)
        #expect(found.map(\.index) == [place])
        #expect(point.before == 0..<place && point.after == place..<320)
        #expect(abs(point.ratio - 1.1) < 0.02)
        #expect(point.p < 0.001)
    }

    @Test func severalStepsUpAndDown() {
        let values = noisy([(100, 60), (108, 40), (95, 90), (95 * 1.06, 30), (120, 60)], seed: 2)
        #expect(indices(values) == [60, 100, 190, 220])
    }

    @Test func twoStepsCloseTogether() {
        #expect(indices(noisy([(100, 40), (115, 6), (130, 40)], seed: 3)) == [40, 46])
        #expect(indices(noisy([(100, 40), (120, 6), (100, 40)], seed: 4)) == [40, 46])
    }

    @Test func aStepWithoutNoise() {
        let values = Array(repeating: 5.0, count: 30) + Array(repeating: 6.0, count: 30)
        #expect(indices(values) == [30])
    }

    @Test func aConstantSeriesHasNone() {
        #expect(indices(Array(repeating: 7, count: 500)).isEmpty)
        #expect(indices(Array(repeating: 0, count: 500)).isEmpty)
    }

    @Test(arguments: [0, 1, 30, 58, 59])
    func oneOutlierIsNoChange(at place: Int) {
        var values = noisy([(100, 60)], seed: 5)
        values[place] = 300
        #expect(indices(values).isEmpty)
    }

    @Test func anOutlierDoesNotHideAChange() {
        var values = noisy([(100, 60), (110, 60)], seed: 6)
        values[20] = 200
        #expect(indices(values) == [60])
    }

    @Test func aChangeNeedsEnoughRunsAfterIt() {
        let values = noisy([(100, 60), (130, 6)], seed: 7)
        #expect(indices(Array(values.prefix(63))).isEmpty)
        #expect(indices(values) == [60])
    }

    @Test func aLuckyFewAtTheEndAreNoChange() {
        // Equal by chance, as counted and rounded values are: Welch's test alone would be sure of a change.
        let values = noisy([(100, 60)], spread: 0.05, seed: 8) + Array(repeating: 106, count: 4)
        #expect(Statistics.welchP(Array(values.prefix(60)), Array(values.suffix(4))).map { $0 < 0.001 } == true)
        #expect(indices(values).isEmpty)
    }

    @Test func aRestlessEndIsNoChange() {
        // Few values that vary much more than those before: Student's test alone would be sure of a change.
        let values = noisy([(100, 60)], spread: 0.001, seed: 9) + [100, 120, 99, 118, 101]
        #expect(Statistics.studentP(Array(values.prefix(60)), Array(values.suffix(5))).map { $0 < 0.001 } == true)
        #expect(indices(values).isEmpty)
    }

    @Test func aSlowDriftIsAFewStepsOfOneDirection() {
        var noise = SeededNoise(seed: 10)
        let values = (0..<200).map { 100 * (1 + 0.002 * Double($0)) * (1 + 0.01 * noise.normal()) }
        let found = ChangePointSearch.changePoints(of: values, by: ChangePointRule())
        #expect((2...14).contains(found.count), "\(found.count)")
        #expect(found.allSatisfy { $0.ratio > 1.03 })
    }

    @Test func aChangeBelowTheThresholdIsNone() {
        let values = noisy([(100, 80), (102, 80)], spread: 0.002, seed: 11)
        #expect(indices(values).isEmpty)
        #expect(indices(values, ChangePointRule(threshold: 0.01)) == [80])
        let falling = noisy([(102, 80), (100, 80)], spread: 0.002, seed: 11)
        #expect(indices(falling, ChangePointRule(threshold: 0.01)) == [80])
    }

    @Test func aSmallStepDoesNotSplitTheSegmentsOfALargeOne() throws {
        let values = noisy([(100, 60), (101, 60), (130, 60)], spread: 0.001, seed: 12)
        let found = ChangePointSearch.changePoints(of: values, by: ChangePointRule())
        #expect(found.map(\.index) == [120])
        #expect(try #require(found.first).before == 0..<120)
    }

    /// The first step is below the threshold; without it the second is no longer certain.
    @Test func aChangeMustStayCertainWithoutItsSmallNeighbour() {
        let values = noisy([(100, 10), (97.2, 14), (100.25, 4)], spread: 0.0005, seed: 13)
        #expect(indices(values, ChangePointRule(threshold: 0.025)) == [10, 24])
        #expect(indices(values).isEmpty)
    }

    /// Measured: of 200 series of 400 values without a change, 10 show one where any size counts, and with noise of 1 %
    /// and the threshold of 3 % none does.
    @Test func noiseAloneHardlyEverChanges() {
        var (any, large) = (0, 0)
        for seed in 0..<200 {
            let values = noisy([(100, 400)], seed: 1000 + UInt64(seed))
            any += indices(values, ChangePointRule(threshold: 1e-9)).isEmpty ? 0 : 1
            large += indices(values).isEmpty ? 0 : 1
        }
        #expect((5...15).contains(any), "\(any)")
        #expect(large == 0)
    }

    @Test func tooFewValuesSayNothing() {
        for count in 0..<8 { #expect(indices((0..<count).map { $0 < 4 ? 1 : 2 }).isEmpty) }
        #expect(indices([1, 1, 1, 1, 2, 2, 2, 2]) == [4])
    }
}
