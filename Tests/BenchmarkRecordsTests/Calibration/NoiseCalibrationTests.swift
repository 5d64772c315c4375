import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct NoiseCalibrationTests {
    private static let name = "storm/kvm/storm/faulters:1/invalidators:1"
    private static let faults = ComparedMetric.all.first { $0.key == Metric.faultsPerSecond.rawValue }

    /// Runs whose rates differ by these factors.
    private static func runs(_ factors: [Double], repetitions count: Int = 9) -> [ComparisonSide] {
        factors.enumerated().map { index, factor in
            ComparisonTests.side(
                repetitions(of: "kvm", faultsPerSecond: rates(1e6 * factor, count)),
                context: ["machine_id": "m", "commit": "abc", "date": "2026-01-0\(index + 1)T00:00:00+00:00"])
        }
    }

    @Test func theDeviationIsThatOfTheRatioOfTwoRuns() throws {
        let calibration = NoiseCalibration(of: Self.runs([1, 1.1, 1, 1.1, 1.1]), path: "n")
        let benchmark = try #require(calibration.benchmarks[Self.name])
        // Six of ten pairs differ by a factor of 1.1.
        let expected = (0.6 * log(1.1) * log(1.1)).squareRoot()
        #expect(abs(try #require(benchmark.deviations["faults_per_second"]) - expected) < 1e-3)
        #expect(benchmark.runs == 5 && benchmark.commit == "abc" && benchmark.date == "2026-01-05T00:00:00Z")
        #expect(benchmark.deviations["fault_p99_ns"] == nil)
    }

    @Test func theFloorGrowsWithTheNumberOfComparisonsAndShrinksWithThatOfRuns() throws {
        let faults = try #require(Self.faults)
        func floor(_ factors: [Double], comparisons: Int) -> Double? {
            NoiseCalibration(of: Self.runs(factors), path: "n")
                .noise(of: Self.name, faults)?.floor(alpha: 0.01, comparisons: comparisons)
        }
        let few = try #require(floor([1, 1.02, 1, 1.02, 1], comparisons: 1))
        let many = try #require(floor([1, 1.02, 1, 1.02, 1], comparisons: 100))
        let better = try #require(floor([1, 1.02, 1, 1.02, 1, 1.02, 1, 1.02, 1], comparisons: 100))
        #expect(few < better && better < many)
        // t(0.995, 4 degrees) is 4.604.
        let deviation = (0.6 * log(1.02) * log(1.02)).squareRoot()
        #expect(abs(few - expm1(4.604 * deviation)) < 1e-3)
        #expect(NoiseCalibration(of: [], path: "n").noise(of: Self.name, faults) == nil)
    }

    @Test func tooFewRunsOrRepetitionsSayNothing() {
        #expect(NoiseCalibration(of: Self.runs([1, 1, 1, 1]), path: "n").count == 0)
        #expect(NoiseCalibration(of: Self.runs([1, 1, 1, 1, 1], repetitions: 3), path: "n").count == 0)
    }

    @Test func itRaisesTheFloorUnlessRunsWereMadeInTurn() {
        let calibration = NoiseCalibration(of: Self.runs([1, 1.1, 1, 1.1, 1]), path: "n")
        func report(_ baseDates: [Int], _ newDates: [Int]) -> ComparisonReport {
            func side(_ rate: Double, _ dates: [Int], _ path: String) -> ComparisonSide {
                ComparisonSide(
                    path: path, files: [path], contexts: dates.map { ["date": "2026-01-01T00:00:0\($0)+00:00"] },
                    rows: ComparisonTests.nine(rate))
            }
            return ComparisonReport(
                base: side(1e6, baseDates, "a"), new: side(1.2e6, newDates, "b"),
                rule: ComparisonRule(metrics: [Self.faults].compactMap(\.self)), calibration: calibration)
        }
        let apart = report([1, 2, 3], [4, 5, 6])
        #expect(apart.comparisons[0].doubt == .withinNoise && apart.comparisons[0].noiseFloor > 0.3)
        #expect(ComparisonTable(apart).description.contains("5 runs"))
        #expect(apart.warnings.isEmpty, "that the runs were made one after the other has been measured")
        let inTurn = report([1, 3, 5], [2, 4, 6])
        #expect(inTurn.comparisons[0].verdict == .improvement && inTurn.comparisons[0].noiseFloor == 0.03)
        #expect(report([1], [4]).comparisons[0].doubt == .withinNoise)
    }

    @Test func oneRunAgainstOneIsDecidedByTheCalibration() {
        let calibration = NoiseCalibration(of: Self.runs([1, 1.02, 1, 1.02, 1, 1.02, 1]), path: "n")
        func verdicts(_ factor: Double, _ calibration: NoiseCalibration?) -> [ComparisonVerdict] {
            // Ranks of four against four cannot pass the gate.
            func side(_ rate: Double, _ path: String) -> ComparisonSide {
                ComparisonTests.side(repetitions(of: "kvm", faultsPerSecond: rates(rate, 4)), path: path)
            }
            return ComparisonReport(
                base: side(1e6, "a"), new: side(1e6 * factor, "b"),
                rule: ComparisonRule(metrics: [Self.faults].compactMap(\.self)), calibration: calibration
            ).comparisons.map(\.verdict)
        }
        #expect(verdicts(0.8, nil) == [.inconclusive])
        #expect(verdicts(0.8, calibration) == [.regression])
        #expect(verdicts(1.25, calibration) == [.improvement])
        #expect(verdicts(0.96, calibration) == [.inconclusive])
        #expect(verdicts(1, calibration) == [.unchanged])
    }

    @Test func newMeasurementsReplaceThoseOfTheSameBenchmarks() throws {
        let old = NoiseCalibration(of: Self.runs([1, 1.1, 1, 1.1, 1]), path: "n")
        let others = Self.runs([1, 1, 1, 1, 1]).map { run in
            ComparisonTests.side(repetitions(of: "mutex", faultsPerSecond: rates(1e6, 9)), context: run.contexts[0])
        }
        let both = old.updated(by: NoiseCalibration(of: others, path: "n"))
        #expect(both.count == 2)
        let quiet = both.updated(by: NoiseCalibration(of: Self.runs([1, 1, 1, 1, 1]), path: "n"))
        #expect(quiet.count == 2 && quiet.benchmarks[Self.name]?.deviations["faults_per_second"] == 0)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let calibration = NoiseCalibration(of: Self.runs([1, 1.1, 1, 1.1, 1]), path: "n")
        #expect(try NoiseCalibration(json: Data(calibration.json().utf8), path: "n") == calibration)
    }

    @Test(arguments: [
        ("{", "line 1"), (#"{"benchmarks": {}}"#, "invbench_calibration"),
        (#"{"invbench_calibration": 2, "benchmarks": []}"#, "newer invbench"),
        (#"{"invbench_calibration": 1}"#, "benchmarks: no such object"),
        (#"{"invbench_calibration": 1, "between_runs": -1, "benchmarks": {}}"#, "between_runs: a number"),
        (#"{"invbench_calibration": 1, "benchmarks": {"a": {"runs": 5, "commit": "c", "date": "d"}}}"#, "benchmarks.a"),
        (
            #"{"invbench_calibration": 1, "benchmarks": {"a": {"runs": 1, "commit": "c", "date": "d", "deviations": {}}}}"#,
            "benchmarks.a"
        ),
        (
            #"{"invbench_calibration": 1, "benchmarks": {"a": {"runs": 5, "commit": "c", "date": "d", "deviations": {"x": -1}}}}"#,
            "benchmarks.a"
        ),
    ])
    func aDamagedFileIsNamed(text: String, words: String) {
        do {
            _ = try NoiseCalibration(json: Data(text.utf8), path: "noise")
            Issue.record("it was read")
        } catch {
            #expect(error.description.hasPrefix("noise: ") && error.description.contains(words), "\(error)")
        }
    }
}
