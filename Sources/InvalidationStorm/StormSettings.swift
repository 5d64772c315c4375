import NotifierDispatch

/// Everything that defines one repetition of one cell, apart from the guard's type.
public struct StormSettings: Sendable {
    /// What is invalidated, and when.
    public var scenario: Scenario
    /// Threads that fault, 1 or above.
    public var faulters: Int
    /// Threads that invalidate; 0 where the scenario invalidates nothing.
    public var invalidators: Int
    /// The timed window, in nanoseconds.
    public var windowNanoseconds: UInt64
    /// How long all threads run before the window opens, in nanoseconds: at most, as it opens when the faults' rate is
    /// steady; in an open loop always.
    public var warmUpNanoseconds: UInt64
    /// How long a fault's walk takes on top of reading the page table, in nanoseconds; 0 is the pure protocol cost.
    public var walkNanoseconds: UInt64
    /// How long the change of the pages takes on top of changing them, in nanoseconds.
    public var changeNanoseconds: UInt64
    /// How long an install takes on top of writing the translation, which is visible after that, in nanoseconds.
    public var installNanoseconds: UInt64
    /// How many pages a fault fills in, a power of two: that which it is for, and those around it.
    public var pagesPerFault: Int
    /// When faults come; `nil` for each as soon as the one before has ended (closed loop). Where they have intended
    /// starts, every fault is timed, from its intended start.
    public var faultArrivals: ArrivalProcess?
    /// A trace's speed: 1 is as recorded, 2 twice as fast, 0 as fast as possible.
    public var speed: Double
    /// The seed of every random choice in the run.
    public var seed: UInt64
    /// How the notifier list keeps starts and ends paired when a start fails.
    public var pairing: PairingPolicy
    /// What the guard is made with, as far as it takes it.
    public var guardParameters: GuardParameters
    /// Where threads run and memory lies; to be possible on this machine, as a ``PlacementPlan`` finds out.
    public var placement: Placement
    /// Threads that serve faults in user space, 1 or above; only where these are served so.
    public var handlers: Int

    /// The settings of a scenario's plain cell: one faulter, the scenario's own walk, change and install times.
    public init(scenario: Scenario, faulters: Int = 1, invalidators: Int = 1) {
        self.scenario = scenario
        self.faulters = faulters
        self.invalidators = invalidators
        windowNanoseconds = 250_000_000
        warmUpNanoseconds = 20_000_000
        walkNanoseconds = scenario.walkNanoseconds
        changeNanoseconds = scenario.changeNanoseconds
        installNanoseconds = scenario.installNanoseconds
        pagesPerFault = scenario.pagesPerFault
        speed = 0
        seed = 1
        pairing = .targetedUndo
        guardParameters = GuardParameters()
        placement = Placement()
        handlers = 1
    }

    /// All threads of the repetition.
    var threads: Int { faulters + invalidators + (scenario.hasChurner ? 1 : 0) }
}
