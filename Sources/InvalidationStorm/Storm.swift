import Glibc
import NotifierDispatch

/// One repetition of one cell: fresh threads, a fresh space and a fresh guard, from warm-up to the last check.
public enum Storm {
    /// Runs the storm on a guard; `nil` where `cancellation` was raised before the window closed.
    ///
    /// Blocks the calling thread for the warm-up and the window. `makeGuard` gets the space that the guard protects; it
    /// is called once for each life of the space, on any thread. Traps where the guard's capabilities do not go with
    /// `settings.pairing`, where the scenario has a mapping lock and the guard is not ``WalksUnlocked``, or where this
    /// machine has not got what `settings.placement` needs.
    @inlinable
    public static func run<Guard: TranslationGuard>(
        _ settings: StormSettings, cancellation: Cancellation,
        makeGuard: @escaping @Sendable (StormSpace) -> Guard
    ) -> StormMeasurement? {
        precondition(
            !settings.scenario.hasMappingLock || Guard.self is any WalksUnlocked.Type,
            "a guard that holds a lock over walks would wait for ever for the mapping lock")
        let device = Device(
            pageTable: PageTable(pages: settings.scenario.pages, memory: MemoryBinder(for: settings)),
            work: DriverWork(settings), makeGuard: makeGuard)
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
        let control = StormControl(
            threads: settings.threads, windowLengthTicks: clock.ticks(nanoseconds: settings.windowNanoseconds))
        let threads = StormThreads(settings, control: control, clock: clock)
        let faulters = threads.startFaulters(faulterBody)
        let invalidators = threads.startInvalidators(of: lives, device: device)
        let churner = threads.startChurner(of: lives)
        let conducted = conduct(
            control, windowNanoseconds: settings.windowNanoseconds, warmUpNanoseconds: settings.warmUpNanoseconds,
            faulters: settings.faulters, isOpenLoop: settings.faultArrivals != nil, clock: clock,
            cancellation: cancellation)
        let faulterResults = faulters.map { $0.join() }
        let invalidatorResults = invalidators.map { $0.join() }
        let churnerResult = churner?.join()
        guard let conducted else { return nil }
        device.shadow.checkAgainstPageTable()
        let usages =
            faulterResults.map(\.usage) + invalidatorResults.map(\.usage)
            + [churnerResult?.usage].compactMap(\.self)
        return StormMeasurement(
            faulters: faulterResults, invalidators: invalidatorResults, churner: churnerResult,
            staleInstalls: device.shadow.staleCount,
            conditions: RepetitionConditions(
                machine: conducted.machine, threads: usages, before: threads.probes?.before.readings ?? CoreReadings(),
                after: threads.probes?.after.readings ?? CoreReadings(), faulters: settings.faulters,
                isOversubscribed: threads.isOversubscribed),
            samplingShift: control.samplingShift, isWarmUpSteady: conducted.isWarmUpSteady,
            windowLengthTicks: control.windowLengthTicks,
            memory: device.shadow.pageTable.memory.outcome, clock: clock)
    }

    /// What the threads' phases were like from outside.
    struct Conducted {
        let machine: (stealPercent: Double?, otherLoadCores: Double?)
        /// `nil` in an open loop.
        let isWarmUpSteady: Bool?
    }

    /// Leads the threads through the phases; `nil` where the repetition was cancelled. The warm-up is at most as long as
    /// `warmUpNanoseconds`.
    static func conduct(
        _ control: StormControl, windowNanoseconds: UInt64, warmUpNanoseconds: UInt64, faulters: Int, isOpenLoop: Bool,
        clock: TickClock, cancellation: Cancellation
    ) -> Conducted? {
        while !control.allAreReady { usleep(100) }
        // The load from here on: the window alone is short for the kernel's ticks.
        let atWarmUp = MachineTime.read()
        control.start(clock: clock)
        var isWarmUpSteady: Bool?
        if isOpenLoop {
            sleep(nanoseconds: warmUpNanoseconds, unless: cancellation)
        } else {
            isWarmUpSteady = warmUp(
                control, longestNanoseconds: warmUpNanoseconds, faulters: faulters, clock: clock,
                cancellation: cancellation)
        }
        let before = MachineTime.read()
        control.openWindow(clock: clock)
        sleep(nanoseconds: windowNanoseconds, unless: cancellation)
        control.enter(.coolDown)
        // A thread that others starve would never leave while they go on: it gets ten windows more. One that works off
        // what was due leaves within one.
        let patience = Deadline.after(nanoseconds: 1_000_000_000 + 10 * windowNanoseconds)
        while !control.allHaveLeft, !patience.hasPassed, !cancellation.isRaised { usleep(100) }
        let after = MachineTime.read()
        control.enter(.stopped)
        guard !cancellation.isRaised else { return nil }
        return Conducted(
            machine: (
                stealPercent: before.flatMap { after?.stealPercent(since: $0) },
                otherLoadCores: atWarmUp.flatMap { after?.otherLoadCores(since: $0) }
            ), isWarmUpSteady: isWarmUpSteady)
    }

    /// Waits until the faults' rate is steady, but no longer than it may take, and chooses the sampling. Returns whether it
    /// was. Not for an open loop, whose rate is given and whose warm-up is never cut short.
    private static func warmUp(
        _ control: StormControl, longestNanoseconds: UInt64, faulters: Int, clock: TickClock, cancellation: Cancellation
    ) -> Bool {
        let start = MonotonicClock.now()
        var warmUp = WarmUp(at: start)
        var passed: UInt64 = 0
        while !warmUp.isSteady, passed < longestNanoseconds, !cancellation.isRaised {
            sleep(nanoseconds: min(WarmUp.pieceNanoseconds, longestNanoseconds - passed), unless: cancellation)
            let now = MonotonicClock.now()
            warmUp.endPiece(at: now, faults: control.faultsInWarmUp)
            passed = now - start
        }
        control.chooseSampling(
            faultsPerNanosecond: warmUp.highestFaultsPerNanosecond, faulters: faulters, clock: clock)
        return warmUp.isSteady
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
