/// Which faults of a closed loop are timed: the last one of each round, which has 2^k faults on average.
///
/// How many come before it is drawn for each round, between none and twice the mean, so that the timed ones are never in
/// step with something that the workload repeats.
///
/// The `k` that was chosen from the warm-up is the highest. It is reached from 0, one a round, and falls if a round takes
/// more than a millisecond, as when invalidations start to keep faults out: else a few rounds would take the whole window,
/// and leave too few timed faults for a percentile. A rate that recovers lets it rise again.
@usableFromInline
struct FaultSampling: Sendable {
    /// How long a round of 2^k faults may take before `k` falls, in nanoseconds.
    private static let longestRoundNanoseconds: UInt64 = 1_000_000

    @usableFromInline
    let highestShift: Int
    @usableFromInline
    let longestRoundTicks: UInt64
    /// One fault in 2^shift is timed.
    @usableFromInline
    var shift = 0
    /// Its own, so that the loop over faults keeps the state of the page choice in a register.
    private var random: RandomSequence

    /// `random` is a sequence that nothing else draws from.
    @usableFromInline
    init(highestShift: Int, clock: TickClock, random: RandomSequence) {
        self.highestShift = highestShift
        self.random = random
        longestRoundTicks = clock.ticks(nanoseconds: Self.longestRoundNanoseconds)
    }

    /// How many faults the next round has before its timed one.
    ///
    /// Not inlined: in the loop over faults it would cost that loop its registers (measured: a fifth of the rate of
    /// `unprotected`).
    @usableFromInline @inline(never)
    mutating func untimedFaults() -> Int { random.below((2 &<< shift) &- 1) }

    /// Takes note of how long a round took.
    @inlinable @inline(__always)
    mutating func adapt(toRoundOf ticks: UInt64) {
        if shift == highestShift, ticks <= longestRoundTicks { return }
        shift = shift(afterRoundOf: ticks)
    }

    /// A value and not a change, so that the sampling stays in registers.
    @usableFromInline @inline(never)
    func shift(afterRoundOf ticks: UInt64) -> Int {
        // The next round takes twice as long on average, and four times as long at most.
        if ticks <= longestRoundTicks / 4 { return min(shift + 1, highestShift) }
        var (shift, ticks) = (shift, ticks)
        while shift > 0, ticks > longestRoundTicks {
            shift -= 1
            ticks /= 2
        }
        return shift
    }
}
