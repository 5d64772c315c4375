/// What the machine was like during one repetition, and what its scheduler did to the role threads. What the kernel does
/// not show is `nil`, never guessed.
public struct RepetitionConditions: Sendable {
    /// Time the hypervisor kept from this machine during the window, in per cent of all cores.
    public var stealPercent: Double?
    /// The processor time that other processes took, in cores, from before the warm-up to after the window; `nil` where
    /// that is too short for the kernel's ticks.
    public var otherLoadCores: Double?
    /// Time that the role threads were ready to run and did not, in per cent of their windows.
    public var runQueueDelayPercent: Double?
    /// The role threads' windows added up, in nanoseconds; here each begins when its thread notices that it is open.
    public var threadWindowsNanoseconds: UInt64
    /// How often a role thread waited.
    public var voluntarySwitches: UInt64
    /// How often a role thread lost its core to another thread.
    public var involuntarySwitches: UInt64
    /// How often a role thread moved to another core.
    public var cpuMigrations: UInt64?
    /// Minor and major page faults of the role threads.
    public var pageFaults: UInt64
    /// The longest of the round trips between two of the threads' cores before the warm-up, in nanoseconds; `nil` with one
    /// thread, and where threads share cores.
    public var coreRoundTripNanoseconds: Double?
    /// The same after the window.
    public var coreRoundTripAfterNanoseconds: Double?
    /// The shortest one before the warm-up; `nil` where there is no more than one pair.
    public var coreRoundTripShortestNanoseconds: Double?
    /// The same after the window.
    public var coreRoundTripAfterShortestNanoseconds: Double?
    /// The frequency of the faulters' cores before the warm-up, in hertz: their mean.
    public var coreFrequencyHertz: Double?
    /// Whether there were more role threads than cores that they may run on: then they wait for each other by design.
    public var isOversubscribed: Bool

    init(
        machine: (stealPercent: Double?, otherLoadCores: Double?), threads: [ThreadUsage],
        coreFrequencies: [Double], roundTrips: [Double], roundTripsAfter: [Double], isOversubscribed: Bool
    ) {
        stealPercent = machine.stealPercent
        otherLoadCores = machine.otherLoadCores
        func sum(_ value: (ThreadUsage) -> UInt64?) -> UInt64? {
            threads.reduce(UInt64?(0)) { sum, usage in sum.flatMap { sum in value(usage).map { sum + $0 } } }
        }
        let windows = threads.reduce(0) { $0 + $1.elapsedNanoseconds }
        threadWindowsNanoseconds = windows
        runQueueDelayPercent =
            windows == 0 ? nil : sum(\.runQueueNanoseconds).map { 100 * Double($0) / Double(windows) }
        voluntarySwitches = threads.reduce(0) { $0 + $1.voluntarySwitches }
        involuntarySwitches = threads.reduce(0) { $0 + $1.involuntarySwitches }
        cpuMigrations = sum(\.migrations)
        pageFaults = threads.reduce(0) { $0 + $1.pageFaults }
        coreRoundTripNanoseconds = roundTrips.max()
        coreRoundTripAfterNanoseconds = roundTripsAfter.max()
        coreRoundTripShortestNanoseconds = roundTrips.count > 1 ? roundTrips.min() : nil
        coreRoundTripAfterShortestNanoseconds = roundTripsAfter.count > 1 ? roundTripsAfter.min() : nil
        coreFrequencyHertz =
            coreFrequencies.isEmpty ? nil : coreFrequencies.reduce(0, +) / Double(coreFrequencies.count)
        self.isOversubscribed = isOversubscribed
    }
}
