/// A value that a cell reports; the raw value is its key in the results file.
///
/// A key is absent from a row where the value could not be measured or the sample was too small for it.
public enum Metric: String, CaseIterable, Sendable {
    /// What a value counts.
    public enum Unit: String, Sendable {
        /// Nanoseconds.
        case nanoseconds = "ns"
        /// Operations a second, over all threads of the role.
        case perSecond = "1/s"
        /// A plain count over the window.
        case count = "count"
        /// A quotient of two values of the same kind.
        case ratio = "ratio"
        /// Per cent.
        case percent = "%"
        /// Cycles a second.
        case hertz = "Hz"
        /// Processor time by time: how many cores were busy.
        case cores = "cores"
        /// 0 or 1.
        case flag = "flag"
    }

    /// Which values a user wants.
    public enum Better: Sendable {
        /// Smaller ones.
        case lower
        /// Larger ones.
        case higher
    }

    case faultP50 = "fault_p50_ns"
    case faultP90 = "fault_p90_ns"
    case faultP99 = "fault_p99_ns"
    case faultP99_9 = "fault_p99_9_ns"
    case faultP99_99 = "fault_p99_99_ns"
    case faultMaximum = "fault_max_ns"
    /// No fault took longer: the longest of the timed ones, and of the times between two of them.
    case faultLongest = "fault_longest_ns"
    /// Time divided by count over the whole window, not over the samples.
    case faultMean = "fault_mean_ns"
    case faultsPerSecond = "faults_per_second"
    /// Pages that faults filled in; where a fault fills in more than one.
    case pagesPerSecond = "pages_per_second"
    /// How many faults were timed.
    case faultSamples = "fault_samples"
    /// One fault in two to the power of this was timed.
    case faultSamplingShift = "fault_sampling_shift"
    case faultRetriesPerFault = "fault_retries_per_fault"
    /// Faults that took the path which cannot be starved.
    case faultFallbacks = "fault_fallbacks"
    /// Faults of an open loop that were due in the window and never started.
    case faultBacklog = "fault_backlog"
    /// How long behind the window's end the last fault of an open loop ended that was due in it; 0 where none was late.
    case faultCatchUp = "fault_catch_up_ns"
    /// The closed-loop faults' rate in the second half of the window divided by that in the first: far from 1 where the
    /// warm-up was too short, or the machine changed.
    case faultTrend = "fault_trend"
    /// 1 where the closed-loop faults' rate was not steady when the window opened: the warm-up had reached its bound.
    case warmUpUnsteady = "warm_up_unsteady"
    /// From the read of a fault that is served in user space until its page is there.
    case servingP50 = "serving_p50_ns"
    case servingP99 = "serving_p99_ns"
    case servingMaximum = "serving_max_ns"
    case invalidationP50 = "invalidation_p50_ns"
    case invalidationP90 = "invalidation_p90_ns"
    case invalidationP99 = "invalidation_p99_ns"
    case invalidationP99_9 = "invalidation_p99_9_ns"
    case invalidationP99_99 = "invalidation_p99_99_ns"
    case invalidationMaximum = "invalidation_max_ns"
    case invalidationMean = "invalidation_mean_ns"
    case invalidationsPerSecond = "invalidations_per_second"
    case invalidationSamples = "invalidation_samples"
    /// Invalidations with intended starts that were due in the window and never started.
    case invalidationBacklog = "invalidation_backlog"
    /// How long behind the window's end the last invalidation ended that was due in it; 0 where none was late.
    case invalidationCatchUp = "invalidation_catch_up_ns"
    /// The longest invalidation from its actual start.
    case invalidationLongestWait = "invalidation_longest_wait_ns"
    /// The longest start alone, without change and end; in scenarios about waits.
    case invalidationStartLongest = "invalidation_start_longest_ns"
    /// Jain's index over the invalidators' throughput, above 0 and at most 1; with two or more of them.
    case invalidationFairness = "invalidation_fairness_jain"
    case registrationP50 = "registration_p50_ns"
    case registrationP99 = "registration_p99_ns"
    case registrationMaximum = "registration_max_ns"
    /// Subscribers registered, and unregistered again, by a churner.
    case registrationsPerSecond = "registrations_per_second"
    case unregistrationP50 = "unregistration_p50_ns"
    case unregistrationP99 = "unregistration_p99_ns"
    case unregistrationMaximum = "unregistration_max_ns"
    /// Starts on non-blockable ranges that a guard refused.
    case wouldBlockCount = "would_block_count"
    /// Translations seen visible that must not have been; 0 for every protected guard.
    case staleInstalls = "stale_installs"
    /// Jain's index over the faulters' throughput, above 0 and at most 1.
    case fairness = "fairness_jain"
    /// The longest that one fault waited or retried.
    case longestWait = "longest_wait_ns"
    /// Time that the hypervisor kept from this machine, in per cent of all cores.
    case steal = "steal_percent"
    /// Processor time that others took from before the warm-up to after the window; exact to about 0.1.
    case otherLoad = "other_load_cores"
    /// Time that the cell's threads were ready to run and did not, in per cent of their windows.
    case runQueueDelay = "run_queue_delay_percent"
    /// The windows of all the cell's threads added up: what turns the following counts into rates.
    case threadWindows = "thread_windows_ns"
    /// How often one of the cell's threads waited.
    case voluntarySwitches = "voluntary_switches"
    /// How often one lost its core to another thread.
    case involuntarySwitches = "involuntary_switches"
    case cpuMigrations = "cpu_migrations"
    /// Minor and major ones, of the cell's threads.
    case pageFaults = "page_faults"
    /// Page faults that the kernel counted for the faulters, divided by their faults: 1 if each was one. On real memory.
    case pageFaultsPerFault = "page_faults_per_fault"
    /// The longest round trip between two of the cell's cores just before the repetition.
    case coreRoundTrip = "core_round_trip_ns"
    /// The same just after its window.
    case coreRoundTripAfter = "core_round_trip_after_ns"
    /// The shortest one just before the repetition; with three threads or more.
    case coreRoundTripShortest = "core_round_trip_shortest_ns"
    /// The same just after its window.
    case coreRoundTripAfterShortest = "core_round_trip_after_shortest_ns"
    /// How fast the faulters' cores ran just before the repetition and just after its window, by additions that take one
    /// cycle each: the mean of both.
    case coreFrequency = "core_frequency_hz"
    /// How many additions a second that do not wait for each other the faulters' cores got through just before the
    /// repetition: about half as many while a neighbour uses the other hardware thread of the core.
    case coreAdditions = "core_additions_hz"
    /// The same just after its window.
    case coreAdditionsAfter = "core_additions_after_hz"
    /// 1 where the cell has more threads than cores that it may use: they wait for each other by design.
    case oversubscribed
    /// Counted by the faulters' processors in user mode; absent where they have no counters.
    case cyclesPerFault = "cycles_per_fault"
    case instructionsPerFault = "instructions_per_fault"
    case cacheMissesPerFault = "cache_misses_per_fault"
    /// 1 where the memory lies on the NUMA nodes that were chosen, 0 where the kernel refused; absent where it was left to
    /// choose.
    case memoryPlaced = "memory_placed"
    /// 1 where the machine was outside the limits of noise during the repetition.
    case noisy = "noisy"
    /// How many noisy measurements of this repetition were thrown away before this one.
    case noisyRetries = "noisy_retries"

