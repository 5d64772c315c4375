import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct ComparisonTests {
    static let cell = "storm/kvm/storm/faulters:1/invalidators:1"

    static func side(_ rows: [ResultRow], context: [String: String] = [:], path: String = "a.json") -> ComparisonSide {
        ComparisonSide(path: path, files: [path], contexts: [context], rows: rows)
    }

    /// Nine rates around `rate`, a per cent apart at most.
    static func nine(_ rate: Double, roundTrip: Double? = nil) -> [ResultRow] {
        let counters: [Metric: Double] = roundTrip.map { [.coreRoundTrip: $0] } ?? [:]
        return repetitions(of: "kvm", faultsPerSecond: rates(rate, 9), counters: counters)
    }

    static func report(
        _ base: [ResultRow], _ new: [ResultRow], metrics: [Metric] = [.faultsPerSecond], threshold: Double = 0.03
    ) -> ComparisonReport {
        ComparisonReport(
            base: side(base), new: side(new, path: "b.json"),
            rule: ComparisonRule(metrics: metrics.compactMap(ComparedMetric.init), threshold: threshold))
    }

    private func verdicts(_ report: ComparisonReport) -> [ComparisonVerdict] { report.comparisons.map(\.verdict) }

    @Test func aSlowerVersionIsARegressionAndItsMirrorAnImprovement() throws {
        let (fast, slow) = (Self.nine(1.1e6), Self.nine(1e6))
        let regression = try #require(Self.report(fast, slow).comparisons.first)
        #expect(regression.verdict == .regression && regression.doubt == nil)
        #expect(regression.delta == -1)
        let ratio = try #require(regression.ratio)
        #expect(abs(ratio.estimate - 1 / 1.1) < 1e-3 && ratio.lower < 1 / 1.1 && ratio.upper > 1 / 1.1)
        #expect(verdicts(Self.report(slow, fast)) == [.improvement])
    }

    @Test func aLowerLatencyIsAnImprovement() {
        func rows(_ latency: Double) -> [ResultRow] {
            rates(latency, 9).flatMap { repetitions(of: "kvm", faultsPerSecond: [1e6], counters: [.faultP99: $0]) }
        }
        #expect(verdicts(Self.report(rows(1000), rows(900), metrics: [.faultP99])) == [.improvement])
        #expect(verdicts(Self.report(rows(900), rows(1000), metrics: [.faultP99])) == [.regression])
    }

    @Test func theWholeIntervalMustLieBeyondTheFloorOrWithinIt() {
        #expect(verdicts(Self.report(Self.nine(1e6), Self.nine(1.01e6))) == [.unchanged])
        #expect(verdicts(Self.report(Self.nine(1e6), Self.nine(1.01e6), threshold: 0.001)) == [.improvement])
        // It reaches from 0.98 to 1.06.
        let scattered = repetitions(of: "kvm", faultsPerSecond: (0..<9).map { 0.98e6 + 1e4 * Double($0) })
        let wide = Self.report(Self.nine(1e6), scattered)
        #expect(verdicts(wide) == [.inconclusive])
        #expect(wide.comparisons[0].doubt == .wideInterval)
    }

    /// The threshold is a factor, 1.5 here, up and down: 0.6 lies beyond 1 / 1.5, though less than half is gone.
    @Test func exchangingTheSidesMirrorsTheVerdict() {
        func verdicts(_ ratio: Double) -> [ComparisonVerdict] {
            let (base, new) = (Self.nine(1e6), Self.nine(ratio * 1e6))
            return [(base, new), (new, base)].flatMap { self.verdicts(Self.report($0, $1, threshold: 0.5)) }
        }
        #expect(verdicts(0.6) == [.regression, .improvement])
        #expect(verdicts(0.7) == [.unchanged, .unchanged])
    }

    @Test func aCertainChangeAtTheThresholdIsSaid() throws {
        let slower = Self.report(Self.nine(1.033e6), Self.nine(1e6))
        #expect(verdicts(slower) == [.atThreshold])
        #expect(slower.comparisons[0].isWorse == true && slower.comparisons[0].doubt == nil)
        #expect(slower.summary.contains("0 unchanged, 1 at threshold, 0 inconclusive"))
        let words = "worse by 2.9 to 3.5 %, which is certain; whether that is more than the threshold of 3% is not"
        let table = ComparisonTable(slower).description
        #expect(table.contains("  3% at threshold\n"), "\(table)")
        #expect(table.replacing("\n", with: " ").contains(words), "\(table)")
        #expect(table.split(separator: "\n").map(\.count).dropFirst().allSatisfy { $0 <= 100 })
        #expect(ComparisonMarkdown(slower).description.contains("| at threshold |"))
        let document = try ComparisonDocument(slower).json()
        #expect(document.contains(#""at_threshold" : 1"#) && document.contains(#""verdict" : "at threshold""#))
        let faster = Self.report(Self.nine(1e6), Self.nine(1.033e6))
        #expect(verdicts(faster) == [.atThreshold] && faster.comparisons[0].isWorse == false)
    }

    @Test func aChangeAtAStepOfTheClockIsNotCertain() {
        func rows(_ latency: Double) -> [ResultRow] {
            rates(latency, 9).flatMap { repetitions(of: "kvm", faultsPerSecond: [1e6], counters: [.faultP99: $0]) }
        }
        // The floor is 15 ns of 100 ns.
        let report = Self.report(rows(100), rows(115), metrics: [.faultP99])
        #expect(report.comparisons[0].doubt == .wideInterval)
    }

    @Test func commitsAreNamedInTheCommandToRun() {
        func text(_ context: [String: String]) -> String {
            ComparisonTable(
                ComparisonReport(
                    base: Self.side([Self.nine(1e6)[0]], context: ["commit": "1a2b3c4"]),
                    new: Self.side([Self.nine(1e6)[0]], context: context, path: "b.json"),
                    rule: ComparisonRule(metrics: [.faultsPerSecond].compactMap { ComparedMetric($0) }))
            ).description.replacing("\n", with: " ")
        }
        #expect(text(["commit": "5d6e7f8"]).contains("invbench ab 1a2b3c4 5d6e7f8 "))
        #expect(text(["commit": "5d6e7f8", "tree_dirty": "true"]).contains("invbench ab 1a2b3c4 NEW "))
    }

    @Test func fewRepetitionsAreSaidToBeTooFew() throws {
        let metrics: [Metric] = [.faultsPerSecond]
        func rows(_ rate: Double) -> [ResultRow] {
            (0..<12).flatMap { repetitions(of: "guard\($0)", faultsPerSecond: rates(rate, 5)) }
        }
        let report = Self.report(rows(1e6), rows(2e6), metrics: metrics)
        #expect(Set(report.comparisons.map(\.doubt)) == [.tooFew])
        let text = ComparisonTable(report).description.replacing("\n", with: " ")
        #expect(
            text.contains(
                "0 unchanged, 12 inconclusive: 12 comparisons of 12 benchmarks. too few repetitions to decide 12 "
                    + "comparisons (n = 5 against 5 in one state of the cores can at best reach p = 7.9e-03, the gate over "
                    + "12 comparisons needs 8.3e-04): take 7 on each side (--benchmark_repetitions=7), or compare fewer "
                    + "cells or metrics; or measure both in turn until it is decided: invbench ab BASE NEW base a.json"),
            "\(text)")
        #expect(report.repetitionsNeeded == 7)
        #expect(try ComparisonDocument(report).json().contains(#""repetitions_needed" : 7"#))
        // Seven are enough, and six are not.
        func improvements(of count: Int) -> Int {
            func rows(_ rate: Double) -> [ResultRow] {
                (0..<12).flatMap { repetitions(of: "guard\($0)", faultsPerSecond: rates(rate, count)) }
            }
            return Self.report(rows(1e6), rows(2e6)).count(.improvement)
        }
        #expect(improvements(of: 6) == 0 && improvements(of: 7) == 12)
        // The same, one comparison: 0.0079 passes a gate of 0.01.
        let one = repetitions(of: "kvm", faultsPerSecond: rates(1e6, 5))
        #expect(verdicts(Self.report(one, repetitions(of: "kvm", faultsPerSecond: rates(2e6, 5)))) == [.improvement])
    }

    @Test func holmsCorrectionDecides() {
        // Eight of nine against nine: p is 0.0004, enough for one comparison and not for many.
        func rows(_ guards: Int, _ rate: (Int) -> [Double]) -> [ResultRow] {
            (0..<guards).flatMap { repetitions(of: "guard\($0)", faultsPerSecond: rate($0)) }
        }
        let shifted = [1.5e6] + rates(2e6, 8)
        let base = rates(1e6, 7) + [1.45e6, 1.55e6]
        let one = Self.report(rows(1) { _ in base }, rows(1) { _ in shifted })
        #expect(verdicts(one) == [.improvement])
        let many = Self.report(
            rows(150) { _ in base }, rows(150) { $0 == 0 ? shifted : base })
        #expect(many.comparisons[0].doubt == .notSignificant)
        #expect(many.comparisons[0].benjaminiHochbergP <= many.comparisons[0].holmP)
    }

    @Test func repetitionsInDifferentStatesAreNotCompared() {
        let apart = Self.report(Self.nine(1e6, roundTrip: 120), Self.nine(3e6, roundTrip: 500))
        #expect(apart.comparisons[0].doubt == .noCommonState)
        #expect(apart.comparisons[0].counts.baseSetAside == 9 && apart.comparisons[0].counts.base == 0)
        let both = Self.report(
            Self.nine(1e6, roundTrip: 120) + Self.nine(3e6, roundTrip: 500),
            Self.nine(1e6, roundTrip: 120) + Array(Self.nine(3e6, roundTrip: 500).prefix(2)))
        #expect(verdicts(both) == [.unchanged])
    }

    /// Nothing has changed in either state, but most of the base met the one and most of the new side the other.
    @Test func everyFigureIsOfTheSameRepetitions() throws {
        func side(near: Int, far: Int) -> [ResultRow] {
            Array(Self.nine(3e6, roundTrip: 120).prefix(near)) + Self.nine(1e6, roundTrip: 500).prefix(far)
        }
        let comparison = try #require(Self.report(side(near: 4, far: 9), side(near: 9, far: 7)).comparisons.first)
        #expect((1e6..<1.01e6).contains(comparison.baseMedian) && (1e6..<1.01e6).contains(comparison.newMedian))
        let ratio = try #require(comparison.ratio)
        #expect(ratio.lower > 0.99 && ratio.upper < 1.01 && ratio.lower < ratio.upper)
        #expect(comparison.counts.base == 9 && comparison.counts.new == 7 && comparison.counts.states == 1)
        #expect(comparison.counts.baseSetAside == 4 && comparison.counts.newSetAside == 9)
    }

    @Test func whatIsOnOneSideOnlyIsNamed() {
        let base = Self.nine(1e6) + repetitions(of: "old", faultsPerSecond: [1])
        let new = Self.nine(1e6) + repetitions(of: "young", faultsPerSecond: [1])
        let report = Self.report(base, new, metrics: [.faultsPerSecond, .faultP99, .invalidationsPerSecond])
        #expect(report.onlyInBase == ["storm/old/storm/faulters:1/invalidators:1"])
        #expect(report.onlyInNew == ["storm/young/storm/faulters:1/invalidators:1"])
        #expect(report.incomplete == ["\(Self.cell) fault_p99_ns", "\(Self.cell) invalidations_per_second"])
    }

    @Test func nothingOnBothSidesIsNoComparison() {
        let idle = repetitions(
            of: "kvm", faultsPerSecond: rates(1e6, 9), counters: [.invalidationsPerSecond: 0, .faultP99: 5])
        let report = Self.report(idle, idle, metrics: [.invalidationsPerSecond])
        #expect(report.comparisons.isEmpty && report.incomplete.isEmpty)
    }

    @Test func otherProgramsCompareByTheirTime() {
        func rows(_ time: Double) -> [ResultRow] {
            rates(time, 9).map { ResultRow(runName: "BM_x/8", realNanoseconds: $0, cpuNanoseconds: 1) }
        }
        let report = ComparisonReport(
            base: Self.side(rows(10)), new: Self.side(rows(20)), rule: ComparisonRule())
        #expect(report.comparisons.map(\.metric) == [.realTime])
        #expect(verdicts(report) == [.regression])
    }

    @Test func whatDiffersBetweenTheRunsIsWarnedOf() {
        func warnings(_ base: [String: String], _ new: [String: String]) -> [String] {
            ComparisonReport(
                base: Self.side(Self.nine(1), context: base), new: Self.side(Self.nine(1), context: new, path: "b"),
                rule: ComparisonRule()
            ).warnings
        }
        #expect(warnings(["kernel": "6.1", "commit": "a", "seed": "1"], ["kernel": "6.1", "commit": "b"]).isEmpty)
        #expect(warnings(["clock_pair_ns": "48.1"], ["clock_pair_ns": "48.4", "between_runs": "0.02"]).isEmpty)
        #expect(
            warnings(["kernel": "6.1"], ["kernel": "6.2", "governor": "x"]) == [
                "governor differs: absent in the base, x in the new", "kernel differs: 6.1 in the base, 6.2 in the new",
            ])
        #expect(warnings(["build_type": "debug"], ["build_type": "debug"]).count == 1)
        let early = ["date": "2026-11-21T14:39:27+00:00"]
        let late = ["date": "2026-11-21T14:39:27-01:00"]
        #expect(warnings(early, late).count == 1)
        #expect(warnings(early, early).isEmpty)
        let origins = ComparedOrigins(
            base: Self.side([], context: ["machine_id": "m"]), new: Self.side([], context: ["machine_id": "n"]))
        #expect(origins.hosts.map(\.description) == ["m", "n"])
    }
}
