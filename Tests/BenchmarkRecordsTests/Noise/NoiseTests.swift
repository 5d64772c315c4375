import Testing

@testable import BenchmarkRecords

@Suite struct NoiseTests {
    private static let quiet: [Metric: Double] = [
        .steal: 0, .runQueueDelay: 0.1, .otherLoad: 0.05, .threadWindows: 200e6, .involuntarySwitches: 3,
        .cpuMigrations: 0, .coreRoundTrip: 120, .coreRoundTripAfter: 125, .oversubscribed: 0,
    ]

    /// Those of a quiet repetition with other values, and without one.
    private func reasons(_ changes: [Metric: Double], without missing: Metric? = nil) -> [String] {
        let values = Self.quiet.merging(changes) { $1 }
        return Noise { $0 == missing ? nil : values[$0] }.reasons.map(\.description)
    }

    @Test func aQuietRepetitionHasNoReasons() { #expect(reasons([:]).isEmpty) }

    @Test func eachValueBeyondItsLimitIsAReason() {
        #expect(reasons([.steal: 3.1]) == ["steal 3.10 %"])
        #expect(reasons([.runQueueDelay: 12]) == ["run queue 12.0 %"])
        #expect(reasons([.otherLoad: 0.92]) == ["other load 0.9 cores"])
        #expect(reasons([.involuntarySwitches: 300]) == ["involuntary switches 1.50k a second"])
        #expect(reasons([.cpuMigrations: 3]) == ["migrations 3"])
        #expect(reasons([.coreRoundTrip: 120, .coreRoundTripAfter: 480]) == ["round trip 120 -> 480 ns"])
        #expect(reasons([.coreRoundTrip: 480, .coreRoundTripAfter: 120]) == ["round trip 480 -> 120 ns"])
        #expect(reasons([.steal: 2, .cpuMigrations: 4]) == ["steal 2.00 %", "migrations 4"])
    }

    @Test func theLimitItselfIsQuiet() {
        let limits = NoiseLimits.standard
        #expect(reasons([.steal: limits.stealPercent, .runQueueDelay: limits.runQueueDelayPercent]).isEmpty)
        #expect(reasons([.otherLoad: limits.otherLoadCores]).isEmpty)
        let (switches, moves) = (limits.involuntarySwitchesPerSecond, limits.migrationsPerSecond)
        #expect(reasons([.threadWindows: 1e9, .involuntarySwitches: switches, .cpuMigrations: moves]).isEmpty)
        #expect(reasons([.coreRoundTrip: 100, .coreRoundTripAfter: 100 * limits.roundTripRatio]).isEmpty)
    }

    @Test func whatIsNotThereIsNotJudged() {
        #expect(!Noise { _ in nil }.isNoisy)
        #expect(reasons([.coreRoundTrip: 900], without: .coreRoundTripAfter).isEmpty)
        #expect(reasons([.involuntarySwitches: 1e6, .cpuMigrations: 9], without: .threadWindows).isEmpty)
    }

    @Test func oversubscribedThreadsMayWaitForEachOther() {
        #expect(reasons([.oversubscribed: 1, .runQueueDelay: 50, .involuntarySwitches: 1e6]).isEmpty)
        #expect(reasons([.oversubscribed: 1, .steal: 5, .cpuMigrations: 9]).count == 2)
    }

    @Test func aRunIsNoisyFromAQuarterOn() {
        func run(_ noisy: Int, of all: Int, _ counters: [Metric: Double] = [.steal: 50]) -> RunNoise {
            let rate = 1e6
            return RunNoise(
                repetitions(of: "mutex", faultsPerSecond: Array(repeating: rate, count: all - noisy))
                    + repetitions(
                        of: "mutex", faultsPerSecond: Array(repeating: rate, count: noisy), counters: counters))
        }
        #expect(!run(0, of: 0).isNoisy && !run(0, of: 4).isNoisy)
        #expect(!run(1, of: 5).isNoisy && run(1, of: 4).isNoisy && run(5, of: 5).isNoisy)
        #expect(run(2, of: 5).noisy == 2 && run(2, of: 5).repetitions == 5)
    }

    @Test func theMostFrequentKindsComeFirst() {
        let rows =
            repetitions(of: "mutex", faultsPerSecond: [1, 2, 3], counters: [.otherLoad: 1])
            + repetitions(of: "mutex", faultsPerSecond: [4, 5], counters: [.steal: 9, .otherLoad: 1])
            + repetitions(of: "mutex", faultsPerSecond: [6], counters: [.runQueueDelay: 9])
        #expect(RunNoise(rows).frequentKinds == [.otherLoad, .steal])
    }

    @Test func aggregatesAreNoRepetitions() {
        let mean = ResultRow(
            runName: "storm/mutex/storm/faulters:1/invalidators:1", runType: .aggregate("mean"), realNanoseconds: 1,
            cpuNanoseconds: 1, counters: [Metric.steal.rawValue: 50])
        #expect(RunNoise([mean]).repetitions == 0)
    }
}
