/// Everything that defines one repetition on real memory, apart from what is done to the memory and the guard's type.
public struct LiveSettings: Sendable {
    /// Threads that fault, 1 or above.
    public var faulters: Int
    /// Threads that invalidate; 0 where nothing is invalidated.
    public var invalidators: Int
    /// The timed window, in nanoseconds.
    public var windowNanoseconds: UInt64
    /// How long all threads run before the window opens, in nanoseconds: at most, as it opens when the faults' rate is
    /// steady.
    public var warmUpNanoseconds: UInt64
    /// The seed of every random choice in the run.
    public var seed: UInt64
    /// Where threads run; memory lies where the kernel puts it.
    public var placement: Placement
    /// What the guard is made with, as far as it takes it.
    public var guardParameters: GuardParameters
    /// Threads that serve faults in user space, 1 or above; the kernel's own work has none.
    public var handlers: Int

    /// One faulter against `invalidators`, one handler, and the storm's times.
    public init(faulters: Int = 1, invalidators: Int = 1) {
        self.faulters = faulters
        self.invalidators = invalidators
        windowNanoseconds = 250_000_000
        warmUpNanoseconds = 20_000_000
        seed = 1
        placement = Placement()
        guardParameters = GuardParameters()
        handlers = 1
    }

    /// Those of a storm's cell.
    @usableFromInline
    init(_ settings: StormSettings) {
        self.init(faulters: settings.faulters, invalidators: settings.invalidators)
        windowNanoseconds = settings.windowNanoseconds
        warmUpNanoseconds = settings.warmUpNanoseconds
        seed = settings.seed
        placement = settings.placement
        guardParameters = settings.guardParameters
        handlers = settings.handlers
    }
}
