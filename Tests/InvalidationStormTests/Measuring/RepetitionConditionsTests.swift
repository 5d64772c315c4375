import Testing

@testable import InvalidationStorm

@Suite struct RepetitionConditionsTests {
    private func usage(runQueue: UInt64?, migrations: UInt64?, elapsed: UInt64) -> ThreadUsage {
        ThreadUsage(
            cpuNanoseconds: 0, involuntarySwitches: 2, migrations: migrations, voluntarySwitches: 3, pageFaults: 4,
            runQueueNanoseconds: runQueue, elapsedNanoseconds: elapsed)
    }

    private func conditions(
        _ threads: [ThreadUsage], frequencies: [Double] = [], roundTrips: [Double] = [], after: [Double] = []
    ) -> RepetitionConditions {
        RepetitionConditions(
            machine: (stealPercent: 1, otherLoadCores: nil), threads: threads, coreFrequencies: frequencies,
            roundTrips: roundTrips, roundTripsAfter: after, isOversubscribed: false)
    }

    @Test("Waiting in the run queue is a part of all threads' windows; counts are added up")
    func sums() {
        let both = conditions([
            usage(runQueue: 10, migrations: 1, elapsed: 100), usage(runQueue: 50, migrations: 2, elapsed: 300),
        ])
        #expect(both.runQueueDelayPercent == 15)
        #expect(both.threadWindowsNanoseconds == 400)
        #expect(both.cpuMigrations == 3)
        #expect(both.voluntarySwitches == 6 && both.involuntarySwitches == 4 && both.pageFaults == 8)
        #expect(both.stealPercent == 1 && both.otherLoadCores == nil)
        #expect(both.coreRoundTripNanoseconds == nil && both.coreFrequencyHertz == nil)
    }

    @Test("What one thread cannot say is unknown for all")
    func absent() {
        let half = conditions([
            usage(runQueue: 10, migrations: nil, elapsed: 100), usage(runQueue: nil, migrations: 2, elapsed: 300),
        ])
        #expect(half.runQueueDelayPercent == nil && half.cpuMigrations == nil)
        #expect(conditions([usage(runQueue: 0, migrations: 0, elapsed: 0)]).runQueueDelayPercent == nil)
    }

    @Test("Of the round trips the longest and the shortest are kept, of the frequencies the mean")
    func cores() {
        let three = conditions([], frequencies: [3e9, 4e9], roundTrips: [120, 480, 90], after: [70, 60, 130])
        #expect(three.coreRoundTripNanoseconds == 480 && three.coreRoundTripAfterNanoseconds == 130)
        #expect(three.coreRoundTripShortestNanoseconds == 90 && three.coreRoundTripAfterShortestNanoseconds == 60)
        #expect(three.coreFrequencyHertz == 3.5e9)
        let two = conditions([], roundTrips: [120], after: [70])
        #expect(two.coreRoundTripNanoseconds == 120 && two.coreRoundTripAfterNanoseconds == 70)
        #expect(two.coreRoundTripShortestNanoseconds == nil && two.coreRoundTripAfterShortestNanoseconds == nil)
    }

    @Test("A core's frequency is one that there are cores for")
    func frequency() throws {
        let hertz = try #require(CoreFrequency.measure(clock: .calibrated))
        // Without a lower bound: a loaded machine may interrupt every piece.
        #expect(hertz > 0 && hertz < 1e10)
    }
}
