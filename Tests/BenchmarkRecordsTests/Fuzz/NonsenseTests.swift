import Foundation
import Testing

@testable import BenchmarkRecords

/// Values that are legal in a results file and mean nothing, in all rows or in some.
@Suite struct NonsenseTests {
    private static let metrics = ["real_time", "cpu_time", "fault_p99_ns", "faults_per_second"]

    @Test(
        arguments: ["-0", "0", "-1", "1e300", "1e308", "-1e308", "1.7976931348623157e308", "5e-324"],
        metrics + ["core_round_trip_ns", "iterations"])
    func nothingWrongIsSaid(value: String, key: String) throws {
        let metrics = ComparedMetric.all.filter { Self.metrics.contains($0.key) }
        let oracle = try DamageOracle(path: "nonsense.json", metrics: metrics)
        for (step, unit) in [(1, "ns"), (2, "ns"), (3, "ns"), (1, "s")] {
            var run = SampleRun.whole
            run.set("\"time_unit\"", to: "\"\(unit)\"", every: step)
            run.set("\"\(key)\"", to: value, every: step)
            let outcome = oracle.outcome { () throws(ResultsFileError) in
                let file = try ResultsFile(json: Data(run.text.utf8), path: "nonsense.json")
                return ComparisonSide(
                    path: "nonsense.json", files: ["nonsense.json"], contexts: [file.context], rows: file.rows)
            }
            if case .wrong(let what) = outcome { Issue.record("every \(step), \(unit): \(what)") }
        }
    }

    @Test func sidesOfDifferentMachinesWithoutACommonMetricHaveNothingToCompare() throws {
        var run = SampleRun.whole
        run.context[3].value = "\"another\""
        for row in run.rows.indices {
            run.rows[row].removeAll { $0.key.hasSuffix("_second\"") || $0.key.hasSuffix("p99_ns\"") }
        }
        func side(_ run: SampleRun) throws -> ComparisonSide {
            let file = try ResultsFile(json: Data(run.text.utf8), path: "r")
            return ComparisonSide(path: "r", files: ["r"], contexts: [file.context], rows: file.rows)
        }
        let (base, new) = (try side(.whole), try side(run))
        let report = ComparisonReport(base: base, new: new, rule: ComparisonRule())
        #expect(report.comparisons.isEmpty && report.incomplete.count == 6)
        #expect(
            ComparedOrigins(base: base, new: new).hosts.map(\.description) == ["amd-epyc-1s2c2t-1n-0416", "another"])
    }
}

extension SampleRun {
    /// Sets a value in each row whose index `step` divides.
    fileprivate mutating func set(_ key: String, to value: String, every step: Int) {
        for row in stride(from: 0, to: rows.count, by: step) {
            for member in rows[row].indices where rows[row][member].key == key { rows[row][member].value = value }
        }
    }
}
