import BenchmarkRecords
import InvalidationStorm

extension MetricValues {
    /// What the machine was like.
    static func of(_ conditions: RepetitionConditions) -> [Metric: Double?] {
        [
            .steal: conditions.stealPercent, .otherLoad: conditions.otherLoadCores,
            .runQueueDelay: conditions.runQueueDelayPercent,
            .threadWindows: Double(conditions.threadWindowsNanoseconds),
            .voluntarySwitches: Double(conditions.voluntarySwitches),
            .involuntarySwitches: Double(conditions.involuntarySwitches),
            .cpuMigrations: conditions.cpuMigrations.map { Double($0) },
            .pageFaults: Double(conditions.pageFaults), .coreRoundTrip: conditions.coreRoundTripNanoseconds,
            .coreRoundTripAfter: conditions.coreRoundTripAfterNanoseconds,
            .coreRoundTripShortest: conditions.coreRoundTripShortestNanoseconds,
            .coreRoundTripAfterShortest: conditions.coreRoundTripAfterShortestNanoseconds,
            .coreFrequency: conditions.coreFrequencyHertz, .coreAdditions: conditions.coreAdditionsPerSecond,
            .coreAdditionsAfter: conditions.coreAdditionsAfterPerSecond,
            .oversubscribed: conditions.isOversubscribed ? 1 : 0,
        ]
    }

    /// What the processor counted.
    static func of(_ events: EventsPerFault) -> [Metric: Double?] {
        [
            .cyclesPerFault: events.cycles, .instructionsPerFault: events.instructions,
            .cacheMissesPerFault: events.cacheMisses,
        ]
    }
}
