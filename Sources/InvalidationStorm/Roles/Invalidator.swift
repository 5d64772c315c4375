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

/// A thread that invalidates: start, change the pages, end, through the notifiers.
///
/// Where the scenario gives the times, a latency counts from the intended start, so that falling behind shows.
struct Invalidator: Sendable {
    let control: StormControl
    let clock: TickClock
    let space: AddressSpace
    let shadow: ShadowTable
    let isBlockable: Bool
    let changeDelay: Delay
    var arrivals: ArrivalSequence

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
        let arrival = arrivals.next(clock: clock)
        guard waitUntil(arrival.intendedTicks, in: phase) else { return .phaseEnded }
        let start = arrival.intendedTicks ?? clock.now()
        let invalidation = Invalidation(range: arrival.range, event: arrival.event, isBlockable: isBlockable)
        guard let section = space.subscriptions.invalidateRangeStart(invalidation) else { return .wouldBlock }
        space.change(arrival.range)
        changeDelay.spend()
        shadow.checkNothingVisible(in: arrival.range)
        space.subscriptions.invalidateRangeEnd(section)
        return .done(latencyTicks: clock.now() &- start)
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
