import Glibc
import NotifierDispatch

/// One repetition of one cell: fresh threads, a fresh space and a fresh guard, from warm-up to the last check.
public enum Storm {
    /// Runs the storm on a guard; `nil` where `cancellation` was raised before the window closed.
    ///
    /// Blocks the calling thread for the warm-up and the window. `makeGuard` gets the space that the guard protects; it
    /// is called once for each life of the space, on any thread. Traps where the guard's capabilities do not go with
    /// `settings.pairing`, or this machine has not got what `settings.placement` needs.
    @inlinable
    public static func run<Guard: TranslationGuard>(
        _ settings: StormSettings, cancellation: Cancellation,
        makeGuard: @escaping @Sendable (AddressSpace) -> Guard
    ) -> StormMeasurement? {
        let device = Device(
            pageTable: PageTable(pages: settings.scenario.pages, memory: MemoryBinder(for: settings)),
            walkDelay: Delay(nanoseconds: settings.walkNanoseconds, clock: .calibrated), makeGuard: makeGuard)
        return run(settings, cancellation: cancellation, device: device) { faulter, atWindow in
            faulter.run(on: device, atWindow: atWindow)
        }
    }

    @usableFromInline
    typealias FaulterBody = @Sendable (Faulter, (_ isOpening: Bool) -> Void) -> FaulterTally

    /// The part that does not depend on the guard's type.
    @usableFromInline
    static func run(
        _ settings: StormSettings, cancellation: Cancellation, device: any AttachableDevice,
        faulterBody: @escaping FaulterBody
    ) -> StormMeasurement? {
        let lives = RCU.withRegisteredThread {
            SpaceLives(scenario: settings.scenario, pairing: settings.pairing, device: device)
        }
        defer { RCU.withRegisteredThread { lives.end() } }
        let clock = TickClock.calibrated
        let places = settings.placementPlan.places
        let control = StormControl(threads: settings.threads)
        let roundTrip = control.threads > 1 ? CoreRoundTrip() : nil
        let faulters = startFaulters(
            settings, places, control: control, clock: clock, roundTrip: roundTrip, faulterBody)
        let invalidators = startInvalidators(
            settings, places, control: control, clock: clock, roundTrip: roundTrip, lives: lives, shadow: device.shadow)
        let churner = startChurner(settings, places, control: control, clock: clock, roundTrip: roundTrip, lives: lives)
        let conditions = conduct(control, settings, clock: clock, cancellation: cancellation)
        let faulterResults = faulters.map { $0.join() }
        let invalidatorResults = invalidators.map { $0.join() }
        let churnerResult = churner?.join()
        guard let conditions else { return nil }
        device.shadow.checkAgainstPageTable()
        return StormMeasurement(
            faulters: faulterResults.map(\.tally), invalidators: invalidatorResults, churner: churnerResult,
            staleInstalls: device.shadow.staleCount, stealPercent: conditions.stealPercent,
            coreRoundTripNanoseconds: faulterResults[0].roundTripNanoseconds, samplingShift: control.samplingShift,
            memory: device.shadow.pageTable.memory.outcome, clock: clock)
    }

    private static func startFaulters(
        _ settings: StormSettings, _ places: [Place], control: StormControl, clock: TickClock,
        roundTrip: CoreRoundTrip?,
        _ body: @escaping FaulterBody
    ) -> [RoleThread<(tally: FaulterTally, roundTripNanoseconds: Double?)>] {
        (0..<settings.faulters).map { number in
            RoleThread(on: places[number]) {
                let faulter = Faulter(
                    control: control, clock: clock,
                    firstChoice: PageChoice(scenario: settings.scenario, seed: settings.seed, stream: number))
                let nanoseconds = roundTrip?.play(threadNumber: number, clock: clock)
                control.gather()
                var (tally, usage) = ThreadUsageMeter.duringWindow { body(faulter, $0) }
                tally.usage = usage
                return (tally, nanoseconds)
            }
        }
    }