    /// What the value counts.
    public var unit: Unit {
        switch self {
        case .faultP50, .faultP90, .faultP99, .faultP99_9, .faultP99_99, .faultMaximum, .faultMean,
            .invalidationP50, .invalidationP90, .invalidationP99, .invalidationP99_9, .invalidationP99_99,
            .invalidationMaximum, .invalidationMean, .registrationP50, .registrationP99, .registrationMaximum,
            .unregistrationP50, .unregistrationP99, .unregistrationMaximum, .longestWait, .faultLongest,
            .servingP50, .servingP99, .servingMaximum,
            .faultCatchUp, .invalidationCatchUp, .invalidationLongestWait, .invalidationStartLongest, .coreRoundTrip,
            .coreRoundTripAfter,
            .coreRoundTripShortest, .coreRoundTripAfterShortest, .threadWindows:
            .nanoseconds
        case .faultsPerSecond, .pagesPerSecond, .invalidationsPerSecond, .registrationsPerSecond: .perSecond
        case .faultSamples, .faultSamplingShift, .faultFallbacks, .faultBacklog, .invalidationSamples,
            .invalidationBacklog, .wouldBlockCount, .staleInstalls, .voluntarySwitches, .involuntarySwitches,
            .cpuMigrations, .pageFaults, .noisyRetries:
            .count
        case .faultRetriesPerFault, .faultTrend, .pageFaultsPerFault, .fairness, .invalidationFairness, .cyclesPerFault,
            .instructionsPerFault, .cacheMissesPerFault:
            .ratio
        case .steal, .runQueueDelay: .percent
        case .otherLoad: .cores
        case .coreFrequency, .coreAdditions, .coreAdditionsAfter: .hertz
        case .warmUpUnsteady, .oversubscribed, .memoryPlaced, .noisy: .flag
        }
    }

    /// Which direction is better; `nil` for values that describe the sample or the machine and not the guard.
    public var better: Better? {
        switch self {
        case .faultP50, .faultP90, .faultP99, .faultP99_9, .faultP99_99, .faultMaximum, .faultMean,
            .invalidationP50, .invalidationP90, .invalidationP99, .invalidationP99_9, .invalidationP99_99,
            .invalidationMaximum, .invalidationMean, .registrationP50, .registrationP99, .registrationMaximum,
            .unregistrationP50, .unregistrationP99, .unregistrationMaximum, .longestWait, .faultLongest,
            .servingP50, .servingP99, .servingMaximum,
            .faultCatchUp, .invalidationCatchUp, .invalidationLongestWait, .invalidationStartLongest,
            .faultRetriesPerFault, .faultFallbacks, .faultBacklog,
            .invalidationBacklog, .wouldBlockCount,
            .staleInstalls, .cyclesPerFault, .instructionsPerFault, .cacheMissesPerFault:
            .lower
        case .faultsPerSecond, .pagesPerSecond, .invalidationsPerSecond, .registrationsPerSecond, .fairness,
            .invalidationFairness:
            .higher
        case .faultSamples, .faultSamplingShift, .faultTrend, .pageFaultsPerFault, .warmUpUnsteady,
            .invalidationSamples, .steal, .otherLoad,
            .runQueueDelay, .threadWindows, .voluntarySwitches, .involuntarySwitches, .cpuMigrations, .pageFaults,
            .coreRoundTrip, .coreRoundTripAfter, .coreRoundTripShortest, .coreRoundTripAfterShortest, .coreFrequency,
            .coreAdditions, .coreAdditionsAfter, .oversubscribed, .memoryPlaced, .noisy,
            .noisyRetries:
            nil
        }
    }
}
