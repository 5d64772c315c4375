import Testing

@testable import InvalidationStorm

@Suite struct SamplingTests {
    private func shift(fault: Double, inWindow faults: Double, pair: Double = 40) -> Int {
        StormControl.samplingShift(
            nanosecondsPerFault: fault, faultsInWindow: faults, pairCostNanoseconds: pair)
    }

    @Test("A fault that takes long is timed each time, and a quick one so rarely that the clock costs half a per cent")
    func cost() {
        #expect(shift(fault: 10_000, inWindow: 10_000) == 0)
        #expect(shift(fault: 2, inWindow: 1e9) == 12)  // 40 ns in 8,192
        #expect(shift(fault: 8, inWindow: 1e9) == 10)
        #expect(shift(fault: 8, inWindow: 1e9, pair: 80) == 11)
    }

    @Test("More than that is spent where a p99.9 would be lost")
    func samples() {
        // Two per cent take 512 faults, one per cent 1,024.
        #expect(shift(fault: 4, inWindow: 1_024 * 12_000) == 10)
        #expect(shift(fault: 4, inWindow: 1_024 * 12_000 - 1) == 9)
        #expect(shift(fault: 2, inWindow: 1_000) == 9, "a short window is not given to the clock either")
        #expect(shift(fault: 1e-3, inWindow: 0) == 9)
    }
}
