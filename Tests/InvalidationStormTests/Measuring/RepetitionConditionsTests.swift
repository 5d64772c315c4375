import Testing

@testable import InvalidationStorm

@Suite struct RepetitionConditionsTests {
    private func usage(runQueue: UInt64?, migrations: UInt64?, elapsed: UInt64) -> ThreadUsage {
        ThreadUsage(
            cpuNanoseconds: 0, involuntarySwitches: 2, migrations: migrations, voluntarySwitches: 3, pageFaults: 4,
            runQueueNanoseconds: runQueue, elapsedNanoseconds: elapsed)
    }

    private func conditions(_ threads: [ThreadUsage], _ cores: [CoreReadings] = []) -> RepetitionConditions {
        RepetitionConditions(
            machine: (stealPercent: 1, otherLoadCores: nil), threads: threads, cores: cores, isOversubscribed: false)
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

    @Test("The round trips are the first faulter's, the frequency is the mean of those that are known")
    func cores() {
        let both = conditions(
            [],
            [
                CoreReadings(roundTripNanoseconds: 120, roundTripAfterNanoseconds: 480, frequencyHertz: 3e9),
                CoreReadings(), CoreReadings(frequencyHertz: 4e9),
            ])
        #expect(both.coreRoundTripNanoseconds == 120 && both.coreRoundTripAfterNanoseconds == 480)
        #expect(both.coreFrequencyHertz == 3.5e9)
    }

    @Test("A core's frequency is one that there are cores for")
    func frequency() throws {
        let hertz = try #require(CoreFrequency.measure(clock: .calibrated))
        // Without a lower bound: a loaded machine may interrupt every piece.
        #expect(hertz > 0 && hertz < 1e10)
    }
}
