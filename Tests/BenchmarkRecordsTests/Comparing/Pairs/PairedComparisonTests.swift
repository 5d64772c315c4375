import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct PairedComparisonTests {
    private static let name = "storm/kvm/storm/faulters:1/invalidators:1"
    private static let rule = ComparisonRule(
        metrics: [.faultsPerSecond].compactMap { ComparedMetric($0) }, threshold: 0.02)

    private static func row(_ rate: Double, roundTrip: Double? = nil, guardName: String = "kvm") -> ResultRow {
        repetitions(
            of: guardName, faultsPerSecond: [rate], counters: roundTrip.map { [.coreRoundTrip: $0] } ?? [:])[0]
    }

    /// Rates that scatter by 3 %, in pairs that drift together by far more.
    private static func measure(
        _ comparison: inout PairedComparison, pairs: Int, factor: Double, seed: UInt64 = 7, guardName: String = "kvm"
    ) {
        var random = SeededNoise(seed: seed)
        for pair in 0..<pairs where !comparison.isDecided("storm/\(guardName)/storm/faulters:1/invalidators:1") {
            let drift = 1e6 * (1 + 0.5 * sin(Double(pair) / 9))
            comparison.add(
                base: row(drift * exp(0.03 * random.normal()), guardName: guardName),
                new: row(drift * factor * exp(0.03 * random.normal()), guardName: guardName))
            comparison.look()
        }
    }

    private static func report(_ comparison: PairedComparison) -> ComparisonReport {
        let side = ComparisonTests.side([])
        return comparison.report(base: side, new: side)
    }

    @Test(arguments: [(0.95, ComparisonVerdict.regression), (1.06, .improvement), (1, .unchanged)])
    func aChangeIsFoundThoughTheMachineDriftsByMore(factor: Double, verdict: ComparisonVerdict) throws {
        var comparison = PairedComparison(rule: Self.rule)
        Self.measure(&comparison, pairs: 300, factor: factor)
        #expect(comparison.isDecided(Self.name))
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.verdict == verdict)
        let ratio = try #require(found.ratio)
        #expect(ratio.lower <= factor && factor <= ratio.upper)
        // It ended as soon as it was decided.
        #expect(found.counts.base < 300)
    }

    @Test func aCertainChangeAtTheThresholdStaysOpen() throws {
        var comparison = PairedComparison(rule: Self.rule)
        // All of them slower, and as often by more than the threshold of 2 % as by less.
        for pair in 0..<44 {
            let scatter = exp(0.001 * Double(pair % 11 - 5))
            comparison.add(base: Self.row(1e6), new: Self.row(1e6 / 1.02 * scatter))
            comparison.look()
        }
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.verdict == .atThreshold && found.isWorse == true)
        #expect(!comparison.isDecided(Self.name))
        #expect(found.counts.base == 40)
        // The next look tells on which side it lies.
        for _ in 44..<80 { comparison.add(base: Self.row(1e6), new: Self.row(0.97e6)) }
        comparison.look()
        #expect(comparison.isDecided(Self.name))
        #expect(Self.report(comparison).comparisons.first?.verdict == .regression)
    }

    @Test func aVerdictStaysWhenOtherBenchmarksGoOn() throws {
        var comparison = PairedComparison(rule: Self.rule)
        Self.measure(&comparison, pairs: 1, factor: 1, guardName: "mutex")
        Self.measure(&comparison, pairs: 300, factor: 0.9)
        let first = try #require(Self.report(comparison).comparisons.first { $0.name == Self.name })
        #expect(first.verdict == .regression)
        // More pairs of it, that say the contrary, are not looked at any more.
        for _ in 0..<200 { comparison.add(base: Self.row(1e6), new: Self.row(2e6)) }
        Self.measure(&comparison, pairs: 40, factor: 1, guardName: "mutex")
        comparison.look(isLast: true)
        let last = try #require(Self.report(comparison).comparisons.first { $0.name == Self.name })
        #expect(last.verdict == .regression && last.ratio == first.ratio && last.p == first.p)
    }

    @Test func pairsInDifferentStatesAreSetAside() throws {
        var comparison = PairedComparison(rule: Self.rule)
        for pair in 0..<40 {
            comparison.add(
                base: Self.row(1e6, roundTrip: 100),
                new: Self.row(pair < 20 ? 1e6 : 3e6, roundTrip: pair < 20 ? 140 : 500))
        }
        comparison.look(isLast: true)
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.counts.base == 20 && found.counts.baseSetAside == 20)
        #expect(found.verdict == .unchanged)
    }

    @Test func aFirstPairThatIsSetAsideClosesNothing() throws {
        var comparison = PairedComparison(rule: Self.rule)
        comparison.add(base: Self.row(1e6, roundTrip: 100), new: Self.row(1e6, roundTrip: 500))
        comparison.look()
        #expect(!comparison.isDecided(Self.name))
        comparison.look(isLast: true)
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.doubt == .noCommonState && found.counts.baseSetAside == 1)
    }

    @Test func runsOfDifferentBenchmarksMayDiffer() {
        func side(_ parameters: [String]) -> ComparisonSide {
            ComparisonSide(path: "a", files: [], contexts: parameters.map { ["guard_parameters": $0] }, rows: [])
        }
        let comparison = PairedComparison(rule: Self.rule)
        let both = side(["stripe:2MiB", "none"])
        #expect(comparison.report(base: both, new: both).warnings.isEmpty)
        #expect(comparison.report(base: both, new: side(["none"])).warnings.count == 1)
    }

    @Test func beforeTheFirstLookNothingIsSaid() throws {
        var comparison = PairedComparison(rule: Self.rule)
        for _ in 0..<3 { comparison.add(base: Self.row(1e6), new: Self.row(5e5)) }
        comparison.look()
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.doubt == .tooFew && found.ratio == nil && found.p == 1)
        let text = ComparisonTable(Self.report(comparison)).description.replacing("\n", with: " ")
        #expect(text.contains("too few pairs to decide 1 comparison (3 pairs can"), "\(text)")
    }

    @Test func oneRegressionClosesABenchmark() {
        let metrics = [Metric.faultsPerSecond, .invalidationsPerSecond].compactMap { ComparedMetric($0) }
        var random = SeededNoise(seed: 3)
        for (factor, isDecided) in [(0.8, true), (1.25, false)] {
            var comparison = PairedComparison(rule: ComparisonRule(metrics: metrics, threshold: 0.02))
            for _ in 0..<20 {
                func row(_ rate: Double) -> ResultRow {
                    repetitions(
                        of: "kvm", faultsPerSecond: [rate],
                        counters: [.invalidationsPerSecond: 1e5 * exp(0.5 * random.normal())])[0]
                }
                comparison.add(base: row(1e6), new: row(factor * 1e6))
            }
            comparison.look()
            #expect(comparison.isDecided(Self.name) == isDecided)
        }
    }

    @Test func aStepOfTheClockIsNoVerdict() throws {
        var comparison = PairedComparison(
            rule: ComparisonRule(metrics: [.faultP99].compactMap { ComparedMetric($0) }, threshold: 0.02))
        func row(_ latency: Double) -> ResultRow {
            repetitions(of: "kvm", faultsPerSecond: [1e6], counters: [.faultP99: latency])[0]
        }
        for pair in 0..<100 { comparison.add(base: row(30), new: row(pair % 8 == 0 ? 30 : 40)) }
        comparison.look(isLast: true)
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.doubt == .withinNoise && found.noiseFloor == 0.5)
        #expect(comparison.isDecided(Self.name))
    }

    @Test func whatARunLacksIsNotCompared() {
        var comparison = PairedComparison(rule: ComparisonRule(threshold: 0.02))
        for pair in 0..<20 {
            let counters: [Metric: Double] = pair == 7 ? [:] : [.faultP99: 100]
            let row = repetitions(of: "kvm", faultsPerSecond: [1e6], counters: counters)[0]
            comparison.add(base: row, new: row)
        }
        comparison.look(isLast: true)
        let report = Self.report(comparison)
        #expect(report.comparisons.map(\.metric.key) == ["faults_per_second"])
        #expect(report.incomplete == ["\(Self.name) fault_p99_ns", "\(Self.name) invalidations_per_second"])
    }

    @Test func aLookPaysForItself() throws {
        var comparison = PairedComparison(rule: Self.rule)
        for pair in 1...13 {
            comparison.add(base: Self.row(1e6), new: Self.row(1e6 - Double(pair)))
            comparison.look()
        }
        // Only the look at ten pairs has come: one way of 1,024 to toss the coins is as far on either side.
        let found = try #require(Self.report(comparison).comparisons.first)
        #expect(found.counts.base == 10)
        #expect(abs(found.p - 2 / 1024 / SequentialLooks.share(ofLook: 1)) < 1e-12)
        comparison.look(isLast: true)
        #expect(Self.report(comparison).comparisons.first?.counts.base == 10, "it was decided")
    }

    @Test func whatIsDecidedIsNotLookedAtAgain() throws {
        let metrics = [Metric.faultsPerSecond, .invalidationsPerSecond].compactMap { ComparedMetric($0) }
        var comparison = PairedComparison(rule: ComparisonRule(metrics: metrics, threshold: 0.02))
        var random = SeededNoise(seed: 5)
        for _ in 0..<30 {
            func row() -> ResultRow {
                repetitions(
                    of: "kvm", faultsPerSecond: [1e6],
                    counters: [.invalidationsPerSecond: 1e5 * exp(0.5 * random.normal())])[0]
            }
            comparison.add(base: row(), new: row())
            comparison.look()
        }
        let report = Self.report(comparison)
        #expect(report.comparisons.map(\.verdict) == [.unchanged, .inconclusive])
        #expect(report.comparisons.map(\.counts.base) == [10, 28])
    }

    @Test func minusNothingIsNothing() throws {
        var comparison = PairedComparison(rule: Self.rule)
        for _ in 0..<40 { comparison.add(base: Self.row(-0.0), new: Self.row(1e6)) }
        comparison.look(isLast: true)
        #expect(Self.report(comparison).comparisons.first?.verdict == .improvement)
    }

    @Test func nothingAgainstSomethingIsANumber() throws {
        var comparison = PairedComparison(rule: Self.rule)
        for pair in 0..<60 { comparison.add(base: Self.row(pair.isMultiple(of: 2) ? 0 : 1e6), new: Self.row(1e6)) }
        comparison.look(isLast: true)
        let document = try ComparisonDocument(Self.report(comparison)).json()
        _ = try JSONSerialization.jsonObject(with: Data(document.utf8))
        #expect(!document.contains("nan") && !document.contains("inf"))
    }
}
