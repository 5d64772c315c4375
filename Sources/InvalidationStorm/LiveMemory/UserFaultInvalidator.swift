import NotifierDispatch

/// A thread that drops pages: a balloon at random times, or a storm.
struct UserFaultInvalidator: Sendable {
    let control: StormControl
    let clock: TickClock
    let dropper: UserFaultDropper
    var arrivals: ArrivalSequence

    /// Works through all phases.
    mutating func run(atWindow: (_ isOpening: Bool) -> Void) -> InvalidatorTally {
        var tally = InvalidatorTally()
        var next = arrivals.next()
        drop(&next, before: .window)
        atWindow(true)
        if arrivals.areTimed {
            measureArrivals(&next, &tally)
        } else {
            measureBackToBack(&next, &tally)
        }
        atWindow(false)
        control.leaveWindow()
        drop(&next, before: .stopped)
        return tally
    }

    /// Drops unrecorded until `phase` begins.
    private mutating func drop(_ next: inout ArrivalSequence.Arrival, before phase: StormControl.Phase) {
        while control.wait(until: next.intendedTicks ?? 0, before: phase, clock: clock) != nil {
            dropper.drop(next.range)
            next = arrivals.next()
        }
    }

    private mutating func measureBackToBack(_ next: inout ArrivalSequence.Arrival, _ tally: inout InvalidatorTally) {
        // At least once, as those who touch do.
        repeat {
            let start = clock.now()
            dropper.drop(next.range)
            tally.count(true, from: start, origin: start, to: clock.now(), clock: clock)
            next = arrivals.next()
        } while control.phase == .window
        tally.windowTicks = clock.now() &- control.windowStartTicks
    }

    /// Carries out all that is due inside the window, also where it gets to it later, each timed from its intended start.
    private mutating func measureArrivals(_ next: inout ArrivalSequence.Arrival, _ tally: inout InvalidatorTally) {
        arrivals.skip(to: control.windowStartTicks)
        next = arrivals.next()
        var end = control.windowEndTicks
        tally.backlog = 0
        while true {
            let due = next.intendedTicks ?? control.windowStartTicks
            switch control.waitForStart(at: due, clock: clock) {
            case .reached(let start):
                dropper.drop(next.range)
                end = max(end, clock.now())
                tally.count(true, from: start, origin: due, to: clock.now(), clock: clock)
                next = arrivals.next()
                continue
            case .beyondWindow: break
            case .givenUp: tally.backlog = arrivals.count(from: due, to: control.windowEndTicks)
            }
            break
        }
        tally.catchUpTicks = end &- control.windowEndTicks
        tally.windowTicks = end &- control.windowStartTicks
    }
}
