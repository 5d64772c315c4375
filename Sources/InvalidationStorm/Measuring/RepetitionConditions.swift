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
    /// The frequency of the faulters' cores before the warm-up and after the window, in hertz: the mean of all.
    public var coreFrequencyHertz: Double?
    /// How many additions a second that do not wait for each other the faulters' cores got through before the warm-up:
    /// their mean. About half as many while a neighbour uses the other hardware thread of the core.
    public var coreAdditionsPerSecond: Double?
    /// The same after the window.
    public var coreAdditionsAfterPerSecond: Double?
    /// Whether there were more role threads than cores that they may run on: then they wait for each other by design.
    public var isOversubscribed: Bool

    init(
        machine: (stealPercent: Double?, otherLoadCores: Double?), threads: [ThreadUsage],
        before: CoreReadings, after: CoreReadings, faulters: Int, isOversubscribed: Bool
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
        let (trips, tripsAfter) = (before.roundTripsNanoseconds, after.roundTripsNanoseconds)
        coreRoundTripNanoseconds = trips.max()
        coreRoundTripAfterNanoseconds = tripsAfter.max()
        coreRoundTripShortestNanoseconds = trips.count > 1 ? trips.min() : nil
        coreRoundTripAfterShortestNanoseconds = tripsAfter.count > 1 ? tripsAfter.min() : nil
        coreFrequencyHertz = Self.mean(
            before.frequenciesHertz.prefix(faulters) + after.frequenciesHertz.prefix(faulters))
        coreAdditionsPerSecond = Self.mean(before.additionsPerSecond.prefix(faulters))
        coreAdditionsAfterPerSecond = Self.mean(after.additionsPerSecond.prefix(faulters))
        self.isOversubscribed = isOversubscribed
    }

    private static func mean(_ values: ArraySlice<Double>) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
