/// The threads of one repetition: each measures what its core is like, waits for all others, and plays its role.
struct StormThreads {
    private let settings: StormSettings
    private let places: [Place]
    private let control: StormControl
    private let clock: TickClock
    /// What the threads' cores are like, before the warm-up and after the window; `nil` where threads share cores.
    let probes: (before: CoreProbe, after: CoreProbe)?
    /// Whether there are more threads than hardware threads for them, so that they wait for each other by design.
    let isOversubscribed: Bool

    /// For one repetition; traps where this machine has not got what `settings.placement` needs.
    init(_ settings: StormSettings, control: StormControl, clock: TickClock) {
        self.settings = settings
        self.control = control
        self.clock = clock
        places = settings.placementPlan.places
        let bound = Set(places.flatMap(\.threads)).count
        isOversubscribed =
            places.count > (places.contains(.anywhere) ? ThisMachine.topology.allowedThreadCount : bound)
        probes =
            isOversubscribed
            ? nil : (CoreProbe(threads: control.threads), CoreProbe(threads: control.threads))
    }

    /// Starts the faulters, the first threads in the order of places.
    func startFaulters(
        _ body: @escaping Storm.FaulterBody
    ) -> [RoleThread<FaulterTally>] {
        (0..<settings.faulters).map { [self] number in
            RoleThread("faulter \(number)", on: places[number]) {
                probes?.before.take(threadNumber: number, clock: clock)
                control.gather()
                // The recorded pages stay in place for as long as they are chosen from.
                let tally = settings.scenario.recordedFaults.withUnsafeBufferPointer { recorded in
                    let choice = PageChoice(
                        scenario: settings.scenario, pagesPerFault: settings.pagesPerFault, recorded: recorded,
                        seed: settings.seed, stream: number)
                    return play(faulter: number, choosing: choice, body)
                }
                probes?.after.take(threadNumber: number, clock: clock)
                return tally
            }
        }
    }

    /// Plays the role of one faulter.
    private func play(
        faulter number: Int, choosing choice: PageChoice, _ body: @escaping Storm.FaulterBody
    ) -> FaulterTally {
        let walked = WalkedPages(room: settings.pagesPerFault)
        defer { walked?.deallocate() }
        let faulter = Faulter(
            number: number, control: control, clock: clock, firstChoice: choice,
            arrivals: settings.faultArrivals.map {
                ArrivalTimes(
                    $0, thread: number, of: settings.faulters, from: control.startTicks, clock: clock,
                    seed: settings.seed)
            }, walked: walked)
        // Those before the window at its opening, and those in it at its close.
        var pages: UInt64 = 0
        var (tally, usage) = ThreadUsageMeter.duringWindow(counting: CountedEvent.ofFaults) { atWindow in
            body(faulter) { isOpening in
                if let walked { pages = walked.installed &- pages }
                atWindow(isOpening)
            }
        }
        tally.pages = walked == nil ? nil : pages
        tally.usage = usage
        return tally
    }

    /// Starts the invalidators, behind the faulters.
    func startInvalidators(
        of lives: SpaceLives, device: any AttachableDevice
    ) -> [RoleThread<InvalidatorTally>] {
        (0..<settings.invalidators).map { [self] invalidator in
            let number = settings.faulters + invalidator
            return RoleThread("invalidator \(invalidator)", on: places[number]) {
                let space = lives.space
                probes?.before.take(threadNumber: number, clock: clock)
                control.gather()
                var role = Invalidator(
                    control: control, clock: clock,
                    arrivals: ArrivalSequence(
                        scenario: settings.scenario, speed: settings.speed, seed: settings.seed, stream: number,
                        invalidator: invalidator, of: settings.invalidators, from: control.startTicks, clock: clock),
                    work: SpaceChanges(
                        control: control, clock: clock, space: space, lives: lives, shadow: device.shadow,
                        mappingLock: device.work.mappingLock, isBlockable: settings.scenario.isBlockable,
                        changeDelay: Delay(nanoseconds: settings.changeNanoseconds, clock: clock),
                        longChanges: settings.scenario.longChanges.map {
                            LongChanges(
                                $0, invalidator: invalidator, of: settings.invalidators, from: control.startTicks,
                                clock: clock)
                        },
                        longestStartTicks: settings.scenario.isAboutWaits ? 0 : nil))
                var (tally, usage) = ThreadUsageMeter.duringWindow { role.run(atWindow: $0) }
                tally.usage = usage
                probes?.after.take(threadNumber: number, clock: clock)
                return tally
            }
        }
    }

    /// Starts the churner, behind all others; `nil` where the scenario has none.
    func startChurner(of lives: SpaceLives) -> RoleThread<ChurnerTally>? {
        guard settings.scenario.hasChurner else { return nil }
        let number = settings.faulters + settings.invalidators
        return RoleThread("churner", on: places[number]) { [self] in
            let role = Churner(control: control, clock: clock, space: lives.space)
            probes?.before.take(threadNumber: number, clock: clock)
            control.gather()
            var (tally, usage) = ThreadUsageMeter.duringWindow { role.run(atWindow: $0) }
            tally.usage = usage
            probes?.after.take(threadNumber: number, clock: clock)
            return tally
        }
    }
}
