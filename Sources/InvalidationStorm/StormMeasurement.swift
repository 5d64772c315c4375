/// The percentiles of one role's latencies, in nanoseconds.
///
/// A percentile `q` is present only where the sample holds at least `10 / (1 - q)` values; it is never guessed.
public struct LatencySummary: Sendable {
    public var p50: Double?
    public var p90: Double?
    public var p99: Double?
    public var p99_9: Double?
    public var p99_99: Double?
    public var maximum: Double?
    /// Time divided by count over the whole window, not over the samples.
    public var mean: Double?
    /// How many operations were timed.
    public var samples: UInt64
}

/// What one repetition of one cell measured.
public struct StormMeasurement: Sendable {
    public var faultLatency: LatencySummary
    public var invalidationLatency: LatencySummary
    /// Faults finished inside the window, over all faulters.
    public var faults: UInt64
    public var faultsPerSecond: Double
    public var invalidationsPerSecond: Double
    public var retriesPerFault: Double
    public var fallbacks: UInt64
    public var wouldBlocks: UInt64
    /// Translations found visible that must not have been; 0 for every protected guard.
    public var staleInstalls: UInt64
    /// Jain's fairness index over the faulters' throughput, above 0 and at most 1.
    public var fairness: Double
    /// The longest time one fault spent waiting or retrying, in nanoseconds; taken on the slow path, never sampled.
    public var longestWaitNanoseconds: UInt64
    /// Processor time of the faulters per fault, in nanoseconds.
    public var cpuNanosecondsPerFault: Double
    /// Time the hypervisor kept from this machine during the window, in per cent of all cores; `nil` where not shown.
    public var stealPercent: Double?
    public var involuntarySwitches: UInt64
    public var cpuMigrations: UInt64
    /// The round trip between two of the cell's cores just before the repetition, in nanoseconds; `nil` with one thread.
    public var coreRoundTripNanoseconds: Double?
    /// One fault in `2^k` was timed.
    public var samplingShift: Int
}
