/// The threads of one repetition on real memory: each measures what its core is like, waits for all others, and plays its
/// role. Faulters come first in the order of places, then invalidators, then handlers.
struct LiveThreads {
    let control: StormControl
    let clock: TickClock
    private let faulters: Int
    private let places: [Place]
    /// Before the warm-up and after the window; `nil` where threads share cores. A handler works while a faulter sleeps, and
    /// may well share its core.
    private let probes: (before: CoreProbe, after: CoreProbe)?
    private let isOversubscribed: Bool

    /// `others`: threads behind the faulters; `handlers`: threads behind all, which have no part in the phases. Traps where
    /// this machine has not got what the placement needs.
    init(_ settings: LiveSettings, others: Int, handlers: Int = 0) {
        clock = .calibrated
        let threads = settings.faulters + others
        control = StormControl(
            threads: threads, windowLengthTicks: clock.ticks(nanoseconds: settings.windowNanoseconds))
        faulters = settings.faulters
        do throws(PlacementError) {
            places =
                try PlacementPlan(
                    settings.placement, on: ThisMachine.topology, faulters: faulters, others: others + handlers
                ).places
        } catch {
            fatalError(error.description)
        }
        let room =
            places.contains(.anywhere)
            ? ThisMachine.topology.allowedThreadCount : Set(places.flatMap(\.threads)).count
        isOversubscribed = threads + handlers > room
        probes = threads > room ? nil : (CoreProbe(threads: threads), CoreProbe(threads: threads))
    }

    /// Starts the thread with this number, from 0. `role` leaves the window by ``StormControl/leaveWindow()``.
    func start<Result: Sendable>(
        _ number: Int, counting events: [CountedEvent] = [],
        _ role: @escaping @Sendable (_ atWindow: (_ isOpening: Bool) -> Void) -> Result
    ) -> RoleThread<(Result, ThreadUsage)> {
        let name = number < faulters ? "faulter \(number)" : "invalidator \(number - faulters)"
        return RoleThread(name, on: places[number]) { [probes, control, clock] in
            probes?.before.take(threadNumber: number, clock: clock)
            control.gather()
            let result = ThreadUsageMeter.duringWindow(counting: events, role)
            probes?.after.take(threadNumber: number, clock: clock)
            return result
        }
    }

    /// Starts the handler with this number, from 0. It works from now on, until it is told to end.
    func startHandler<Result: Sendable>(
        _ number: Int, _ body: @escaping @Sendable () -> Result
    ) -> RoleThread<Result> { RoleThread("handler \(number)", on: places[control.threads + number], body) }

    /// What the machine was like. To be asked when all threads have been joined.
    func conditions(_ conducted: Storm.Conducted, threads usages: [ThreadUsage]) -> RepetitionConditions {
        RepetitionConditions(
            machine: conducted.machine, threads: usages, before: probes?.before.readings ?? CoreReadings(),
            after: probes?.after.readings ?? CoreReadings(), faulters: faulters, isOversubscribed: isOversubscribed)
    }
}
