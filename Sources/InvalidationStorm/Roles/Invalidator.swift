import Glibc
import NotifierDispatch

/// What one invalidating thread did inside its window.
struct InvalidatorTally: Sendable {
    var invalidations: UInt64 = 0
    var wouldBlocks: UInt64 = 0
    var windowTicks: UInt64 = 0
    var latencies = LatencyRecorder()
    /// Sum of all latencies, for the mean.
    var latencyTicks: UInt64 = 0
    var usage = ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: 0)
}

/// A thread that invalidates: start, change the pages, end, through the notifiers; or, where a whole space is released,
/// its end, the change of all pages, and its set-up.
///
/// Where the scenario gives the times, a latency counts from the intended start, so that falling behind shows.
struct Invalidator: Sendable {
    let control: StormControl
    let clock: TickClock
    /// The space in its first life, whose pages change.
    let space: AddressSpace
    /// For arrivals that end the space.
    let lives: SpaceLives
    let shadow: ShadowTable
    let isBlockable: Bool
    let changeDelay: Delay
    var arrivals: ArrivalSequence
    /// An arrival whose time lay beyond the phase in which it was drawn: it belongs to the next one.
    var postponed: ArrivalSequence.Arrival?

    /// Works through all phases.
    mutating func run(atWindow: (_ isOpening: Bool) -> Void) -> InvalidatorTally {
        while control.phase == .warmUp { _ = invalidateNext(in: .warmUp) }
        var tally = InvalidatorTally()
        atWindow(true)
        // At least once, as faulters do; paced ones may find that their next turn lies beyond the window.
        repeat {
            switch invalidateNext(in: .window) {
            case .done(let latencyTicks):
                tally.invalidations += 1
                tally.latencyTicks += latencyTicks
                tally.latencies.record(clock.nanoseconds(latencyTicks))
            case .wouldBlock: tally.wouldBlocks += 1
            case .phaseEnded: break
            }
        } while control.phase == .window
        tally.windowTicks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        while control.phase != .stopped { _ = invalidateNext(in: .coolDown) }
        return tally
    }

    private enum Outcome {
        case done(latencyTicks: UInt64)
        /// A non-blockable start that a subscriber refused.
        case wouldBlock
        /// The phase ended before the arrival.
        case phaseEnded
    }

    /// Waits for the next arrival and carries it out.
    private mutating func invalidateNext(in phase: StormControl.Phase) -> Outcome {
        let arrival = postponed ?? arrivals.next(clock: clock)
        guard waitUntil(arrival.intendedTicks, in: phase) else {
            postponed = arrival
            return .phaseEnded
        }
        postponed = nil
        let start = arrival.intendedTicks ?? clock.now()
        if arrival.event == .release {
            lives.renew { change(space.pageTable.wholeRange) }
        } else {
            let invalidation = Invalidation(range: arrival.range, event: arrival.event, isBlockable: isBlockable)
            guard let section = space.subscriptions.invalidateRangeStart(invalidation) else { return .wouldBlock }
            change(arrival.range)
            shadow.checkNothingVisible(in: arrival.range)
            space.subscriptions.invalidateRangeEnd(section)
        }
        return .done(latencyTicks: clock.now() &- start)
    }

    private func change(_ range: InvalidationRange) {
        space.change(range)
        changeDelay.spend()
    }

    /// Sleeps through most of a long gap and spins through the rest.
    private func waitUntil(_ intendedTicks: UInt64?, in phase: StormControl.Phase) -> Bool {
        guard let intendedTicks else { return true }
        while true {
            let now = clock.now()
            if now >= intendedTicks { return true }
            let gap = clock.nanoseconds(intendedTicks - now)
            if gap > 200_000 {
                guard control.phase == phase else { return false }
                var pause = timespec(tv_sec: 0, tv_nsec: Int(min(gap - 150_000, 5_000_000)))
                nanosleep(&pause, nil)
            }
        }
    }
}
