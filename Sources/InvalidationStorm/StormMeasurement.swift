/// The percentiles of one role's latencies, in nanoseconds.
///
/// A percentile `q` is present only where the sample holds at least `10 / (1 - q)` values; it is never guessed.
public struct LatencySummary: Sendable {
    /// The median.
    public var p50: Double?
    /// The 90th percentile.
    public var p90: Double?
    /// The 99th percentile.
    public var p99: Double?
    /// The 99.9th percentile.
    public var p99_9: Double?
    /// The 99.99th percentile.
    public var p99_99: Double?
    /// The longest of the timed operations.
    public var maximum: Double?
    /// Time divided by count over the whole window, not over the samples.
    public var mean: Double?
    /// How many operations were timed.
    public var samples: UInt64
}

/// What one repetition of one cell measured.
public struct StormMeasurement: Sendable {
    /// How long faults took.
    public var faultLatency: LatencySummary
    /// How long invalidations took; from the intended start where the scenario gives one.
    public var invalidationLatency: LatencySummary
    /// Faults finished inside the window, over all faulters.
    public var faults: UInt64
    /// The faulters' throughputs added up, each over its own window.
    public var faultsPerSecond: Double
    /// The invalidators' throughputs added up, each over its own window; starts that would have blocked do not count.
    public var invalidationsPerSecond: Double
    /// How long registrations took; `nil` in scenarios without a churner.
    public var registrationLatency: LatencySummary?
    /// How long unregistrations took; `nil` in scenarios without a churner.
    public var unregistrationLatency: LatencySummary?
    /// Registrations, each with its unregistration; `nil` in scenarios without a churner.
    public var registrationsPerSecond: Double?
    /// Walks thrown away per fault.
    public var retriesPerFault: Double
    /// Faults that took the guard's slow path that cannot be starved.
    public var fallbacks: UInt64
    /// Non-blockable starts that a subscriber refused.
    public var wouldBlocks: UInt64
    /// Translations found visible that must not have been; 0 for every protected guard.
    public var staleInstalls: UInt64
    /// Jain's fairness index over the faulters' throughputs, above 0 and at most 1.
    public var fairness: Double
    /// The longest time one fault spent waiting or retrying, in nanoseconds; taken on the slow path, never sampled. `nil`
    /// where the guard does not measure that.
    public var longestWaitNanoseconds: UInt64?
    /// Processor time of the faulters per fault, in nanoseconds.
    public var cpuNanosecondsPerFault: Double
    /// Time the hypervisor kept from this machine during the window, in per cent of all cores; `nil` where not shown.
    public var stealPercent: Double?
    /// How often a thread lost its core to another one.
    public var involuntarySwitches: UInt64
    /// How often a thread moved to another core; `nil` where the kernel does not let this user count.
    public var cpuMigrations: UInt64?
    /// The round trip between the first two threads' cores just before the repetition, in nanoseconds; `nil` with one
    /// thread.
    public var coreRoundTripNanoseconds: Double?
    /// One fault in `2^k` was timed.
    public var samplingShift: Int
    /// What became of the nodes that the memory was planned for; `nil` where the kernel was left to choose.
    public var memory: MemoryOutcome?

    init(
        faulters: [FaulterTally], invalidators: [InvalidatorTally], churner: ChurnerTally?, staleInstalls: UInt64,
        stealPercent: Double?, coreRoundTripNanoseconds: Double?, samplingShift: Int, memory: MemoryOutcome?,
        clock: TickClock
    ) {
        func seconds(_ ticks: UInt64) -> Double { max(1, Double(ticks) * clock.nanosecondsPerTick) * 1e-9 }
        let throughputs = faulters.map { Double($0.faults) / seconds($0.windowTicks) }
        let windowTicks = faulters.reduce(0) { $0 + $1.windowTicks }
        faults = faulters.reduce(0) { $0 + $1.faults }
        let perFault = 1 / Double(max(1, faults))
        var faultLatencies = LatencyRecorder()
        faulters.forEach { faultLatencies.merge($0.latencies) }
        faultLatency = faultLatencies.summary(mean: faults == 0 ? nil : seconds(windowTicks) * 1e9 * perFault)
        faultsPerSecond = throughputs.reduce(0, +)
        fairness = Self.jainIndex(throughputs)

        let invalidations = invalidators.reduce(0) { $0 + $1.invalidations }
        let latencyTicks = invalidators.reduce(0) { $0 + $1.latencyTicks }
        var invalidationLatencies = LatencyRecorder()
        invalidators.forEach { invalidationLatencies.merge($0.latencies) }
        invalidationLatency = invalidationLatencies.summary(
            mean: invalidations == 0 ? nil : seconds(latencyTicks) * 1e9 / Double(invalidations))
        invalidationsPerSecond = invalidators.reduce(0) { $0 + Double($1.invalidations) / seconds($1.windowTicks) }
        wouldBlocks = invalidators.reduce(0) { $0 + $1.wouldBlocks }

        registrationLatency = churner?.registrationLatencies.summary(mean: nil)
        unregistrationLatency = churner?.unregistrationLatencies.summary(mean: nil)
        registrationsPerSecond = churner.map { Double($0.registrations) / seconds($0.windowTicks) }

        retriesPerFault = Double(faulters.reduce(0) { $0 + $1.retries }) * perFault
        fallbacks = faulters.reduce(0) { $0 + $1.fallbacks }
        longestWaitNanoseconds = faulters.compactMap(\.longestWaitNanoseconds).max()
        cpuNanosecondsPerFault = Double(faulters.reduce(0) { $0 + $1.usage.cpuNanoseconds }) * perFault
        let usages = faulters.map(\.usage) + invalidators.map(\.usage) + (churner.map { [$0.usage] } ?? [])
        involuntarySwitches = usages.reduce(0) { $0 + $1.involuntarySwitches }
        cpuMigrations = usages.reduce(UInt64?(0)) { sum, usage in
            sum.flatMap { sum in usage.migrations.map { sum + $0 } }
        }
        self.staleInstalls = staleInstalls
        self.stealPercent = stealPercent
        self.coreRoundTripNanoseconds = coreRoundTripNanoseconds
        self.samplingShift = samplingShift
        self.memory = memory
    }

    /// (sum x)^2 / (n sum x^2): 1 where all are alike, 1/n where one has everything. 1 also where nobody has anything.
    static func jainIndex(_ values: [Double]) -> Double {
        let sum = values.reduce(0, +)
        let squares = values.reduce(0) { $0 + $1 * $1 }
        return squares == 0 ? 1 : sum * sum / (Double(values.count) * squares)
    }
}
