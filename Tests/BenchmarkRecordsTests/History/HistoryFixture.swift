import Foundation

@testable import BenchmarkRecords

/// A run on the day of that number, from 1, whose cells have one value of each metric that was asked for.
func historyRun(
    day: Int, commit: String? = nil, context: [String: String] = [:],
    cells: [String: (values: [Double?], roundTrip: Double?)]
) -> HistoryRun {
    var facts = context
    if let commit { facts["commit"] = commit }
    return HistoryRun(
        path: "results/m/\(String(format: "%03d", day)).json",
        date: Date(timeIntervalSince1970: 1_800_000_000 + 86_400 * Double(day)), context: facts,
        cells: cells.mapValues { HistoryRun.Cell(values: $0.values, roundTrip: $0.roundTrip) })
}

/// Runs on successive days, from day 1 and commit `c1` on, of one cell and a value of `faults_per_second` each.
func historyRuns(
    _ values: [Double?], cell: String = "storm/kvm/storm/faulters:1/invalidators:1", roundTrips: [Double?] = [],
    contexts: [Int: [String: String]] = [:]
) -> RunHistory {
    let runs = values.enumerated().map { index, value in
        historyRun(
            day: index + 1, commit: "c\(index + 1)", context: contexts[index + 1] ?? [:],
            cells: [cell: ([value], roundTrips.isEmpty ? nil : roundTrips[index])])
    }
    return RunHistory(folder: "results/m", runs: runs, metrics: ComparedMetric(.faultsPerSecond).map { [$0] } ?? [])
}

/// So many values about `level`, no three neighbours equal.
func level(_ level: Double, _ count: Int) -> [Double] { (0..<count).map { level * (1 + 0.001 * Double($0 % 3)) } }
