/// The threads of one repetition on memory that is served in user space.
struct UserFaultThreads {
    private let work: UserFaultWork
    private let settings: LiveSettings
    private let region: UserFaultRegion
    private let space: StormSpace
    private let control: StormControl
    private let clock = TickClock.calibrated
    private let places: [Place]
    private let dropper: UserFaultDropper
    /// What the cores of those who touch and those who drop are like; `nil` where such threads share cores. A handler works
    /// while one who touches sleeps, and may well share its core.
    let probes: (before: CoreProbe, after: CoreProbe)?
    /// Whether there are more threads, handlers included, than hardware threads for them.
    let isOversubscribed: Bool

    /// Traps where this machine has not got what `settings.placement` needs.
    init(
        _ work: UserFaultWork, _ settings: LiveSettings, region: UserFaultRegion, space: StormSpace,
        control: StormControl
    ) {
        self.work = work
        self.settings = settings
        self.region = region
        self.space = space
        self.control = control
        dropper = UserFaultDropper(region: region, space: space, source: work.source)
        do throws(PlacementError) {
            places = try PlacementPlan(
                settings.placement, on: ThisMachine.topology, faulters: settings.faulters,
                others: settings.invalidators + settings.handlers
            ).places
        } catch {
            fatalError(error.description)
        }
        let bound = Set(places.flatMap(\.threads)).count
        let room = places.contains(.anywhere) ? ThisMachine.topology.allowedThreadCount : bound
        isOversubscribed = places.count > room
        probes =
            control.threads > room
            ? nil : (CoreProbe(threads: control.threads), CoreProbe(threads: control.threads))
    }

    /// Starts those who touch, the first threads in the order of places.
    func startTouchers() -> [RoleThread<UserFaultToucher.Result>] {
        (0..<settings.faulters).map { [self] number in
            RoleThread(on: places[number]) {
                probes?.before.take(threadNumber: number, clock: clock)
                control.gather()
                var toucher = UserFaultToucher(
                    number: number, control: control, clock: clock, region: region, dropper: dropper,
                    pages: .init(work, toucher: number, of: settings.faulters, seed: settings.seed))
                var (result, usage) = ThreadUsageMeter.duringWindow(counting: CountedEvent.ofFaults) {
                    toucher.run(atWindow: $0)
                }
                result.tally.usage = usage
                probes?.after.take(threadNumber: number, clock: clock)
                return result
            }
        }
    }

    /// Starts those who drop, behind them.
    func startInvalidators() -> [RoleThread<InvalidatorTally>] {
        (0..<settings.invalidators).map { [self] invalidator in
            let number = settings.faulters + invalidator
            return RoleThread(on: places[number]) {
                probes?.before.take(threadNumber: number, clock: clock)
                control.gather()
                var role = UserFaultInvalidator(
                    control: control, clock: clock, dropper: dropper,
                    arrivals: ArrivalSequence(
                        scenario: work.scenario, speed: 0, seed: settings.seed, stream: number,
                        invalidator: invalidator,
                        of: settings.invalidators, from: control.startTicks, clock: clock))
                var (tally, usage) = ThreadUsageMeter.duringWindow { role.run(atWindow: $0) }
                tally.usage = usage
                probes?.after.take(threadNumber: number, clock: clock)
                return tally
            }
        }
    }

    /// Starts the handlers, behind all others. They serve from now on, until the region is stopped.
    func startHandlers(_ body: @escaping UserFaultStorm.HandlerBody) -> [RoleThread<UserFaultTally>] {
        let reader = UserFaultReader(region: region, space: space, source: work.source)
        return (0..<settings.handlers).map { [self] handler in
            RoleThread(on: places[settings.faulters + settings.invalidators + handler]) { body(reader, control) }
        }
    }
}
