import Glibc

/// The few changes of one invalidator that take long, and sleep: the first one at each of their times, or behind it.
///
/// They come by the clock and not by count, so that every guard meets as many of them, however fast its short sections are.
struct LongChanges: Sendable {
    private let nanoseconds: UInt64
    private var times: ArrivalTimes
    private var dueTicks: UInt64

    /// The share of one of `invalidators`, behind `origin`, in ticks: each has as many, in turn with the others.
    init(_ pattern: Scenario.LongChanges, invalidator: Int, of invalidators: Int, from origin: UInt64, clock: TickClock)
    {
        nanoseconds = pattern.nanoseconds
        let gap = clock.ticks(inSeconds: Double(pattern.everyNanoseconds) * 1e-9)
        times = ArrivalTimes(
            every: gap, first: gap * Double(invalidator + 1) / Double(invalidators), from: origin)
        dueTicks = times.next()
    }

    /// Sleeps, if one is due; returns whether it was. Those that were missed meanwhile are left out.
    @discardableResult
    mutating func sleepIfDue(clock: TickClock) -> Bool {
        guard clock.now() >= dueTicks else { return false }
        var pause = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&pause, nil)
        times.skip(to: clock.now())
        dueTicks = times.next()
        return true
    }
}
