import InvalidationStorm

/// Which clock times the faults, and what that costs.
enum ClockDescription {
    static func text(_ clock: TickClock = .calibrated) -> String {
        let name = clock.usesTimeStampCounter ? "invariant time stamp counter" : "clock_gettime, CLOCK_MONOTONIC"
        let step = hundredths(clock.nanosecondsPerTick)
        return "\(name), \(step) ns a tick, \(hundredths(clock.pairCostNanoseconds)) ns for a pair of time stamps"
    }

    private static func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
