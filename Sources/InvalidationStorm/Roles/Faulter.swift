import Glibc
import NotifierDispatch

/// What one faulting thread did inside its window.
public struct FaulterTally: Sendable {
    var faults: UInt64 = 0
    /// Those of the first half of the window; counted in the closed loop only.
    var faultsBeforeMiddle: UInt64 = 0
    var retries: UInt64 = 0
    var fallbacks: UInt64 = 0
    /// Pages filled in; `nil` where each fault fills in one.
    var pages: UInt64?
    /// `nil` where the guard does not measure waits.
    var longestWaitNanoseconds: UInt64?
    /// No fault took longer: the longest of those that were timed, and of the times between two of them.
    @usableFromInline
    var longestTicks: UInt64 = 0
    @usableFromInline
    var windowTicks: UInt64 = 0
    var latencies = LatencyRecorder()
    /// What only the open loop knows; `nil` in the closed one.
    var openLoop: OpenLoopTally?
    var usage = ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: 0)

    @usableFromInline
    init(measuresWaits: Bool, isOpenLoop: Bool = false) {
        longestWaitNanoseconds = measuresWaits ? 0 : nil
        openLoop = isOpenLoop ? OpenLoopTally() : nil
    }

    @usableFromInline
    mutating func add(faults: Int, beforeMiddle: Int, retries: UInt64, fallbacks: UInt64, longestWait: UInt64) {
        self.faults += UInt64(faults)
        faultsBeforeMiddle += UInt64(beforeMiddle)
        self.retries += retries
        self.fallbacks += fallbacks
        longestWaitNanoseconds = longestWaitNanoseconds.map { max($0, longestWait) }
    }

    @usableFromInline
    mutating func recordLatency(_ nanoseconds: UInt64) { latencies.record(nanoseconds) }
}

extension FaultOutcome {
    /// Whether there is nothing to count besides the fault itself. A guard that does not measure waits may have retried
    /// all the same.
    @inlinable @inline(__always)
    var wentStraightThrough: Bool {
        waitedNanoseconds == 0 && retries == 0 && !usedFallback && status != .busy
    }
}

/// A thread that faults: as fast as it can (closed loop), or at the times of `arrivals` (open loop).
public struct Faulter: Sendable {
    /// Its number among the faulters, from 0.
    @usableFromInline
    let number: Int
    @usableFromInline
    let control: StormControl
    @usableFromInline
    let clock: TickClock
    @usableFromInline
    let firstChoice: PageChoice
    /// The intended starts of an open loop.
    @usableFromInline
    let arrivals: ArrivalTimes?
    /// What its walks over ranges find; `nil` if its faults are of one page.
    @usableFromInline
    var walked: WalkedPages?

    /// Faults between two looks at the phase while nothing is recorded.
    @usableFromInline
    static var batch: Int { 8 }

    /// Why a loop over faults ended.
    @usableFromInline
    enum LoopEnd {
        case phaseEnded
        /// A fault found its cache dead.
        case lifeEnded
    }

    /// Works through all phases. In each it runs a loop on one cache, until the phase ends or the cache's life does.
    @inlinable
    func run<Guard: TranslationGuard>(
        on device: Device<Guard>, atWindow: (_ isOpening: Bool) -> Void
    ) -> FaulterTally {
        if let arrivals { return runOpenLoop(on: device, at: arrivals, atWindow: atWindow) }
        var choice = firstChoice
        var tally = FaulterTally(measuresWaits: Guard.measuresWaits)
        var cache = device.cache
        while loadCache(cache, in: .warmUp, &choice) == .lifeEnded {
            cache = successor(of: cache, on: device, in: .warmUp)
        }
        // A fault that was waiting when the window opened has waited in it.
        tally.longestTicks = clock.now() &- control.windowStartTicks
        atWindow(true)
        while measureCache(cache, &choice, &tally) == .lifeEnded, control.phase == .window {
            cache = successor(of: cache, on: device, in: .window)
        }
        tally.windowTicks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        while loadCache(cache, in: .coolDown, &choice) == .lifeEnded {
            cache = successor(of: cache, on: device, in: .coolDown)
        }
        return tally
    }

