import Synchronization

/// How much of the time revocations may take, over all stripes of a guard: whether a stripe may be biased again.
///
/// One number for the whole space: a budget per stripe would be spent anew in each, and a storm that wanders over the
/// stripes would find every one of them biased.
///
/// A leaky bucket in one word: the point in time at which everything spent so far is paid for. A revocation of `d` moves it
/// on by `d` divided by the part of the time that revocations may take; before now it does not lie. Stripes may be biased
/// while it lies less than the allowance ahead.
struct RevocationBudget: ~Copyable, Sendable {
    /// How far ahead of now may be spent, in nanoseconds, so that a few revocations in a row are no storm.
    static var allowance: UInt64 { 10_000_000 }

    private let timeForEach: Double
    private let paidAt = Atomic<UInt64>(0)

    /// `fraction` is the part of the time that revocations may take: above 0, at most 1.
    init(fraction: Double) {
        precondition(fraction > 0 && fraction <= 1, "a bias budget is a part of the time: above 0, at most 1")
        timeForEach = 1 / fraction
    }

    /// Whether there is anything left to spend at `now`, in nanoseconds of ``MonotonicClock``.
    func isLeft(at now: UInt64) -> Bool {
        // Relaxed: a hint, which orders nothing.
        paidAt.load(ordering: .relaxed) < now &+ Self.allowance
    }

    /// Counts a revocation that began at `start` and is over at `now`, both in nanoseconds of ``MonotonicClock``.
    func charge(from start: UInt64, to now: UInt64) {
        // At most a hundred years, which fits.
        let price = UInt64(min(Double(now &- start) * timeForEach, 3e18))
        // Relaxed, all: a sum that orders nothing.
        var paid = paidAt.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = paidAt.weakCompareExchange(
                expected: paid, desired: max(paid, now) &+ price, ordering: .relaxed)
            if exchanged { return }
            paid = original
        }
    }
}