    private static func startInvalidators(
        _ settings: StormSettings, _ places: [Place], control: StormControl, clock: TickClock,
        roundTrip: CoreRoundTrip?,
        lives: SpaceLives, shadow: ShadowTable
    ) -> [RoleThread<InvalidatorTally>] {
        (0..<settings.invalidators).map { invalidator in
            let number = settings.faulters + invalidator
            return RoleThread(on: places[number]) {
                let space = lives.space
                _ = roundTrip?.play(threadNumber: number, clock: clock)
                control.gather()
                var role = Invalidator(
                    control: control, clock: clock, space: space, lives: lives, shadow: shadow,
                    isBlockable: settings.scenario.isBlockable,
                    changeDelay: Delay(nanoseconds: settings.changeNanoseconds, clock: clock),
                    arrivals: ArrivalSequence(
                        scenario: settings.scenario, speed: settings.speed, seed: settings.seed, stream: number,
                        invalidator: invalidator, of: settings.invalidators))
                var (tally, usage) = ThreadUsageMeter.duringWindow { role.run(atWindow: $0) }
                tally.usage = usage
                return tally
            }
        }
    }

    /// The churner's thread, behind all others in the order of places; `nil` where the scenario has none.
    private static func startChurner(
        _ settings: StormSettings, _ places: [Place], control: StormControl, clock: TickClock,
        roundTrip: CoreRoundTrip?,
        lives: SpaceLives
    ) -> RoleThread<ChurnerTally>? {
        guard settings.scenario.hasChurner else { return nil }
        let number = settings.faulters + settings.invalidators
        return RoleThread(on: places[number]) {
            let role = Churner(control: control, clock: clock, space: lives.space)
            _ = roundTrip?.play(threadNumber: number, clock: clock)
            control.gather()
            var (tally, usage) = ThreadUsageMeter.duringWindow { role.run(atWindow: $0) }
            tally.usage = usage
            return tally
        }
    }

    /// Leads the threads through the phases; `nil` where the repetition was cancelled.
    private static func conduct(
        _ control: StormControl, _ settings: StormSettings, clock: TickClock, cancellation: Cancellation
    ) -> WindowConditions? {
        while !control.allAreReady { usleep(100) }
        control.enter(.warmUp)
        sleep(nanoseconds: settings.warmUpNanoseconds, unless: cancellation)
        control.chooseSampling(
            faulters: settings.faulters, warmUpNanoseconds: settings.warmUpNanoseconds, clock: clock)
        let before = MachineTime.read()
        control.openWindow(clock: clock)
        sleep(nanoseconds: settings.windowNanoseconds, unless: cancellation)
        control.enter(.coolDown)
        // A thread that others starve would never leave while they go on: it gets ten windows more.
        let patience = Deadline.after(nanoseconds: 1_000_000_000 + 10 * settings.windowNanoseconds)
        while !control.allHaveLeft, !patience.hasPassed, !cancellation.isRaised { usleep(100) }
        let after = MachineTime.read()
        control.enter(.stopped)
        guard !cancellation.isRaised else { return nil }
        guard let before, let after else { return WindowConditions(stealPercent: nil) }
        return WindowConditions(stealPercent: after.stealPercent(since: before))
    }

    /// What the machine was like while the window was open.
    private struct WindowConditions {
        /// `nil` where the machine does not show it.
        let stealPercent: Double?
    }

    /// Sleeps in short pieces, so that a cancellation is soon seen.
    private static func sleep(nanoseconds: UInt64, unless cancellation: Cancellation) {
        let end = MonotonicClock.now() &+ nanoseconds
        while !cancellation.isRaised {
            let now = MonotonicClock.now()
            guard now < end else { return }
            var pause = timespec(tv_sec: 0, tv_nsec: Int(min(end - now, 20_000_000)))
            nanosleep(&pause, nil)
        }
    }
}
