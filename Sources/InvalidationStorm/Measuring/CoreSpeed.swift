import CPlatform

/// What a core does right now, from additions in registers: its frequency, and how much of it the thread has to itself.
/// Nothing that the system shows says so much. A virtual machine shows no frequency, and a neighbour on the other hardware
/// thread of the core, which takes nearly half of what it does, shows nowhere: it is no steal.
enum CoreSpeed {
    /// About 10 us a piece.
    private static let additions: UInt64 = 32_768
    private static let pieces = 10

    /// The frequency of the calling thread's core in hertz, from additions that each wait for the one before: of ten
    /// pieces of work the fastest, since an interruption only makes them slower. Takes 0.1 ms.
    static func frequency(clock: TickClock) -> Double {
        let ticks = pieceTicks(clock: clock) { cplatform_add_chain(additions) }[0]
        return Double(additions) / (Double(ticks) * clock.nanosecondsPerTick) * 1e9
    }

    /// How many additions a second the calling thread gets through that do not wait for each other: of ten pieces of work
    /// the middle one, since a neighbour that comes and goes is no mistake of the measurement. Takes 0.05 to 0.1 ms.
    static func additionsPerSecond(clock: TickClock) -> Double {
        let ticks = pieceTicks(clock: clock) { cplatform_add_independently(2 * additions) }[pieces / 2]
        return Double(2 * additions) / (Double(ticks) * clock.nanosecondsPerTick) * 1e9
    }

    /// How long the pieces of work took, at least a tick each, the shortest first.
    private static func pieceTicks(clock: TickClock, _ work: () -> Void) -> [UInt64] {
        (0..<pieces).map { _ in
            let start = clock.now()
            work()
            return max(1, clock.now() &- start)
        }
        .sorted()
    }
}
