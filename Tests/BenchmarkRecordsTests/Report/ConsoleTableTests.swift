import Testing

@testable import BenchmarkRecords

@Suite struct ConsoleTableTests {
    private func lines(_ rows: [ResultRow]) -> [String] {
        ConsoleTable(rows: rows, unprotectedGuards: ["unprotected"]).description
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func laysOutOneWorkload() {
        let counters: [Metric: Double] = [
            .faultP50: 9.8, .faultP99: 1062, .faultP99_9: 27_993, .invalidationsPerSecond: 99_950,
            .invalidationP99: 4.2e6, .faultRetriesPerFault: 0.13, .staleInstalls: 0,
        ]
        let rows =
            repetitions(of: "rwlock", faultsPerSecond: [1e6, 3e6, 2e6])
            + repetitions(of: "interval-2m-lockfree", faultsPerSecond: [56.1e6, 50e6, 60e6], counters: counters)
            + repetitions(
                of: "unprotected", faultsPerSecond: [239e6], counters: [.staleInstalls: 12_345, .noisy: 1, .steal: 3])
        #expect(
            lines(rows) == [
                "storm, 1 faulter, 1 invalidator",
                "                         faults           vs  fault  fault  fault inval. inval. retries   all",
                "guard                  n  per s    +- rwlock    p50    p99  p99.9  per s    p99 / fault stale",
                "unprotected UNSAFE     1   239M     -   120x      -      -      -      -      -       - 12.3k n",
                "interval-2m-lockfree   3  56.1M     -  28.1x 9.80ns 1.06us 28.0us   100k 4.20ms    0.13     0",
                "rwlock                 3  2.00M     -  1.00x      -      -      -      -      -       -     -",
                "", "UNSAFE: it does not protect: the control and the speed limit, never a choice",
                "n = noisy: 1 of 7 repetitions, mostly by steal: see invbench doctor, or --retry-noisy 3", "",
            ])
    }