    /// Faults unrecorded. Specialised for the guard, as ``measureCache(_:_:_:)`` is: nothing on the way is called
    /// through a table, and no reference is counted.
    @inlinable @inline(never)
    func loadCache<Guard: TranslationGuard>(
        _ cache: GuardedCache<Guard>, in phase: StormControl.Phase, _ choice: inout PageChoice
    ) -> LoopEnd {
        // A copy, which stays in registers.
        var pages = choice
        let tables = cache.tables(for: walked)
        defer { choice = pages }
        while control.phase == phase {
            for _ in 0..<Self.batch
            where cache.fault(at: pages.next(), in: tables).status == .dead { return .lifeEnded }
            if phase == .warmUp { control.countWarmUp(faults: UInt64(Self.batch), by: number) }
        }
        return .phaseEnded
    }

    /// Faults recorded, while the window is open, in rounds of which the last fault is timed: ``FaultSampling`` says how
    /// many come before it. Whether the cache is dead is
    /// asked of that one alone, since a dead cache stays so; the faults of such a round are not counted.
    @inlinable @inline(never)
    func measureCache<Guard: TranslationGuard>(
        _ cache: GuardedCache<Guard>, _ choice: inout PageChoice, _ tally: inout FaulterTally
    ) -> LoopEnd {
        var pages = choice
        let tables = cache.tables(for: walked)
        var faults = 0
        var retries: UInt64 = 0
        var fallbacks: UInt64 = 0
        var longestWait: UInt64 = 0
        /// Counts what the slow paths report. A fault that went straight through has nothing to count, which the compiler
        /// knows of a guard's fast path.
        func count(_ outcome: FaultOutcome) {
            // What was waited for says it all, if the guard measures that: one comparison, which the compiler threads
            // through the fast path.
            if Guard.measuresWaits {
                guard outcome.waitedNanoseconds != 0 else { return }
            } else {
                guard !outcome.wentStraightThrough else { return }
            }
            // One that gave up is no fault done.
            if outcome.status == .busy { faults -= 1 }
            retries += UInt64(outcome.retries)
            fallbacks += outcome.usedFallback ? 1 : 0
            longestWait = max(longestWait, outcome.waitedNanoseconds)
        }
        var sampling = FaultSampling(
            highestShift: control.samplingShift, clock: clock,
            random: RandomSequence(seed: pages.random.state, stream: number))
        let middle = control.windowMiddleTicks
        var longestTicks = tally.longestTicks
        var lastEnd = clock.now()
        var faultsBeforeMiddle = 0
        var end = LoopEnd.phaseEnded
        // At least once, also where the thread got no core before the window closed.
        repeat {
            let faultsBefore = faults
            let untimed = sampling.untimedFaults()
            if pages.isUniform {
                for _ in 0..<untimed { count(cache.fault(at: pages.nextOfAll(), in: tables)) }
            } else {
                for _ in 0..<untimed { count(cache.fault(at: pages.next(), in: tables)) }
            }
            let page = pages.next()
            let before = clock.fencedNow()
            let outcome = cache.fault(at: page, in: tables)
            let after = clock.fencedNow()
            if outcome.status == .dead {
                faults = faultsBefore
                end = .lifeEnded
                break
            }
            tally.recordLatency(clock.nanoseconds(after &- before))
            longestTicks = max(longestTicks, before &- lastEnd, after &- before)
            sampling.adapt(toRoundOf: after &- lastEnd)
            lastEnd = after
            count(outcome)
            faults += untimed + 1
            if after < middle { faultsBeforeMiddle = faults }
        } while control.phase == .window
        choice = pages
        tally.longestTicks = longestTicks
        tally.add(
            faults: faults, beforeMiddle: faultsBeforeMiddle, retries: retries, fallbacks: fallbacks,
            longestWait: longestWait)
        return end
    }

    /// Waits until the device has another cache than one that is dead, or the phase ends.
    @usableFromInline
    func successor<Guard: TranslationGuard>(
        of dead: GuardedCache<Guard>, on device: Device<Guard>, in phase: StormControl.Phase
    ) -> GuardedCache<Guard> {
        while control.phase == phase {
            let cache = device.cache
            if cache !== dead { return cache }
            sched_yield()
        }
        return dead
    }
}
