import Foundation
import Testing

@testable import BenchmarkRecords

@Suite final class BaselineTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("base-\(UUID().uuidString)")
    private let saved = Date(timeIntervalSince1970: 1_700_000_000)

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Puts a results file into the folder; returns its path.
    private func write(_ text: String, to name: String) throws -> String {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    private func results(_ guardName: String, _ rates: [Double], context: String = "") -> String {
        let rows = rates.enumerated().map { index, rate in
            """
            {"name": "storm/\(guardName)/calm/faulters:1/invalidators:0", "run_type": "iteration", "iterations": 1,
             "repetition_index": \(index), "real_time": 1.5e0, "cpu_time": 1, "time_unit": "us",
             "faults_per_second": \(rate)}
            """
        }
        return "{\"context\": {\"machine_id\": \"m\"\(context)},\n\"benchmarks\": [\(rows.joined(separator: ","))]}\n"
    }

    private func outcome(of paths: [String]) -> String {
        do {
            _ = try Baseline(of: paths, saved: saved)
            return "no error"
        } catch {
            return error.description
        }
    }

    private func outcome(ofReading text: String) -> String {
        do {
            _ = try Baseline(json: Data(text.utf8), path: "b")
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test func whatIsReadIsWhatWasKept() throws {
        let odd = ", \"note\": \"\\\"\\n\\u00e9 \\ud83d\\ude00\", \"list\": [1.50, {\"a\": null}]"
        let first = try write(results("kvm", [1, 2, 3], context: odd), to: "a \"b\".json")
        let second = try write(results("mutex", [1e300, 0.1]), to: "c.json")
        let kept = try Baseline(of: [first, second], saved: saved)
        let read = try Baseline(json: Data(kept.json.utf8), path: "b")
        #expect(read.saved == saved)
        #expect(read.runs.map(\.file) == [first, second])
        for (run, path) in zip(read.runs, [first, second]) {
            let original = try ResultsFile(reading: path)
            #expect(run.results.context == original.context)
            #expect(run.results.rows == original.rows && !original.rows.isEmpty)
        }
        #expect(
            try Baseline(json: Data(read.json.utf8), path: "b").runs.map(\.results.rows)
                == read.runs.map(\.results.rows))
        #expect(kept.json.contains(results("mutex", [1e300, 0.1])), "word for word")
    }

    @Test func aFolderIsTheFilesInIt() throws {
        _ = try write(results("kvm", [1]), to: "in/deep/b.json")
        _ = try write(results("kvm", [2]), to: "in/a.json")
        _ = try write("not results", to: "in/notes.txt")
        let baseline = try Baseline(of: [folder.path + "/in"], saved: saved)
        #expect(baseline.runs.map { URL(fileURLWithPath: $0.file).lastPathComponent } == ["a.json", "b.json"])
        #expect(baseline.repetitions == 2...2 && baseline.benchmarkCount == 1)
    }

    @Test func whatIsNoBaselineIsRefused() throws {
        let good = try write(results("kvm", [1]), to: "a.json")
        #expect(outcome(of: [good]) == "no error")
        #expect(outcome(of: [good, folder.path]).contains("named twice"))
        #expect(outcome(of: ["/nowhere.json"]).hasPrefix("/nowhere.json: cannot read: "))
        let empty = try write("{\"context\": {}, \"benchmarks\": []}", to: "empty/e.json")
        #expect(outcome(of: [empty]).hasPrefix("\(empty): no repetition"))
        #expect(outcome(of: [empty, good]) == "no error")
    }

    @Test func aDamagedFileIsToldWithPlaceAndReason() throws {
        let json = try Baseline(of: [write(results("kvm", [1, 2]), to: "a.json")], saved: saved).json
        #expect(outcome(ofReading: json) == "no error")
        func message(_ old: String, _ new: String) -> String {
            #expect(json.contains(old))
            return outcome(ofReading: json.replacing(old, with: new, maxReplacements: 1))
        }
        #expect(outcome(ofReading: String(json.prefix(300))).hasPrefix("b: line 5, column "))
        #expect(message("\"saved\": \"2", "\"saved\": \"x").hasPrefix("b: saved: a time such as"))
        #expect(message("\"runs\"", "\"rums\"") == "b: runs: no such list")
        #expect(message("\"file\": \"", "\"file\": 1, \"f\": \"") == "b: runs[0].file: a text is due")
        #expect(message("\"results\"", "\"result\"") == "b: runs[0].results: a results file is due")
        #expect(
            message("\"real_time\": 1.5e0", "\"real_time\": true")
                == "b: runs[0].results.benchmarks[0].real_time: a number is due")
        #expect(message("[\n{\"file\"", "[], \"more\": [\n{\"file\"").hasPrefix("b: no repetition"))
    }

    @Test(arguments: ["0", "-1", "1.5", "\"1\"", "null", "1e300", "[1]"])
    func whatIsNoVersionIsDamage(version: String) throws {
        let json = try Baseline(of: [write(results("kvm", [1]), to: "a.json")], saved: saved).json
        let text = json.replacing("\"invbench_baseline\": 1", with: "\"invbench_baseline\": \(version)")
        #expect(outcome(ofReading: text) == "b: invbench_baseline: the document's version, a whole number, is due")
    }

    @Test func aResultsFileIsNoBaseline() {
        #expect(outcome(ofReading: results("kvm", [1])).hasPrefix("b: invbench_baseline: "))
    }

    @Test func aNewerVersionIsRefusedWithWhatToDo() {
        let message = outcome(ofReading: "{\"invbench_baseline\": 2, \"whatever\": []}")
        #expect(
            message.hasPrefix(
                "b: invbench_baseline: written by a newer invbench: version 2, and this one reads up to 1"))
        #expect(message.contains("update"))
    }

    @Test func aBaselineComparesAsItsFilesDo() throws {
        let old = try write(results("kvm", rates(1e6, 9)), to: "old/a.json")
        let new = try write(results("kvm", rates(0.9e6, 9)), to: "new.json")
        let baseline = try Baseline(json: Data(Baseline(of: [old], saved: saved).json.utf8), path: "b")
        func report(_ base: ComparisonSide) throws -> ComparisonReport {
            ComparisonReport(base: base, new: try ComparisonSide(reading: new), rule: ComparisonRule())
        }
        let direct = try report(ComparisonSide(reading: old))
        let kept = try report(ComparisonSide(baseline, path: "baseline:main"))
        #expect(direct.count(.regression) == 1)
        #expect(kept.base.path == "baseline:main" && kept.base.files == ["baseline:main: \(old)"])
        #expect(ComparisonDocument(kept).csv == ComparisonDocument(direct).csv)
        #expect(kept.warnings == direct.warnings && kept.summary == direct.summary)
    }

    @Test func theTableHasMediansByName() throws {
        let rows = try write(
            results("b", [1e6, 3e6, 2e6]).replacing("\"faults_per_second\": 3", with: "\"fault_p99_ns\": 10, \"x\": 3"),
            to: "b.json")
        let plain = try write(ResultsFileTests.plain, to: "c.json")
        let baseline = try Baseline(
            of: [rows, plain, write(results("a", [1e6, 3e6, 2e6]), to: "a.json")], saved: saved)
        #expect(
            baseline.table == [
                ["n", "real_time", "faults_per_second", "fault_p99_ns", "invalidations_per_second", "benchmark"],
                ["1", "1.50us", "-", "-", "-", "BM_fill/8/repeats:2"],
                ["3", "1.50us", "2.00M", "-", "-", "storm/a/calm/faulters:1/invalidators:0"],
                ["3", "1.50us", "-", "-", "-", "storm/b/calm/faulters:1/invalidators:0"],
            ])
        #expect(baseline.repetitions == 1...3 && baseline.benchmarkCount == 3)
    }

    @Test func debugBuildsAndDirtyTreesAreWarnedOf() throws {
        func warnings(_ context: String, _ name: String) throws -> [String] {
            try Baseline(of: [write(results("kvm", [1], context: context), to: name)], saved: saved).warnings
        }
        #expect(try warnings(", \"build_type\": \"release\", \"tree_dirty\": \"false\"", "a.json").isEmpty)
        #expect(try warnings(", \"build_type\": \"debug\"", "b.json").map { $0.prefix(13) } == ["a debug build"])
        #expect(try warnings(", \"tree_dirty\": \"true\"", "c.json").map { $0.prefix(10) } == ["the source"])
    }
}
