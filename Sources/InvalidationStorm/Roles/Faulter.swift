import NotifierDispatch

/// What one faulting thread did inside its window.
public struct FaulterTally: Sendable {
    var faults: UInt64 = 0
    var retries: UInt64 = 0
    var fallbacks: UInt64 = 0
    var longestWaitNanoseconds: UInt64 = 0
    var windowTicks: UInt64 = 0
    var latencies = LatencyRecorder()
    var usage = ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: 0)

    @usableFromInline
    init() {}

    @usableFromInline
    mutating func close(faults: UInt64, retries: UInt64, fallbacks: UInt64, longestWait: UInt64, ticks: UInt64) {
        self.faults = faults
        self.retries = retries
        self.fallbacks = fallbacks
        longestWaitNanoseconds = longestWait
        windowTicks = ticks
    }

    @usableFromInline
    mutating func recordLatency(_ nanoseconds: UInt64) { latencies.record(nanoseconds) }
}

/// A thread that faults as fast as it can (closed loop).
public struct Faulter: Sendable {
    @usableFromInline
    let control: StormControl
    @usableFromInline
    let clock: TickClock
    @usableFromInline
    let walkDelay: Delay
    @usableFromInline
    let firstChoice: PageChoice

    /// Faults between two looks at the phase while nothing is recorded.
    @usableFromInline
    static var batch: Int { 64 }

    /// Works through all phases. Specialised for the guard: nothing on the way is called through a table.
    @inlinable @inline(never)
    func run<Guard: TranslationGuard>(
        on cache: GuardedCache<Guard>, atWindow: (_ isOpening: Bool) -> Void
    ) -> FaulterTally {
        var choice = firstChoice
        while control.phase == .warmUp {
            for _ in 0..<Self.batch { _ = cache.fault(at: choice.next(), walkDelay: walkDelay) }
            control.countWarmUp(faults: UInt64(Self.batch))
        }
        var tally = FaulterTally()
        var faults = 0
        var retries: UInt64 = 0
        var fallbacks: UInt64 = 0
        var longestWait: UInt64 = 0
        /// Counts what the slow paths report; on the fast path nothing was waited for.
        func count(_ outcome: FaultOutcome) {
            guard outcome.waitedNanoseconds != 0 else { return }
            // One that gave up is no fault done.
            if outcome.status == .busy { faults -= 1 }
            retries += UInt64(outcome.retries)
            fallbacks += outcome.usedFallback ? 1 : 0
            longestWait = max(longestWait, outcome.waitedNanoseconds)
        }
        let untimed = (1 << control.samplingShift) - 1
        atWindow(true)
        // At least once, also where the thread got no core before the window closed.
        repeat {
            for _ in 0..<untimed {
                count(cache.fault(at: choice.next(), walkDelay: walkDelay))
            }
            let page = choice.next()
            let before = clock.now()
            let outcome = cache.fault(at: page, walkDelay: walkDelay)
            tally.recordLatency(clock.nanoseconds(clock.now() &- before))
            count(outcome)
            faults += untimed + 1
        } while control.phase == .window
        let ticks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        while control.phase != .stopped {
            for _ in 0..<Self.batch { _ = cache.fault(at: choice.next(), walkDelay: walkDelay) }
        }
        tally.close(
            faults: UInt64(faults), retries: retries, fallbacks: fallbacks, longestWait: longestWait, ticks: ticks)
        return tally
    }
}
