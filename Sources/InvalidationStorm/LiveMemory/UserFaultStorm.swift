import CUserFault
import Glibc
import NotifierDispatch

/// userfaultfd as a secondary MMU: threads touch memory whose missing pages others serve, each fault through a guard, while
/// pages are dropped.
public enum UserFaultStorm {
    /// Why this process cannot have it: one line, with what to do; `nil` if it can.
    public static func refusal(of work: UserFaultWork) -> String? {
        do throws(UserFaultError) {
            _ = try UserFaultRegion(pages: 1, features: work.features)
            return nil
        } catch {
            return error.description
        }
    }

    /// One repetition of a work on a guard; `nil` where `cancellation` was raised before the window closed.
    ///
    /// Blocks the calling thread for the warm-up and the window. Traps where ``refusal(of:)`` says why, and where this
    /// machine has not got what `settings.placement` needs. `settings.handlers` threads serve faults; they take the places
    /// behind those of the faulters and the invalidators. In the measurement a fault is a touch that found its page
    /// missing, from the touch to its return; what handlers see is ``StormMeasurement/servingLatency``.
    ///
    /// Nothing hangs: a thread that touches waits for handlers alone, and these go on until all such threads are joined. No
    /// handler waits for a thread that touches. A section that a caller opens waits for handlers' installs alone, and
    /// where events are the source a caller waits for the read of its event alone, which any handler does.
    public static func run<Guard: TranslationGuard>(
        _ work: UserFaultWork, _ settings: LiveSettings, cancellation: Cancellation, makeGuard: (StormSpace) -> Guard
    ) -> StormMeasurement? {
        precondition(settings.handlers > 0, "without a handler, threads that touch would wait for ever")
        let space = StormSpace(pages: work.pages)
        let cache = UserFaultCache(guard: makeGuard(space))
        let subscription: CacheSubscription
        do {
            subscription = try RCU.withRegisteredThread {
                try space.notifiers.register(cache, over: space.pageTable.wholeRange)
            }
        } catch {
            fatalError("a fresh guard cannot be registered: \(error)")
        }
        defer { RCU.withRegisteredThread { space.notifiers.unregister(subscription) } }
        return run(work, settings, cancellation: cancellation, space: space) { reader, control in
            var handler = UserFaultHandler(reader: reader, cache: cache, work: work, control: control)
            return handler.run()
        }
    }

    typealias HandlerBody = @Sendable (UserFaultReader, StormControl) -> UserFaultTally

    /// The part that does not depend on the guard's type.
    private static func run(
        _ work: UserFaultWork, _ settings: LiveSettings, cancellation: Cancellation, space: StormSpace,
        handlerBody: @escaping HandlerBody
    ) -> StormMeasurement? {
        let region: UserFaultRegion
        do throws(UserFaultError) {
            region = try UserFaultRegion(pages: work.pages, features: work.features)
        } catch {
            fatalError(error.description)
        }
        let threads = LiveThreads(settings, others: settings.invalidators, handlers: settings.handlers)
        let (control, clock) = (threads.control, threads.clock)
        let reader = UserFaultReader(region: region, space: space, source: work.source)
        let dropper = UserFaultDropper(region: region, space: space, source: work.source)
        let handlers = (0..<settings.handlers).map { threads.startHandler($0) { handlerBody(reader, control) } }
        let touchers = (0..<settings.faulters).map { number in
            threads.start(number, counting: CountedEvent.ofFaults) { atWindow in
                var toucher = UserFaultToucher(
                    number: number, control: control, clock: clock, region: region, dropper: dropper,
                    pages: .init(work, toucher: number, of: settings.faulters, seed: settings.seed))
                return toucher.run(atWindow: atWindow)
            }
        }
        let invalidators = (0..<settings.invalidators).map { invalidator in
            let number = settings.faulters + invalidator
            return threads.start(number) { atWindow in
                var role = Invalidator(
                    control: control, clock: clock,
                    arrivals: ArrivalSequence(
                        scenario: work.scenario, speed: 0, seed: settings.seed, stream: number,
                        invalidator: invalidator, of: settings.invalidators, from: control.startTicks, clock: clock),
                    work: dropper)
                return role.run(atWindow: atWindow)
            }
        }
        let conducted = Storm.conduct(
            control, windowNanoseconds: settings.windowNanoseconds, warmUpNanoseconds: settings.warmUpNanoseconds,
            faulters: settings.faulters, isOpenLoop: false, clock: clock, cancellation: cancellation)
        // In this order: who touches needs handlers, and so do drops that cause events.
        var touched: [UserFaultToucher.Result] = []
        for toucher in touchers {
            var (result, usage) = toucher.join()
            result.tally.usage = usage
            touched.append(result)
        }
        var dropped: [InvalidatorTally] = []
        for invalidator in invalidators {
            var (tally, usage) = invalidator.join()
            tally.usage = usage
            dropped.append(tally)
        }
        region.stopHandlers()
        let served = handlers.map { $0.join() }
        guard let conducted else { return nil }
        region.checkAgainst(space.pageTable)
        return measurement(
            touched, dropped, served, staleCount: region.staleCount,
            conditions: threads.conditions(conducted, threads: touched.map(\.tally.usage) + dropped.map(\.usage)),
            isWarmUpSteady: conducted.isWarmUpSteady, control: control, clock: clock)
    }

    private static func measurement(
        _ touched: [UserFaultToucher.Result], _ dropped: [InvalidatorTally], _ served: [UserFaultTally],
        staleCount: UInt64, conditions: RepetitionConditions, isWarmUpSteady: Bool?, control: StormControl,
        clock: TickClock
    ) -> StormMeasurement {
        var faulters = touched.map(\.tally)
        // Pages, retries and waits are the handlers', who serve all threads alike: they are counted with the first.
        faulters[0].add(
            faults: 0, beforeMiddle: 0, retries: served.reduce(0) { $0 + $1.retries },
            fallbacks: served.reduce(0) { $0 + $1.fallbacks },
            longestWait: served.map(\.longestWaitNanoseconds).max() ?? 0)
        faulters[0].pages = served.reduce(0) { $0 + $1.pages }
        var measurement = StormMeasurement(
            faulters: faulters, invalidators: dropped, churner: nil, staleInstalls: staleCount, conditions: conditions,
            samplingShift: 0, isWarmUpSteady: isWarmUpSteady, windowLengthTicks: control.windowLengthTicks,
            memory: nil, clock: clock)
        // Between two faults a thread touches what is there, and drops its part.
        measurement.faultLatency.mean =
            measurement.faults == 0
            ? nil
            : Double(touched.reduce(0) { $0 + $1.faultTicks }) * clock.nanosecondsPerTick / Double(measurement.faults)
        var serving = LatencyRecorder()
        served.forEach { serving.merge($0.latencies) }
        measurement.servingLatency = serving.summary(mean: nil)
        return measurement
    }
}

extension UserFaultWork {
    /// What userfaultfd is asked to tell.
    var features: UInt64 {
        switch source {
        case .caller: 0
        case .events: UInt64(UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMAP)
        }
    }
}
