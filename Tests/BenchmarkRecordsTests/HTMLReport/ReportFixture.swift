import Foundation

@testable import BenchmarkRecords

/// A run to lay out: guards with their rates on workloads, all measured beside each other in one state of the cores.
struct ReportFixture {
    var rows: [ResultRow]
    var context: [String: String]

    /// Percentiles of both roles, in order, as a repetition of the given fault p50 has them.
    static func latencies(_ p50: Double) -> [Metric: Double] {
        let factors = [1, 1.5, 3, 12, 80, 4000]
        let faults: [Metric] = [.faultP50, .faultP90, .faultP99, .faultP99_9, .faultP99_99, .faultMaximum]
        let invalidations: [Metric] = [
            .invalidationP50, .invalidationP90, .invalidationP99, .invalidationP99_9, .invalidationP99_99,
            .invalidationMaximum,
        ]
        var values: [Metric: Double] = [.coreRoundTrip: 120, .coreRoundTripAfter: 121, .staleInstalls: 0]
        for (metric, factor) in zip(faults, factors) { values[metric] = p50 * factor }
        for (metric, factor) in zip(invalidations, factors) { values[metric] = 7 * p50 * factor }
        return values
    }

    /// Three protected guards and the control on `storm`, eight repetitions each, and two of them on `calm`.
    static func standard() -> ReportFixture {
        let storm: [(String, Double, Double, Double)] = [
            ("unprotected", 280e6, 3.4e6, 200), ("striped", 79e6, 2.9e6, 300), ("interval", 40e6, 2.3e6, 700),
            ("mutex", 12e6, 1.5e6, 1000),
        ]
        var rows = storm.flatMap { name, rate, invalidations, p50 in
            repetitions(
                of: name, faultsPerSecond: rates(rate, 8),
                counters: latencies(p50).merging([.invalidationsPerSecond: invalidations]) { $1 })
        }
        let calm: [(String, Double)] = [("striped", 160e6), ("interval", 2e6)]
        rows += calm.flatMap { name, rate in
            repetitions(
                of: name, on: "calm/faulters:2/invalidators:0", faultsPerSecond: rates(rate, 8),
                counters: [.coreRoundTrip: 120, .coreRoundTripAfter: 119, .faultP50: 300, .faultP99: 900, .steal: 3])
        }
        return ReportFixture(
            rows: rows,
            context: [
                "date": "2026-11-21T10:00:00+00:00", "cpu_model": "Model A", "cpu_threads": "2",
                "clock_pair_ns": "20", "commit": "abc1234", "kernel": "6.18.44", "machine_id": "m",
            ])
    }

    var answer: RunAnswer { RunAnswer(rows: rows) }
    var machine: MachineText { MachineText(context: context) }

    /// The page.
    var page: String {
        HTMLReport(answer, rows: rows, machine: machine, files: [ReportedFile(name: "run.json", context: context)])
            .description
    }
}

extension HTMLReport {
    /// A page of one host.
    init(
        _ answer: RunAnswer, rows: [ResultRow], machine: MachineText, files: [ReportedFile],
        history: HistoryReport? = nil
    ) {
        let host = HostAnswer(
            name: "host", host: MeasuredHost(context: [:]), machine: machine, rows: rows, answer: answer)
        self.init([host], files: files, history: history)
    }
}
