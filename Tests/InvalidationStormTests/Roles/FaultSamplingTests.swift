import Testing

@testable import InvalidationStorm

@Suite struct FaultSamplingTests {
    private let clock = TickClock.calibrated

    private func made(highest shift: Int) -> FaultSampling {
        FaultSampling(highestShift: shift, clock: clock, random: RandomSequence(seed: 1, stream: 0))
    }

    /// The shift after each of some rounds, of so many nanoseconds.
    private func shifts(highest: Int, rounds: [UInt64]) -> [Int] {
        var sampling = made(highest: highest)
        return rounds.map {
            sampling.adapt(toRoundOf: clock.ticks(nanoseconds: $0))
            return sampling.shift
        }
    }

    @Test("Short rounds lengthen up to the one that was chosen")
    func rises() {
        #expect(shifts(highest: 3, rounds: [100, 100, 100, 100, 100]) == [1, 2, 3, 3, 3])
        #expect(shifts(highest: 0, rounds: [100, 100]) == [0, 0])
    }

    @Test("Rounds grow no longer than a millisecond, however slow faults are")
    func staysShort() {
        // 60 us a fault.
        var sampling = made(highest: 12)
        for _ in 0..<20 { sampling.adapt(toRoundOf: clock.ticks(nanoseconds: 60_000 << UInt64(sampling.shift))) }
        #expect(sampling.shift == 3)
    }

    @Test("Where the rate collapses the rounds shorten at once, and where it recovers they lengthen again")
    func falls() {
        let rise = [UInt64](repeating: 1_000, count: 10)
        let shifts = shifts(highest: 10, rounds: rise + [100_000_000, 500_000, 1_000, 1_000, 20_000_000_000])
        #expect(Array(shifts.suffix(6)) == [10, 3, 3, 4, 5, 0])
    }

    @Test("Untimed faults come to 2^k - 1 on average, from none to twice that")
    func gaps() {
        var sampling = made(highest: 6)
        #expect((0..<100).allSatisfy { _ in sampling.untimedFaults() == 0 })
        for _ in 0..<6 { sampling.adapt(toRoundOf: 0) }
        let gaps = (0..<100_000).map { _ in sampling.untimedFaults() }
        #expect(gaps.min() == 0 && gaps.max() == 126)
        // 63, with a standard deviation of 0.12.
        #expect((62.3...63.7).contains(Double(gaps.reduce(0, +)) / 100_000))
    }
}
