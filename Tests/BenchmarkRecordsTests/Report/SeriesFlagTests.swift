import Testing

@testable import BenchmarkRecords

@Suite struct SeriesFlagTests {
    private func flags(_ counters: [[Metric: Double]]) -> [SeriesFlag] {
        let rows = counters.flatMap { repetitions(of: "kvm", faultsPerSecond: [1e6], counters: $0) }
        return WorkloadGroup.groups(of: rows)[0].series.flatMap {
            SeriesFlag.all(of: $0, unprotectedGuards: ["unprotected"])
        }
    }

    private func footnotes(_ counters: [[Metric: Double]]) -> [String] {
        let rows = counters.flatMap { repetitions(of: "kvm", faultsPerSecond: [1e6], counters: $0) }
        return TableFootnotes(WorkloadGroup.groups(of: rows)[0].series, unprotectedGuards: []).lines
    }

    @Test func aTrendTakesBothSizeAndAgreement() {
        let rising = [1.04, 1.05, 1.06, 1.04, 1.05, 1.06].map { [Metric.faultTrend: $0] }
        #expect(flags(rising) == [.trend])
        #expect(flags(rising.map { [.faultTrend: 2 - ($0[.faultTrend] ?? 0)] }) == [.trend])
        #expect(flags(Array(rising.dropLast())).isEmpty, "five of five come by chance in 6 of 100")
        #expect(flags(rising.dropLast() + [[.faultTrend: 0.9]]).isEmpty, "one against five, too")
        #expect(flags([1.01, 1.02, 1.02, 1.01, 1.02, 1.01].map { [.faultTrend: $0] }).isEmpty)
        #expect(
            footnotes(rising) == [
                "t = trend: in 1 line the second half of the window ran at 1.05 times the rate of the first: the warm-up was "
                    + "not over; take a longer --window"
            ])
    }

    @Test func repetitionsInAnotherStateAreLeftOutUnlessTheyAreMost() throws {
        func group(_ trips: [(guardName: String, trip: Double?, rate: Double)]) -> WorkloadGroup {
            WorkloadGroup.groups(
                of: trips.flatMap { line in
                    repetitions(
                        of: line.guardName, faultsPerSecond: [line.rate],
                        counters: line.trip.map { [.coreRoundTrip: $0] } ?? [:])
                })[0]
        }
        // The common state is the workload's, not the guard's.
        let kvm = [("kvm", 120.0, 1.0), ("kvm", 500, 9), ("kvm", 130, 3)].map { ($0.0, Double?($0.1), $0.2) }
        let mutex = [("mutex", 125.0, 5.0), ("mutex", 510, 6), ("mutex", 520, 7)].map { ($0.0, Double?($0.1), $0.2) }
        let more = [("rwlock", 120.0, 1.0), ("rwlock", 121, 1), ("rwlock", 122, 1)].map { ($0.0, Double?($0.1), $0.2) }
        let series = group(kvm + mutex + more).series
        #expect(series.map(\.guardName) == ["mutex", "kvm", "rwlock"])
        #expect(series.map { $0.median(.faultsPerSecond) } == [6, 2, 1])
        #expect(series.map(\.isMixed) == [true, false, false])
        #expect(series.map(\.strays.count) == [0, 1, 0])
        let lines = TableFootnotes(series, unprotectedGuards: []).lines
        #expect(lines[0].hasPrefix("m = mixed: more than half of the repetitions of 1 line met the cores in another"))
        #expect(
            lines[1].hasPrefix(
                "left out: 1 of 9 repetitions met the cores in another state than most of their workload, with round "
                    + "trips from 500ns to 500ns; n counts the others"))
        // A thread alone has no round trip, and all is alike.
        #expect(group([("kvm", nil, 1), ("kvm", nil, 3)]).series[0].strays.isEmpty)
        #expect(flags([[.coreRoundTrip: 120], [.coreRoundTrip: 130], [:]]).isEmpty)
    }

    /// The fixture's repetitions have one fault of a microsecond each, so a window of a microsecond.
    @Test func whatWasDueAndNotStartedIsBehind() {
        #expect(flags([[.faultBacklog: 0]]).isEmpty)
        #expect(flags([[.faultBacklog: 0.009]]).isEmpty)
        #expect(flags([[.faultBacklog: 0.02]]) == [.behind])
        #expect(flags([[.invalidationBacklog: 1, .invalidationsPerSecond: 1e9]]).isEmpty)
        #expect(flags([[.invalidationBacklog: 1, .invalidationsPerSecond: 3e6]]) == [.behind])
        #expect(
            footnotes([[.invalidationBacklog: 1, .invalidationsPerSecond: 3e6]])[0].contains("up to 25.0 % of what"))
    }

    @Test func unevenThreadsAreUnfair() {
        #expect(flags([[.fairness: 0.79], [.fairness: 0.79], [.fairness: 1]]) == [.unfair])
        #expect(flags([[.fairness: 0.81]]).isEmpty)
        #expect(flags([[.fairness: 1, .invalidationFairness: 0.6]]) == [.unfair])
        #expect(footnotes([[.fairness: 0.5]])[0].contains("is 0.50, below 0.8"))
    }

    @Test func aRangeIsInTheOrderOfItsNumbers() {
        func rising(_ guardName: String, _ trend: Double) -> [ResultRow] {
            repetitions(
                of: guardName, faultsPerSecond: Array(repeating: 1e6, count: 6), counters: [.faultTrend: trend])
        }
        let series = WorkloadGroup.groups(of: rising("kvm", 9) + rising("mutex", 10))[0].series
        let lines = TableFootnotes(series, unprotectedGuards: []).lines
        #expect(lines[0].contains("ran at 9.00 to 10.00 times"), "\(lines)")
    }
}
