import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct RunHistoryTests {
    private func read(_ files: [String: String], metrics: [ComparedMetric] = []) throws -> RunHistory {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("below"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        return try RunHistory(reading: folder.path, metrics: metrics)
    }

    private func file(date: String?, rows: [String] = []) -> String {
        let context = date.map { "\"date\": \"\($0)\"" } ?? ""
        return "{\"context\": {\(context)}, \"benchmarks\": [\(rows.joined(separator: ","))]}"
    }

    private func row(_ values: String, type: String = "iteration") -> String {
        """
        {"name": "x_median", "run_name": "x", "run_type": "\(type)", "aggregate_name": "median", "iterations": 1,
         "real_time": 7, "cpu_time": 5, "time_unit": "ns", \(values)}
        """
    }

    @Test func aRunHasTheMedianOfItsRepetitions() throws {
        let rows = ["1", "30", "2"].map { row("\"faults_per_second\": \($0), \"core_round_trip_ns\": \($0)") }
        let aggregate = row("\"faults_per_second\": 1000, \"core_round_trip_ns\": 1000", type: "aggregate")
        let history = try read(["a.json": file(date: "2026-01-01T00:00:00Z", rows: rows + [aggregate])])
        let cell = try #require(history.runs.first?.cells["x"])
        #expect(
            history.metrics.map(\.key) == [
                "faults_per_second", "fault_p99_ns", "invalidations_per_second", "real_time",
            ])
        #expect(cell.values == [2, nil, nil, 7])
        #expect(cell.roundTrip == 2)
    }

    @Test func aValueThatARepetitionLacksIsNone() throws {
        let rows = [row("\"fault_p99_ns\": 3"), row("\"fault_p50_ns\": 3")]
        let history = try read(["a.json": file(date: "2026-01-01T00:00:00Z", rows: rows)])
        #expect(try #require(history.runs.first?.cells["x"]).values == [nil, nil, nil, 7])
    }

    @Test func runsAreInTheOrderOfTheirDates() throws {
        let history = try read([
            "a.json": file(date: "2026-01-03T00:00:00Z"), "b.json": file(date: "2026-01-01T02:00:00+02:00"),
            "2026-01-02T00-00-00Z-abc.json": file(date: nil), "c.json": file(date: "2026-01-01T00:30:00Z"),
        ])
        #expect(history.runs.map(\.fileName) == ["b.json", "c.json", "2026-01-02T00-00-00Z-abc.json", "a.json"])
    }

    @Test func whatIsNoRunIsLeftAlone() throws {
        let good = file(date: "2026-01-01T00:00:00Z")
        let history = try read([
            "a.json": good, "below/b.json": good, ".c.json": good, "main.baseline": "x", "notes.txt": "x",
        ])
        #expect(history.runs.map(\.fileName) == ["a.json"])
        #expect(history.unreadable.isEmpty)
    }

    @Test func unreadableFilesAreNamedAndTheOthersRead() throws {
        let history = try read([
            "a.json": "{", "b.json": file(date: "2026-01-01T00:00:00Z"), "c.json": file(date: nil),
            "d.json": file(date: "yesterday"),
        ])
        #expect(history.runs.map(\.fileName) == ["b.json"])
        #expect(
            history.unreadable.map { URL(fileURLWithPath: $0.path).lastPathComponent } == [
                "a.json", "c.json", "d.json",
            ])
        #expect(history.unreadable.map(\.place) == ["line 1, column 2", "context.date", "context.date"])
    }

    @Test func aFolderWithoutRunsIsRefused() {
        #expect(throws: ResultsFileError.self) { try read(["a.txt": ""]) }
        #expect(throws: ResultsFileError.self) { try RunHistory(reading: "/nowhere") }
    }

    @Test(arguments: [
        ("2026-01-02", [2, 3, 4]), ("2026-01-02T10:00:00Z", [2, 3, 4]), ("2026-01-02T10:00:01Z", [3, 4]),
        ("aaaa1", [1, 2, 3, 4]), ("BBBB", [2, 3, 4]), ("bbbb22223333", [2, 3, 4]), ("2026aaaa", [4]),
    ])
    func beginsAtADateOrACommit(text: String, days: [Int]) throws {
        let start = try #require(HistoryStart(text))
        #expect(try history().since(start).runs.map { $0.context["day"] } == days.map { "\($0)" })
    }

    @Test(arguments: [
        ("2026-01-05", "no run since then; the last one is of 2026-01-04T10:00:00Z"),
        ("cccc", "no run is of such a commit"), ("aaaa", "several commits begin so: aaaa111, aaaa222"),
    ])
    func whatCannotBeginSaysWhy(text: String, words: String) throws {
        let start = try #require(HistoryStart(text))
        let error = #expect(throws: HistoryStartError.self) { try history().since(start) }
        #expect(error?.description == words)
    }

    @Test(arguments: ["", "abc", "yesterday", "2026-13-45", "2026-01", "abcdg", "01/02/2026"])
    func whatIsNeitherDateNorCommitIsRefused(text: String) { #expect(HistoryStart(text) == nil) }

    private func history() -> RunHistory {
        let commits = ["aaaa111", "bbbb222", "aaaa222", "2026aaa"]
        let runs = commits.enumerated().map { index, commit in
            HistoryRun(
                path: "m/\(index).json", date: Date(timeIntervalSince1970: 1_767_261_600 + 86_400 * Double(index)),
                context: ["commit": commit, "day": "\(index + 1)"], cells: [:])
        }
        return RunHistory(folder: "m", runs: runs)
    }
}
