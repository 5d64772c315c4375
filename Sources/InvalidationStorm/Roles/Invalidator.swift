import NotifierDispatch

/// What one invalidating thread did inside its window.
struct InvalidatorTally: Sendable {
    var invalidations: UInt64 = 0
    var wouldBlocks: UInt64 = 0
    var windowTicks: UInt64 = 0
    var latencies = LatencyRecorder()
    /// Sum of all latencies, for the mean.
    var latencyTicks: UInt64 = 0
    /// The longest invalidation from its actual start.
    var longestTicks: UInt64 = 0
    /// The longest start alone, as far as it lies in the window; `nil` where starts are not timed apart.
    var longestStartTicks: UInt64?
    /// Invalidations that were due in the window and never started; `nil` where they have no intended starts.
    var backlog: UInt64?
    /// How long behind the window's end the last of what was due in it ended, 0 if before; if it gave up, until then. `nil`
    /// where invalidations have no intended starts.
    var catchUpTicks: UInt64?
    var usage = ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: 0)

    /// Counts one that was tried; its latency is from `origin`, its intended start if that counts.
    mutating func count(_ isDone: Bool, from start: UInt64, origin: UInt64, to end: UInt64, clock: TickClock) {
        guard isDone else {
            wouldBlocks += 1
            return
        }
        invalidations += 1
        let latency = end &- origin
        latencyTicks += latency
        latencies.record(clock.nanoseconds(latency))
        longestTicks = max(longestTicks, end &- start)
    }
}

/// What an invalidator does at each arrival.
protocol InvalidationWork: Sendable {
    /// Carries it out; `false` for a non-blockable start that a subscriber refused.
    mutating func carryOut(_ arrival: ArrivalSequence.Arrival) -> Bool

    /// The longest start alone so far; `nil` where starts are not timed apart.
    var longestStartTicks: UInt64? { get }
}

extension InvalidationWork {
    var longestStartTicks: UInt64? { nil }
}

/// A thread that invalidates whenever an invalidation arrives.
///
/// Where intended starts are given, a latency counts from them, so that falling behind shows, but not in a crowd.
struct Invalidator<Work: InvalidationWork>: Sendable {
    let control: StormControl
    let clock: TickClock
    var arrivals: ArrivalSequence
    var work: Work

    /// Works through all phases.
    mutating func run(atWindow: (_ isOpening: Bool) -> Void) -> InvalidatorTally {
        var tally = InvalidatorTally()
        var next = arrivals.next()
        invalidate(&next, before: .window)
        atWindow(true)
        if arrivals.areTimed {
            measureArrivals(&next, &tally)
        } else {
            measureBackToBack(&next, &tally)
        }
        tally.longestStartTicks = work.longestStartTicks
        atWindow(false)
        control.leaveWindow()
        invalidate(&next, before: .stopped)
        return tally
    }

    /// Invalidates unrecorded until `phase` begins.
    private mutating func invalidate(_ next: inout ArrivalSequence.Arrival, before phase: StormControl.Phase) {
        while control.wait(until: next.intendedTicks ?? 0, before: phase, clock: clock) != nil {
            _ = work.carryOut(next)
            next = arrivals.next()
        }
    }

    /// Invalidates until the window closes.
    private mutating func measureBackToBack(_ next: inout ArrivalSequence.Arrival, _ tally: inout InvalidatorTally) {
        // At least once, as faulters do.
        repeat {
            let start = clock.now()
            let isDone = work.carryOut(next)
            let end = clock.now()
            tally.count(isDone, from: start, origin: start, to: end, clock: clock)
            next = arrivals.next()
        } while control.phase == .window
        tally.windowTicks = clock.now() &- control.windowStartTicks
    }

    /// Carries out everything that is due inside the window, also where it gets to it later. The window begins without
    /// a backlog: what the warm-up left undone is dropped.
    private mutating func measureArrivals(_ next: inout ArrivalSequence.Arrival, _ tally: inout InvalidatorTally) {
        var due = control.windowStartTicks
        if next.intendedTicks ?? 0 < due {
            arrivals.skip(to: due)
            next = arrivals.next()
        }
        var end = control.windowEndTicks
        tally.backlog = 0
        tally.catchUpTicks = 0
        loop: while true {
            // Those of a burst are due with its first.
            due = next.intendedTicks ?? due
            switch control.waitForStart(at: due, clock: clock) {
            case .reached(let start):
                let isDone = work.carryOut(next)
                let now = clock.now()
                let origin = arrivals.countFromIntendedStart ? due : start
                tally.count(isDone, from: start, origin: origin, to: now, clock: clock)
                end = max(end, now)
                tally.catchUpTicks = end &- control.windowEndTicks
                next = arrivals.next()
            case .beyondWindow: break loop
            case .givenUp:
                tally.catchUpTicks = max(end, clock.now()) &- control.windowEndTicks
                tally.backlog = arrivals.count(from: due, to: control.windowEndTicks)
                break loop
            }
        }
        tally.windowTicks = end &- control.windowStartTicks
    }
}
