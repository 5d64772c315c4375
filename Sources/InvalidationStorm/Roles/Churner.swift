import NotifierDispatch

/// What one churning thread did inside its window.
struct ChurnerTally: Sendable {
    /// Registrations, each with its unregistration.
    var registrations: UInt64 = 0
    var windowTicks: UInt64 = 0
    var registrationLatencies = LatencyRecorder()
    var unregistrationLatencies = LatencyRecorder()
    var usage = ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: 0)
}

/// A thread that registers a subscriber for the whole space and unregisters it, again and again: the one waits for open
/// sections to end, the other for a grace period.
struct Churner: Sendable {
    let control: StormControl
    let clock: TickClock
    let space: StormSpace

    /// Works through all phases.
    func run(atWindow: (_ isOpening: Bool) -> Void) -> ChurnerTally {
        while control.phase == .warmUp { _ = churnOnce() }
        var tally = ChurnerTally()
        atWindow(true)
        // At least once, as the other roles do.
        repeat {
            let ticks = churnOnce()
            tally.registrations += 1
            tally.registrationLatencies.record(clock.nanoseconds(ticks.registering))
            tally.unregistrationLatencies.record(clock.nanoseconds(ticks.unregistering))
        } while control.phase == .window
        tally.windowTicks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        while control.phase != .stopped { _ = churnOnce() }
        return tally
    }

    /// Registers a fresh subscriber and unregisters it. Returns how long either took.
    private func churnOnce() -> (registering: UInt64, unregistering: UInt64) {
        let subscriber = Bystander()
        let start = clock.now()
        guard let subscription = try? space.notifiers.register(subscriber) else {
            fatalError("a churner's space was released, or refuses a subscriber that cannot fail")
        }
        let registered = clock.now()
        space.notifiers.unregister(subscription)
        return (registered &- start, clock.now() &- registered)
    }
}
