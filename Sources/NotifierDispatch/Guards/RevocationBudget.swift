import Synchronization

/// The part of the time that waits for faults without a lock may take, over all stripes of a guard. It decides whether
/// a stripe may be biased again.
///
/// There is one budget for the whole space: a storm that wanders over the stripes would spend a budget of each stripe
/// anew, and find all of them biased. Waits of wide sections are counted but not bounded: these sections leave the bias
/// on.
///
/// The word is a leaky bucket: the point in time at which everything spent so far is paid for. A wait of `d` adds `d`
/// divided by the fraction to that point, or to now if the point has passed. Stripes may be biased while the point lies
/// less than the allowance ahead of now.
struct RevocationBudget: ~Copyable, Sendable {
    /// How far the point may lie ahead of now, in nanoseconds. A few revocations in a row do not use it up.
    static var allowance: UInt64 { 10_000_000 }

    private let timeForEach: Double
    private let paidAt = Atomic<UInt64>(0)

    /// `fraction` is the part of the time that waits may take: above 0, at most 1.
    init(fraction: Double) {
        precondition(fraction > 0 && fraction <= 1, "a bias budget is a part of the time: above 0, at most 1")
        timeForEach = 1 / fraction
    }

    /// Whether the budget has time left at `now`, in nanoseconds of ``MonotonicClock``.
    func isLeft(at now: UInt64) -> Bool {
        // Relaxed: a hint, which orders nothing.
        paidAt.load(ordering: .relaxed) < now &+ Self.allowance
    }

    /// Counts a wait that began at `start` and is over at `now`, both in nanoseconds of ``MonotonicClock``.
    func charge(from start: UInt64, to now: UInt64) {
        // At most 95 years, so that the conversion cannot trap.
        let price = UInt64(min(Double(now &- start) * timeForEach, 3e18))
        // Relaxed, all: the sum orders nothing.
        var paid = paidAt.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = paidAt.weakCompareExchange(
                expected: paid, desired: max(paid, now) &+ price, ordering: .relaxed)
            if exchanged { return }
            paid = original
        }
    }
}
