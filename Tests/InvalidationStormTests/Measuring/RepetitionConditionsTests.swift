import Testing

@testable import InvalidationStorm

@Suite struct RepetitionConditionsTests {
    private func usage(runQueue: UInt64?, migrations: UInt64?, elapsed: UInt64) -> ThreadUsage {
        ThreadUsage(
            cpuNanoseconds: 0, involuntarySwitches: 2, migrations: migrations, voluntarySwitches: 3, pageFaults: 4,
            runQueueNanoseconds: runQueue, elapsedNanoseconds: elapsed)
    }

    private func conditions(
        _ threads: [ThreadUsage], before: CoreReadings = CoreReadings(), after: CoreReadings = CoreReadings()
    ) -> RepetitionConditions {
        RepetitionConditions(
            machine: (stealPercent: 1, otherLoadCores: nil), threads: threads, before: before, after: after,
            faulters: 2, isOversubscribed: false)
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
        #expect(both.coreAdditionsPerSecond == nil && both.coreAdditionsAfterPerSecond == nil)
    }

    @Test("What one thread cannot say is unknown for all")
    func absent() {
        let half = conditions([
            usage(runQueue: 10, migrations: nil, elapsed: 100), usage(runQueue: nil, migrations: 2, elapsed: 300),
        ])
        #expect(half.runQueueDelayPercent == nil && half.cpuMigrations == nil)
        #expect(conditions([usage(runQueue: 0, migrations: 0, elapsed: 0)]).runQueueDelayPercent == nil)
    }

    @Test("Of the round trips the longest and the shortest are kept, of the faulters' cores the mean")
    func cores() {
        let three = conditions(
            [],
            before: CoreReadings(
                roundTripsNanoseconds: [120, 480, 90], frequenciesHertz: [3e9, 4e9, 1e9],
                additionsPerSecond: [6e9, 12e9, 1e9]),
            after: CoreReadings(
                roundTripsNanoseconds: [70, 60, 130], frequenciesHertz: [2e9, 2e9, 1e9],
                additionsPerSecond: [10e9, 12e9, 1e9]))
        #expect(three.coreRoundTripNanoseconds == 480 && three.coreRoundTripAfterNanoseconds == 130)
        #expect(three.coreRoundTripShortestNanoseconds == 90 && three.coreRoundTripAfterShortestNanoseconds == 60)
        #expect(three.coreFrequencyHertz == 2.75e9)
        #expect(three.coreAdditionsPerSecond == 9e9 && three.coreAdditionsAfterPerSecond == 11e9)
        let two = conditions(
            [], before: CoreReadings(roundTripsNanoseconds: [120]), after: CoreReadings(roundTripsNanoseconds: [70]))
        #expect(two.coreRoundTripNanoseconds == 120 && two.coreRoundTripAfterNanoseconds == 70)
        #expect(two.coreRoundTripShortestNanoseconds == nil && two.coreRoundTripAfterShortestNanoseconds == nil)
    }

    @Test("A core's frequency is one that there are cores for, and it does some additions a cycle")
    func speed() {
        let hertz = CoreSpeed.frequency(clock: .calibrated)
        // Without a lower bound: a loaded machine may interrupt every piece.
        #expect(hertz > 0 && hertz < 1e10)
        let additions = CoreSpeed.additionsPerSecond(clock: .calibrated)
        #expect(additions > 0 && additions < 1e11)
    }
}
