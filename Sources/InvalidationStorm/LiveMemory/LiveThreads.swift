/// The threads of one repetition on real memory: each measures what its core is like, waits for all others, and plays its
/// role. Faulters come first in the order of places, then invalidators, then handlers.
struct LiveThreads {
    let control: StormControl
    let clock: TickClock
    private let faulters: Int
    private let places: [Place]
    /// Before the warm-up and after the window; `nil` where threads share cores.
    private let probes: (before: CoreProbe, after: CoreProbe)?
    private let isOversubscribed: Bool

    /// `others`: threads behind the faulters. Traps where this machine has not got what the placement needs.
    init(_ settings: LiveSettings, others: Int) {
        clock = .calibrated
        let threads = settings.faulters + others
        control = StormControl(
            threads: threads, windowLengthTicks: clock.ticks(nanoseconds: settings.windowNanoseconds))
        faulters = settings.faulters
        do throws(PlacementError) {
            places =
                try PlacementPlan(
                    settings.placement, on: ThisMachine.topology, faulters: faulters, others: others
                ).places
        } catch {
            fatalError(error.description)
        }
        let bound = Set(places.flatMap(\.threads)).count
        isOversubscribed =
            threads > (places.contains(.anywhere) ? ThisMachine.topology.allowedThreadCount : bound)
        probes = isOversubscribed ? nil : (CoreProbe(threads: threads), CoreProbe(threads: threads))
    }

    /// Starts the thread with this number, from 0. `role` leaves the window by ``StormControl/leaveWindow()``.
    func start<Result: Sendable>(
        _ number: Int, counting events: [CountedEvent] = [],
        _ role: @escaping @Sendable (_ atWindow: (_ isOpening: Bool) -> Void) -> Result
    ) -> RoleThread<(Result, ThreadUsage)> {
        RoleThread(on: places[number]) { [probes, control, clock] in
            probes?.before.take(threadNumber: number, clock: clock)
            control.gather()
            let result = ThreadUsageMeter.duringWindow(counting: events, role)
            probes?.after.take(threadNumber: number, clock: clock)
            return result
        }
    }

    /// What the machine was like. To be asked when all threads have been joined.
    func conditions(_ conducted: Storm.Conducted, threads usages: [ThreadUsage]) -> RepetitionConditions {
        RepetitionConditions(
            machine: conducted.machine, threads: usages, before: probes?.before.readings ?? CoreReadings(),
            after: probes?.after.readings ?? CoreReadings(), faulters: faulters, isOversubscribed: isOversubscribed)
    }
}
