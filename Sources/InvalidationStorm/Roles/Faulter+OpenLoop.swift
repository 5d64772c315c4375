import Glibc
import NotifierDispatch

/// What an open loop counts besides what every faulter does.
struct OpenLoopTally: Sendable {
    /// Sum of all latencies, each from the intended start, for the mean.
    var latencyTicks: UInt64 = 0
    /// Faults that were due in the window and never started.
    var backlog: UInt64 = 0
    /// How long behind the window's end the last fault that was due in it ended, 0 if before; if it gave up, until then.
    var catchUpTicks: UInt64 = 0
}

extension FaulterTally {
    /// Counts a fault of an open loop, which took so many ticks from its intended start.
    @usableFromInline
    mutating func add(_ outcome: FaultOutcome, latencyTicks: UInt64, clock: TickClock) {
        // One that gave up is no fault done.
        add(
            faults: outcome.status == .busy ? 0 : 1, beforeMiddle: 0, retries: UInt64(outcome.retries),
            fallbacks: outcome.usedFallback ? 1 : 0, longestWait: outcome.waitedNanoseconds)
        recordLatency(clock.nanoseconds(latencyTicks))
        longestTicks = max(longestTicks, latencyTicks)
        openLoop?.latencyTicks += latencyTicks
    }

    /// Ends the window, of which the last fault ended at `lastEnd`; `backlog` faults were never started, and the others
    /// were left at `end`.
    @usableFromInline
    mutating func endOpenLoop(of control: StormControl, lastEnd: UInt64, backlog: UInt64, end: UInt64) {
        windowTicks = max(control.windowEndTicks, lastEnd) &- control.windowStartTicks
        openLoop?.backlog = backlog
        openLoop?.catchUpTicks = max(control.windowEndTicks, end) &- control.windowEndTicks
    }
}

/// Faults that wait for nobody: the next one's intended start, those behind it, and where they fall.
@usableFromInline
struct FaultArrivals: Sendable {
    @usableFromInline
    var dueTicks: UInt64
    @usableFromInline
    var times: ArrivalTimes
    @usableFromInline
    var pages: PageChoice
    /// When the last fault of the window ended.
    @usableFromInline
    var lastEnd: UInt64 = 0

    @usableFromInline
    init(times: ArrivalTimes, pages: PageChoice) {
        self.times = times
        self.pages = pages
        dueTicks = self.times.next()
    }

    /// Drops what was due before the window and is not done.
    @usableFromInline
    mutating func skip(to ticks: UInt64) {
        guard dueTicks < ticks else { return }
        times.skip(to: ticks)
        dueTicks = times.next()
    }
}

extension Faulter {
    /// Works through all phases, each fault at its time or as soon behind it as the ones before allow. A fault that
    /// finds its cache dead goes to the next one, and the time until there is one belongs to its latency.
    @inlinable
    func runOpenLoop<Guard: TranslationGuard>(
        on device: Device<Guard>, at times: ArrivalTimes, atWindow: (_ isOpening: Bool) -> Void
    ) -> FaulterTally {
        var arrivals = FaultArrivals(times: times, pages: firstChoice)
        var tally = FaulterTally(measuresWaits: Guard.measuresWaits, isOpenLoop: true)
        var cache = device.cache
        while loadArrivals(&arrivals, on: cache, before: .window) == .lifeEnded {
            cache = presentCache(of: device)
        }
        arrivals.skip(to: control.windowStartTicks)
        atWindow(true)
        while measureArrivals(&arrivals, on: cache, &tally) == .lifeEnded {
            cache = presentCache(of: device)
        }
        atWindow(false)
        control.leaveWindow()
        while loadArrivals(&arrivals, on: cache, before: .stopped) == .lifeEnded {
            cache = presentCache(of: device)
        }
        return tally
    }

    /// Faults unrecorded until `phase` begins or the cache's life ends; the fault that found that is still due then.
    @inlinable @inline(never)
    func loadArrivals<Guard: TranslationGuard>(
        _ arrivals: inout FaultArrivals, on cache: GuardedCache<Guard>, before phase: StormControl.Phase
    ) -> LoopEnd {
        let tables = cache.tables(for: walked)
        while control.wait(until: arrivals.dueTicks, before: phase, clock: clock) != nil {
            if cache.fault(at: arrivals.pages.next(), in: tables).status == .dead { return .lifeEnded }
            arrivals.dueTicks = arrivals.times.next()
        }
        return .phaseEnded
    }

    /// Carries out, and times, every fault that is due inside the window, until they are done or given up, or the
    /// cache's life ends; the fault that found that is still due then.
    @inlinable @inline(never)
    func measureArrivals<Guard: TranslationGuard>(
        _ arrivals: inout FaultArrivals, on cache: GuardedCache<Guard>, _ tally: inout FaulterTally
    ) -> LoopEnd {
        let tables = cache.tables(for: walked)
        while true {
            switch control.waitForStart(at: arrivals.dueTicks, clock: clock) {
            case .reached:
                let outcome = cache.fault(at: arrivals.pages.next(), in: tables)
                if outcome.status == .dead { return .lifeEnded }
                arrivals.lastEnd = clock.fencedNow()
                tally.add(outcome, latencyTicks: arrivals.lastEnd &- arrivals.dueTicks, clock: clock)
                arrivals.dueTicks = arrivals.times.next()
            case .beyondWindow:
                tally.endOpenLoop(of: control, lastEnd: arrivals.lastEnd, backlog: 0, end: arrivals.lastEnd)
                return .phaseEnded
            case .givenUp:
                let backlog = arrivals.times.count(from: arrivals.dueTicks, to: control.windowEndTicks)
                tally.endOpenLoop(of: control, lastEnd: arrivals.lastEnd, backlog: backlog, end: clock.now())
                return .phaseEnded
            }
        }
    }

    /// The device's cache, which is still the dead one until the next is published.
    @usableFromInline
    func presentCache<Guard: TranslationGuard>(of device: Device<Guard>) -> GuardedCache<Guard> {
        sched_yield()
        return device.cache
    }
}
