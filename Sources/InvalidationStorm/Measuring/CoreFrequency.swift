import CPlatform

/// How fast a core runs right now, from a chain of additions that takes one cycle each. No frequency that the system
/// shows says so much: a virtual machine shows none, and the core's own may change within milliseconds.
enum CoreFrequency {
    /// About 10 us a piece.
    private static let additions: UInt64 = 32_768
    private static let pieces = 10

    /// The frequency of the calling thread's core in hertz: of ten pieces of work the fastest, since an interruption only
    /// makes them slower. Takes 0.1 ms.
    static func measure(clock: TickClock) -> Double? {
        var shortest = UInt64.max
        for _ in 0..<pieces {
            let start = clock.now()
            cplatform_add_chain(additions)
            shortest = min(shortest, clock.now() &- start)
        }
        return shortest == 0 ? nil : Double(additions) / (Double(shortest) * clock.nanosecondsPerTick) * 1e9
    }
}
