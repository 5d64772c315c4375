import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct HistoryReportTests {
    @Test func aChangeBeginsAtItsCommit() throws {
        let report = HistoryReport(historyRuns(level(1e6, 10) + level(0.8e6, 5)))
        let change = try #require(report.changes.first)
        #expect(report.changes.count == 1)
        #expect(change.run.commit == "c11" && change.previous.commit == "c10")
        #expect(!change.isBetter)
        #expect(change.point.before.count == 10 && change.point.after.count == 5)
        #expect(change.contextChanges.isEmpty && !change.mayBeOfHost && !change.isOfOneCommit)
        #expect(
            report.summary
                == "results/m: 15 runs from 2027-01-16 to 2027-01-30, 1 cell, 1 series, 1 change point: 1 worse, "
                + "0 better.")
    }

    @Test func runsWithoutTheValueAreNoPartOfTheSeries() throws {
        let values: [Double?] = level(1e6, 8) + [nil, nil] + level(2e6, 5)
        let report = HistoryReport(historyRuns(values))
        let change = try #require(report.changes.first)
        #expect(change.run.commit == "c11" && change.previous.commit == "c8")
        #expect(change.isBetter)
        #expect(change.point.before.count == 8)
    }

    @Test func theOrderInWhichFilesAreListedPlaysNoPart() {
        let history = historyRuns(level(1e6, 12) + level(0.9e6, 12) + level(1.1e6, 8))
        let reversed = RunHistory(
            folder: history.folder, runs: history.runs.reversed(), metrics: history.metrics)
        #expect(HistoryTable(HistoryReport(history)).description == HistoryTable(HistoryReport(reversed)).description)
        #expect(HistoryReport(reversed).changes.map(\.run.commit) == ["c25", "c13"])
    }

    @Test func runsOfOneMomentAreInTheOrderOfTheirNames() {
        let runs = ["b", "a", "c"].map { name in
            HistoryRun(path: "x/\(name).json", date: Date(timeIntervalSince1970: 0), context: [:], cells: [:])
        }
        #expect(RunHistory(folder: "x", runs: runs).runs.map(\.fileName) == ["a.json", "b.json", "c.json"])
    }

    @Test func whatElseChangedIsSaid() throws {
        let old = ["kernel": "6.1", "seed": "1", "tree_dirty": "false", "cpu_quota": "none"]
        let new = ["kernel": "6.2", "seed": "2", "tree_dirty": "true", "smt": "on"]
        let history = historyRuns(level(1e6, 10) + level(0.8e6, 5), contexts: [10: old, 11: new])
        let report = HistoryReport(history)
        let change = try #require(report.changes.first)
        #expect(
            change.contextChanges == [
                HistoryChange.ContextChange(key: "cpu_quota", before: "none", after: nil),
                HistoryChange.ContextChange(key: "kernel", before: "6.1", after: "6.2"),
                HistoryChange.ContextChange(key: "smt", before: nil, after: "on"),
            ])
        let text = HistoryTable(report).description
        #expect(text.contains("\n  changed with it: kernel, from 6.1 to 6.2\n"))
        #expect(text.contains("commit c11 with a dirty tree, 011.json\n"))
    }

    @Test func anotherRoundTripMayBeTheHosts() throws {
        func change(_ after: Double?) throws -> HistoryChange {
            let trips = Array(repeating: 100.0 as Double?, count: 10) + Array(repeating: after, count: 5)
            return try #require(
                HistoryReport(historyRuns(level(1e6, 10) + level(0.8e6, 5), roundTrips: trips)).changes.first)
        }
        #expect(try change(151).mayBeOfHost)
        #expect(try !change(149).mayBeOfHost)
        #expect(try change(66).mayBeOfHost)
        #expect(try !change(nil).mayBeOfHost)
    }

    @Test(arguments: [(false, false, true), (true, false, false), (false, true, false)])
    func oneCommitOnBothSidesDidNotChangeTheSource(before: Bool, after: Bool, isOfOne: Bool) throws {
        let contexts = [10: before, 11: after].mapValues { ["tree_dirty": $0 ? "true" : "false"] }
        let runs = historyRuns(level(1e6, 10) + level(0.8e6, 5), contexts: contexts)
        let same = runs.runs.map { run in
            HistoryRun(
                path: run.path, date: run.date, context: run.context.merging(["commit": "c"]) { $1 }, cells: run.cells)
        }
        let report = HistoryReport(RunHistory(folder: "m", runs: same, metrics: runs.metrics))
        #expect(try #require(report.changes.first).isOfOneCommit == isOfOne)
        #expect(HistoryTable(report).description.contains("the source did not change") == isOfOne)
    }

    @Test func aNameStaysAsItIs() {
        let name = "storm/kvm/trace:a  b \(String(repeating: "c ", count: 60))/faulters:1/invalidators:1"
        let report = HistoryReport(historyRuns(level(1e6, 10) + level(0.8e6, 5), cell: name))
        #expect(HistoryTable(report).description.contains("\n  \(name)\n    faults_per_second 1.00M -> 801k, "))
    }

    @Test func shortSeriesAreNamed() {
        let report = HistoryReport(historyRuns(level(1e6, 3) + level(2e6, 4)))
        #expect(report.changes.isEmpty)
        #expect(report.tooShort == ["storm/kvm/storm/faulters:1/invalidators:1 faults_per_second"])
        #expect(HistoryTable(report).description.contains("nothing can be said of 1 series with fewer than 8 runs"))
    }

    @Test func withoutAChoiceEachBenchmarkHasItsOwnMetrics() {
        let runs = (1...9).map { day in
            historyRun(
                day: day,
                cells: [
                    "storm/kvm/calm/faulters:1/invalidators:0": ([1, 2, nil, 3], nil), "BM_x": ([1, 2, 3, 4], nil),
                ])
        }
        let report = HistoryReport(RunHistory(folder: "m", runs: runs))
        #expect(report.seriesCount == 3)
        let chosen = HistoryReport(RunHistory(folder: "m", runs: runs), isChosen: { $0 == "BM_x" })
        #expect(chosen.cells == ["BM_x"])
        #expect(chosen.seriesCount == 1)
    }

    @Test func jsonHasTheDocumentedKeys() throws {
        let trips = Array(repeating: 100.0 as Double?, count: 10) + Array(repeating: 300, count: 5)
        let history = historyRuns(
            level(1e6, 10) + level(0.8e6, 5), roundTrips: trips, contexts: [11: ["kernel": "6"]])
        let text = try HistoryDocument(HistoryReport(history)).json()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "format", "folder", "runs", "cells", "series", "first_date", "last_date", "threshold_percent", "level",
                "window", "fewest_runs", "change_points", "too_short", "unreadable",
            ])
        let point = try #require((object["change_points"] as? [[String: Any]])?.first)
        #expect(
            Set(point.keys) == [
                "name", "metric", "change", "before", "after", "ratio", "p", "runs_before", "runs_after", "run",
                "previous_run", "same_commit", "context_changes", "round_trip_before_ns", "round_trip_after_ns",
                "may_be_host",
            ])
        #expect(point["may_be_host"] as? Bool == true)
        #expect((point["run"] as? [String: Any])?["date"] as? String == "2027-01-26T08:00:00Z")
    }

    @Test func aChangeFromNothingHasNoRatio() throws {
        let report = HistoryReport(historyRuns(Array(repeating: 0, count: 10) + level(5, 6)))
        #expect(report.changes.count == 1)
        #expect(try !HistoryDocument(report).json().contains("\"ratio\""))
        #expect(HistoryTable(report).description.contains("ratio inf"))
    }
}
