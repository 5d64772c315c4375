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
    /// How long faults took; from the intended start in an open loop.
    public var faultLatency: LatencySummary
    /// How long invalidations took; from the intended start where the scenario gives one and has no crowd.
    public var invalidationLatency: LatencySummary
    /// The latencies themselves, of the timed operations of all threads.
    public var latencies: RoleLatencies
    /// Faults finished inside the window, over all faulters.
    public var faults: UInt64
    /// The faulters' throughputs added up, each over its own window, which in an open loop ends with its last fault.
    public var faultsPerSecond: Double
    /// Pages that faults filled in, by time as the faults; `nil` where each fault fills in one.
    public var pagesPerSecond: Double?
    /// The invalidators' throughputs added up, each over its own window, which ends with its last invalidation where
    /// they have intended starts; starts that would have blocked do not count.
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
    /// The same over the invalidators' throughputs; `nil` with fewer than two.
    public var invalidationFairness: Double?
    /// The longest invalidation from its actual start, in nanoseconds; `nil` where none was done.
    public var longestInvalidationNanoseconds: UInt64?
    /// Faults of an open loop that were due in the window and never started, since the thread had fallen behind by the
    /// window's length; `nil` in a closed loop.
    public var faultBacklog: UInt64?
    /// The same of invalidations; `nil` where they have no intended starts.
    public var invalidationBacklog: UInt64?
    /// How long behind the window's end the last fault ended that was due in it, or how long a thread went on before it
    /// left a backlog, in nanoseconds: the longest over the faulters of an open loop, 0 where none was late; `nil` in a
    /// closed loop.
    public var faultCatchUpNanoseconds: UInt64?
    /// The same of invalidations; `nil` where they have no intended starts.
    public var invalidationCatchUpNanoseconds: UInt64?
    /// The faults' rate in the second half of the window divided by that in the first; `nil` where a half has none, and
    /// in an open loop, whose rate is given.
    public var faultTrend: Double?
    /// The longest time one fault spent waiting or retrying, in nanoseconds; taken on the slow path, never sampled. `nil`
    /// where the guard does not measure that.
    public var longestWaitNanoseconds: UInt64?
    /// No fault took longer than this, in nanoseconds: the longest of the timed ones, and of the times between two of them,
    /// in which the others ran. From the intended start in an open loop.
    public var longestFaultNanoseconds: UInt64
    /// The longest start of an invalidation, without its change and its end, in nanoseconds; `nil` where the scenario is not
    /// about waits.
    public var longestStartNanoseconds: UInt64?
    /// Processor time of the faulters per fault, in nanoseconds.
    public var cpuNanosecondsPerFault: Double
    /// Page faults that the kernel counted for the faulters, divided by their faults: 1 if each was one. `nil` where faults
    /// are not the kernel's.
    public var pageFaultsPerFault: Double?
    /// What the machine was like meanwhile.
    public var conditions: RepetitionConditions
    /// What the processor counted.
    public var eventsPerFault: EventsPerFault
    /// One fault in `2^k` was timed, or more where the faults' rate fell in the window.
    public var samplingShift: Int
    /// Whether the faults' rate was steady when the window opened; `nil` in an open loop, whose rate is given.
    public var isWarmUpSteady: Bool?
    /// How long handlers took over faults of memory that is served in user space, from the read of the fault until its page
    /// was installed, and with that also the thread's next turn if it shares the handler's core; `nil` where there are none.
    public var servingLatency: LatencySummary?
    /// What became of the nodes that the memory was planned for; `nil` where the kernel was left to choose.
    public var memory: MemoryOutcome?

    init(
        faulters: [FaulterTally], invalidators: [InvalidatorTally], churner: ChurnerTally?, staleInstalls: UInt64,
        conditions: RepetitionConditions, samplingShift: Int, isWarmUpSteady: Bool?, windowLengthTicks: UInt64,
        memory: MemoryOutcome?, clock: TickClock
    ) {
        func seconds(_ ticks: UInt64) -> Double { max(1, Double(ticks) * clock.nanosecondsPerTick) * 1e-9 }
        let throughputs = faulters.map { Double($0.faults) / seconds($0.windowTicks) }
        let windowTicks = faulters.reduce(0) { $0 + $1.windowTicks }
        faults = faulters.reduce(0) { $0 + $1.faults }
        let perFault = 1 / Double(max(1, faults))
        var faultLatencies = LatencyRecorder()
        faulters.forEach { faultLatencies.merge($0.latencies) }
        let openLoops = faulters.compactMap(\.openLoop)
        let faultTicks = openLoops.isEmpty ? windowTicks : openLoops.reduce(0) { $0 + $1.latencyTicks }
        faultLatency = faultLatencies.summary(mean: faults == 0 ? nil : seconds(faultTicks) * 1e9 * perFault)
        faultBacklog = openLoops.isEmpty ? nil : openLoops.reduce(0) { $0 + $1.backlog }
        faultCatchUpNanoseconds = openLoops.map { clock.nanoseconds($0.catchUpTicks) }.max()
        faultTrend = openLoops.isEmpty ? Self.trend(faulters, halfWindowTicks: windowLengthTicks / 2) : nil
        faultsPerSecond = throughputs.reduce(0, +)
        let pageRates = faulters.compactMap { tally in tally.pages.map { Double($0) / seconds(tally.windowTicks) } }
        pagesPerSecond = pageRates.isEmpty ? nil : pageRates.reduce(0, +)
        fairness = Self.jainIndex(throughputs)

        let invalidations = invalidators.reduce(0) { $0 + $1.invalidations }
        let latencyTicks = invalidators.reduce(0) { $0 + $1.latencyTicks }
        var invalidationLatencies = LatencyRecorder()
        invalidators.forEach { invalidationLatencies.merge($0.latencies) }
        invalidationLatency = invalidationLatencies.summary(
            mean: invalidations == 0 ? nil : seconds(latencyTicks) * 1e9 / Double(invalidations))
        let invalidationThroughputs = invalidators.map { Double($0.invalidations) / seconds($0.windowTicks) }
        invalidationsPerSecond = invalidationThroughputs.reduce(0, +)
        invalidationFairness = invalidators.count < 2 ? nil : Self.jainIndex(invalidationThroughputs)
        longestInvalidationNanoseconds =
            invalidations == 0 ? nil : invalidators.map { clock.nanoseconds($0.longestTicks) }.max()
        let invalidationBacklogs = invalidators.compactMap(\.backlog)
        invalidationBacklog = invalidationBacklogs.isEmpty ? nil : invalidationBacklogs.reduce(0, +)
        invalidationCatchUpNanoseconds = invalidators.compactMap(\.catchUpTicks).max().map { clock.nanoseconds($0) }
        wouldBlocks = invalidators.reduce(0) { $0 + $1.wouldBlocks }

        registrationLatency = churner?.registrationLatencies.summary(mean: nil)
        unregistrationLatency = churner?.unregistrationLatencies.summary(mean: nil)
        latencies = RoleLatencies(
            faults: faultLatencies, invalidations: invalidationLatencies,
            registrations: churner?.registrationLatencies, unregistrations: churner?.unregistrationLatencies)
        registrationsPerSecond = churner.map { Double($0.registrations) / seconds($0.windowTicks) }

        retriesPerFault = Double(faulters.reduce(0) { $0 + $1.retries }) * perFault
        fallbacks = faulters.reduce(0) { $0 + $1.fallbacks }
        longestWaitNanoseconds = faulters.compactMap(\.longestWaitNanoseconds).max()
        longestFaultNanoseconds = faulters.map { clock.nanoseconds($0.longestTicks) }.max() ?? 0
        longestStartNanoseconds = invalidators.compactMap(\.longestStartTicks).max().map { clock.nanoseconds($0) }
        cpuNanosecondsPerFault = Double(faulters.reduce(0) { $0 + $1.usage.cpuNanoseconds }) * perFault
        eventsPerFault = EventsPerFault(of: faulters.map(\.usage), faults: faults)
        self.staleInstalls = staleInstalls
        self.conditions = conditions
        self.samplingShift = samplingShift
        self.isWarmUpSteady = isWarmUpSteady
        self.memory = memory
    }

    /// The rate behind the middle of the window divided by that before it, over all closed-loop faulters.
    static func trend(_ faulters: [FaulterTally], halfWindowTicks: UInt64) -> Double? {
        let before = faulters.reduce(0) { $0 + Double($1.faultsBeforeMiddle) } / Double(max(1, halfWindowTicks))
        let behind = faulters.reduce(0) { rate, tally in
            let ticks = Double(tally.windowTicks) - Double(halfWindowTicks)
            return rate + Double(tally.faults - tally.faultsBeforeMiddle) / max(1, ticks)
        }
        return before > 0 && behind > 0 ? behind / before : nil
    }

    /// (sum x)^2 / (n sum x^2): 1 where all are alike, 1/n where one has everything. 1 also where nobody has anything.
    static func jainIndex(_ values: [Double]) -> Double {
        let sum = values.reduce(0, +)
        let squares = values.reduce(0) { $0 + $1 * $1 }
        // The quotient of equal shares may be rounded up.
        return squares == 0 ? 1 : min(1, sum * sum / (Double(values.count) * squares))
    }
}
