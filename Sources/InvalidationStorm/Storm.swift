import Glibc
import NotifierDispatch

/// One repetition of one cell: fresh threads, a fresh space and a fresh guard, from warm-up to the last check.
public enum Storm {
    /// Runs the storm on a guard; `nil` where `cancellation` was raised before the window closed.
    ///
    /// Blocks the calling thread for the warm-up and the window. `makeGuard` gets the space that the guard protects.
    /// Traps where the guard's capabilities do not go with `settings.pairing`.
    @inlinable
    public static func run<Guard: TranslationGuard>(
        _ settings: StormSettings, cancellation: Cancellation, makeGuard: (AddressSpace) -> Guard
    ) -> StormMeasurement? {
        let space = AddressSpace(pages: settings.scenario.pages, pairing: settings.pairing)
        let cache = GuardedCache(space: space, guard: makeGuard(space))
        return run(settings, cancellation: cancellation, space: space, cache: cache, shadow: cache.shadow) {
            faulter, atWindow in faulter.run(on: cache, atWindow: atWindow)
        }
    }

    @usableFromInline
    typealias FaulterBody = @Sendable (Faulter, (_ isOpening: Bool) -> Void) -> FaulterTally

    /// The part that does not depend on the guard's type.
    @usableFromInline
    static func run<Cache: InvalidationSubscriber>(
        _ settings: StormSettings, cancellation: Cancellation, space: AddressSpace, cache: Cache, shadow: ShadowTable,
        faulterBody: @escaping FaulterBody
    ) -> StormMeasurement? {
        let subscriptions = subscribe(cache, to: space, settings)
        defer { RCU.withRegisteredThread { subscriptions.forEach(space.subscriptions.unregister) } }
        let clock = TickClock.calibrated
        let control = StormControl(threads: settings.faulters + settings.invalidators)
        let roundTrip = control.threads > 1 ? CoreRoundTrip() : nil
        let faulters = startFaulters(settings, control: control, clock: clock, roundTrip: roundTrip, faulterBody)
        let invalidators = startInvalidators(
            settings, control: control, clock: clock, roundTrip: roundTrip, space: space, shadow: shadow)
        let conditions = conduct(control, settings, clock: clock, cancellation: cancellation)
        let faulterResults = faulters.map { $0.join() }
        let invalidatorResults = invalidators.map { $0.join() }
        guard let conditions else { return nil }
        shadow.checkAgainstPageTable()
        return StormMeasurement(
            faulters: faulterResults.map(\.tally), invalidators: invalidatorResults, staleInstalls: shadow.staleCount,
            stealPercent: conditions.stealPercent, coreRoundTripNanoseconds: faulterResults[0].roundTripNanoseconds,
            samplingShift: control.samplingShift, clock: clock)
    }

    private static func subscribe<Cache: InvalidationSubscriber>(
        _ cache: Cache, to space: AddressSpace, _ settings: StormSettings
    ) -> [Subscription] {
        RCU.withRegisteredThread {
            do throws(RegistrationError) {
                if settings.scenario.isBlockable { return [try space.subscriptions.register(cache)] }
                // The reluctant one behind, so that a targeted undo has something to undo.
                var subscriptions: [Subscription] = []
                for subscriber in OrderedSubscriber.pair(cache, ReluctantSubscriber()) {
                    subscriptions.append(try space.subscriptions.register(subscriber))
                }
                return subscriptions
            } catch {
                fatalError("the guard cannot run under \(settings.pairing.rawValue): \(error)")
            }
        }
    }

    private static func startFaulters(
        _ settings: StormSettings, control: StormControl, clock: TickClock, roundTrip: CoreRoundTrip?,
        _ body: @escaping FaulterBody
    ) -> [RoleThread<(tally: FaulterTally, roundTripNanoseconds: Double?)>] {
        (0..<settings.faulters).map { number in
            RoleThread(number: number) {
                let faulter = Faulter(
                    control: control, clock: clock,
                    walkDelay: Delay(nanoseconds: settings.walkNanoseconds, clock: clock),
                    firstChoice: PageChoice(scenario: settings.scenario, seed: settings.seed, stream: number))
                var nanoseconds: Double?
                if number == 0 { nanoseconds = roundTrip?.serve(clock: clock) }
                if number == 1 { roundTrip?.answer() }
                control.gather()
                var (tally, usage) = ThreadUsageMeter.duringWindow { body(faulter, $0) }
                tally.usage = usage
                return (tally, nanoseconds)
            }
        }
    }

    private static func startInvalidators(
        _ settings: StormSettings, control: StormControl, clock: TickClock, roundTrip: CoreRoundTrip?,
        space: AddressSpace, shadow: ShadowTable
    ) -> [RoleThread<InvalidatorTally>] {
        (0..<settings.invalidators).map { invalidator in
            let number = settings.faulters + invalidator
            return RoleThread(number: number) {
                if number == 1 { roundTrip?.answer() }
                control.gather()
                var role = Invalidator(
                    control: control, clock: clock, space: space, shadow: shadow,
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
