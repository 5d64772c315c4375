import BenchmarkRecords
import InvalidationStorm

/// What one repetition measured, by the keys of the results file.
enum MetricValues {
    /// The values that are there and finite: what could not be measured has no key.
    static func of(_ measurement: StormMeasurement) -> [Metric: Double] {
        let fault = measurement.faultLatency
        let invalidation = measurement.invalidationLatency
        var values: [Metric: Double?] = [
            .faultP50: fault.p50, .faultP90: fault.p90, .faultP99: fault.p99, .faultP99_9: fault.p99_9,
            .faultP99_99: fault.p99_99, .faultMaximum: fault.maximum, .faultMean: fault.mean,
            .faultsPerSecond: measurement.faultsPerSecond, .pagesPerSecond: measurement.pagesPerSecond,
            .faultSamples: Double(fault.samples),
            .faultSamplingShift: Double(measurement.samplingShift),
            .faultRetriesPerFault: measurement.retriesPerFault, .faultFallbacks: Double(measurement.fallbacks),
            .wouldBlockCount: Double(measurement.wouldBlocks), .staleInstalls: Double(measurement.staleInstalls),
            .fairness: measurement.fairness, .longestWait: measurement.longestWaitNanoseconds.map { Double($0) },
            .faultLongest: Double(measurement.longestFaultNanoseconds),
            .warmUpUnsteady: measurement.isWarmUpSteady.map { $0 ? 0 : 1 },
            .pageFaultsPerFault: measurement.pageFaultsPerFault,
            .memoryPlaced: measurement.memory.map { $0 == .asPlanned ? 1 : 0 },
            .invalidationsPerSecond: measurement.invalidationsPerSecond,
            .invalidationSamples: Double(invalidation.samples),
        ]
        let latencies: [Metric: Double?] = [
            .invalidationP50: invalidation.p50, .invalidationP90: invalidation.p90,
            .invalidationP99: invalidation.p99, .invalidationP99_9: invalidation.p99_9,
            .invalidationP99_99: invalidation.p99_99, .invalidationMaximum: invalidation.maximum,
            .invalidationMean: invalidation.mean,
            .invalidationLongestWait: measurement.longestInvalidationNanoseconds.map { Double($0) },
            .invalidationStartLongest: measurement.longestStartNanoseconds.map { Double($0) },
            .invalidationFairness: measurement.invalidationFairness,
            .invalidationBacklog: measurement.invalidationBacklog.map { Double($0) },
            .invalidationCatchUp: measurement.invalidationCatchUpNanoseconds.map { Double($0) },
            .faultCatchUp: measurement.faultCatchUpNanoseconds.map { Double($0) },
            .faultBacklog: measurement.faultBacklog.map { Double($0) }, .faultTrend: measurement.faultTrend,
            .servingP50: measurement.servingLatency?.p50, .servingP99: measurement.servingLatency?.p99,
            .servingMaximum: measurement.servingLatency?.maximum,
            .registrationP50: measurement.registrationLatency?.p50,
            .registrationP99: measurement.registrationLatency?.p99,
            .registrationMaximum: measurement.registrationLatency?.maximum,
            .registrationsPerSecond: measurement.registrationsPerSecond,
            .unregistrationP50: measurement.unregistrationLatency?.p50,
            .unregistrationP99: measurement.unregistrationLatency?.p99,
            .unregistrationMaximum: measurement.unregistrationLatency?.maximum,
        ]
        values.merge(latencies) { first, _ in first }
        values.merge(of(measurement.conditions)) { first, _ in first }
        values.merge(of(measurement.eventsPerFault)) { first, _ in first }
        var finite = values.compactMapValues { $0 }.filter(\.value.isFinite)
        finite[.noisy] = Noise { finite[$0] }.isNoisy ? 1 : 0
        return finite
    }
}

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

/// The row of one repetition.
enum RepetitionRow {
    /// An iteration is a fault, its time the mean over all of them. Where no fault ended inside the window there is no
    /// such mean: the row then has 0 iterations and the window as its time, as Google Benchmark writes it.
    static func of(
        _ measurement: StormMeasurement, name: String, planned: PlannedRepetition, repetitions: Int,
        windowNanoseconds: UInt64, noisyRetries: Int
    ) -> ResultRow {
        var values = MetricValues.of(measurement)
        values[.noisyRetries] = Double(noisyRetries)
        let mean = measurement.faults > 0 ? values[.faultMean] : nil
        return ResultRow(
            runName: name, repetitionIndex: planned.repetition, repetitions: repetitions,
            iterations: mean == nil ? 0 : Int(clamping: measurement.faults),
            realNanoseconds: mean ?? Double(windowNanoseconds),
            cpuNanoseconds: measurement.cpuNanosecondsPerFault.isFinite ? measurement.cpuNanosecondsPerFault : 0,
            counters: Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) }))
    }
}