    @Test func whereStartsWereTimedTheLongestWaitsAreShown() {
        let work = "mapping-lock/faulters:2/invalidators:1"
        func rows(_ name: String, _ rate: Double, _ waits: (fault: Double, start: Double)) -> [ResultRow] {
            repetitions(
                of: name, on: work, faultsPerSecond: [rate],
                counters: [
                    .faultP50: 1500, .faultP99_9: 27_993, .invalidationP99: 4.2e6, .faultLongest: waits.fault,
                    .invalidationStartLongest: waits.start, .staleInstalls: 0,
                ])
        }
        let table = lines(
            rows("kvm", 2e6, (40_000, 900)) + rows("kvm", 2e6, (20_000, 1.25e6)) + rows("kvm", 2e6, (30_000, 800))
                + rows("striped", 1e6, (1e9, 700)) + repetitions(of: "mine", on: work, faultsPerSecond: [1]))
        #expect(
            table[..<6] == [
                "mapping-lock, 2 faulters, 1 invalidator",
                "                         faults           vs  fault  fault  fault inval.  start retries   all",
                "guard                  n  per s    +- rwlock    p50    p99  worst  per s  worst / fault stale",
                "kvm                    3  2.00M     -      - 1.50us      - 40.0us      - 1.25ms       -     0",
                "striped                1  1.00M     -      - 1.50us      -  1.00s      -  700ns       -     0",
                "mine                   1   1.00     -      -      -      -      -      -      -       -     -",
            ])
        let other = lines(
            repetitions(of: "kvm", faultsPerSecond: [1], counters: [.faultLongest: 5e6, .faultP99_9: 2000]))
        #expect(other[2].contains("p99.9") && other[3].contains("2.00us") && !other[3].contains("5.00ms"))
    }

    @Test func theMediansIntervalStandsBehindTheRate() {
        let table = lines(repetitions(of: "kvm", faultsPerSecond: [100, 101, 99, 98, 107, 102]))
        // All six values: 107 lies 6.5 % above the median of 100.5.
        #expect(table[3].hasPrefix("kvm                    6    100  6.5%"), "\(table)")
        let wide = lines(repetitions(of: "kvm", faultsPerSecond: [1, 1, 1, 1, 1, 1e6]))
        #expect(wide[3].hasPrefix("kvm                    6   1.00 >999%"), "\(wide)")
        #expect(lines(repetitions(of: "kvm", faultsPerSecond: [1, 2, 3, 4, 5]))[3].contains(" 3.00     - "))
    }

    @Test func staleTranslationsAreSummedAndShown() {
        let rows =
            repetitions(of: "mine", faultsPerSecond: [1e6, 1e6], counters: [.staleInstalls: 0])
            + repetitions(of: "mine", faultsPerSecond: [1e6], counters: [.staleInstalls: 2])
        #expect(lines(rows)[3].hasSuffix("     2 STALE!"))
        #expect(lines(rows)[5] == "STALE!: 2 stale translations in 1 line: do not use these guards, and report it")
    }

    @Test func neverGrowsBeyondAHundredColumns() {
        let long = String(repeating: "guard-", count: 30)
        let rows = repetitions(
            of: long + "a", on: "trace:\(long)/faulters:128/invalidators:64/walk:1000ns",
            faultsPerSecond: Array(repeating: 1.23456e11, count: 120),
            counters: [
                .faultP50: 999_499, .faultLongest: 1.234e12, .invalidationStartLongest: 1.234e12, .faultP99: 9.99e9,
                .faultP99_9: 9.99e9, .invalidationsPerSecond: 1.23e8,
                .invalidationP99: 99e9, .faultRetriesPerFault: 1.234e-5, .staleInstalls: 1e9, .steal: 2,
            ])
        let table = lines(rows + repetitions(of: "x" + long, faultsPerSecond: [1]))
        #expect(table.allSatisfy { $0.count <= 100 }, "\(table)")
        #expect(table.contains { $0.hasPrefix("xguard-gu..rd-guard- ") })
        #expect(table.contains { $0.hasSuffix("STALE!") })
        #expect(table.contains { $0.hasPrefix("n = noisy: 120 of 121 repetitions") })
    }

    @Test func aLineHasAllItsMarks() {
        let shifted: [Metric: Double] = [
            .faultTrend: 1.2, .fairness: 0.5, .steal: 9, .faultBacklog: 1e9, .coreRoundTrip: 100,
        ]
        let table = lines(
            repetitions(of: "mine", faultsPerSecond: [1, 2, 3, 4, 5, 6], counters: shifted)
                + repetitions(of: "unprotected", faultsPerSecond: [7], counters: [.coreRoundTrip: 900]))
        #expect(table[3].hasPrefix("unprotected UNSAFE ") && table[3].hasSuffix(" m"), "\(table)")
        #expect(table[4].hasPrefix("mine ") && table[4].hasSuffix(" ntbu"), "\(table)")
        for name in ["n = noisy:", "t = trend:", "m = mixed:", "b = behind:", "u = unfair:"] {
            #expect(table.contains { $0.hasPrefix(name) }, "\(table)")
        }
    }

    @Test func groupsByWorkloadInTheOrderOfTheRows() {
        let works = [
            "storm/faulters:10/invalidators:1", "storm/faulters:2/invalidators:1", "calm/faulters:2/invalidators:0",
        ]
        let table = lines((works + works).flatMap { repetitions(of: "kvm", on: $0, faultsPerSecond: [1]) })
        #expect(
            table.filter { $0.contains("faulters") } == [
                "storm, 10 faulters, 1 invalidator", "storm, 2 faulters, 1 invalidator",
                "calm, 2 faulters, 0 invalidators",
            ])
    }

    @Test func aGuardsParametersStandBelowIt() {
        let rows =
            repetitions(of: "kvm", faultsPerSecond: [2])
            + repetitions(
                of: "adaptive", on: "storm/faulters:1/invalidators:1/walk:9ns/stripe:64KiB/wide-bound:7",
                faultsPerSecond: [1])
            + repetitions(of: "kvm", on: "storm/faulters:1/invalidators:1/walk:9ns", faultsPerSecond: [2])
        let table = lines(rows)
        #expect(table.filter { $0.contains("faulter,") }.count == 2)
        #expect(table[5] == "storm, 1 faulter, 1 invalidator, walk 9ns")
        #expect(table[8].hasPrefix("kvm ") && table[9].hasPrefix("adaptive "))
        #expect(table[10] == "  stripe:64KiB wide-bound:7")
    }

    @Test func anEmptyRunHasNoTable() {
        #expect(ConsoleTable(rows: [], unprotectedGuards: []).description.isEmpty)
    }
}
