import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct TickClockTests {
    let clock = TickClock.calibrated

    @Test("Ticks rise, and measure what the kernel's clock measures")
    func agreesWithTheKernel() {
        let (startTicks, start) = (clock.now(), MonotonicClock.now())
        while MonotonicClock.now() < start + 20_000_000 {}
        let (endTicks, end) = (clock.now(), MonotonicClock.now())
        #expect(endTicks > startTicks)
        let ratio = Double(clock.nanoseconds(endTicks - startTicks)) / Double(end - start)
        // Wide: the thread can lose its core between the two readings.
        #expect((0.5...2).contains(ratio))
    }

    @Test("Fenced time stamps and plain ones are of one clock, and come in the order of the program")
    func fenced() {
        var last = clock.now()
        for _ in 0..<1_000 {
            let fenced = clock.fencedNow()
            let plain = clock.now()
            #expect(last <= fenced && fenced <= plain)
            last = plain
        }
    }

    @Test("Converting to ticks and back keeps a duration within a tick")
    func roundTrip() {
        for nanoseconds: UInt64 in [0, 1, 999, 1_000_000, 3_600_000_000_000] {
            let back = clock.nanoseconds(clock.ticks(nanoseconds: nanoseconds))
            #expect(back <= nanoseconds)
            #expect(Double(nanoseconds - back) <= 2 * max(1, clock.nanosecondsPerTick))
        }
    }

    @Test("A delay never ends early, and one of nothing does not look at the clock")
    func delays() {
        let start = clock.now()
        Delay(nanoseconds: 100_000, clock: clock).spend()
        #expect(clock.now() - start >= clock.ticks(nanoseconds: 100_000))
        #expect(Delay(nanoseconds: 0, clock: clock).ticks == 0)
    }

    @Test("A pair of time stamps has a cost above nothing")
    func pairCost() { #expect(clock.pairCostNanoseconds > 0) }
}
