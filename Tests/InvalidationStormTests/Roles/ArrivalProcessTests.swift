import Testing

@testable import InvalidationStorm

@Suite struct ArrivalProcessTests {
    let clock = TickClock.calibrated
    static let origin: UInt64 = 1_000_000_000

    func times(_ process: ArrivalProcess, thread: Int, of threads: Int) -> ArrivalTimes {
        ArrivalTimes(process, thread: thread, of: threads, from: Self.origin, clock: clock, seed: 1)
    }

    func nanoseconds(_ ticks: UInt64) -> Double { Double(ticks - Self.origin) * clock.nanosecondsPerTick }

    @Test("Threads with fixed arrivals take turns, one n-th of a gap behind each other")
    func turns() {
        var threads = (0..<4).map { times(ArrivalProcess(perSecond: 1_000, spacing: .fixed), thread: $0, of: 4) }
        for number in 0..<100 {
            let due = threads[number % 4].next()
            #expect(abs(nanoseconds(due) - Double(number + 1) * 1_000_000) < 2)
        }
    }

    @Test("Gaps below a tick add up")
    func shortGaps() {
        var times = times(ArrivalProcess(perSecond: 1e12, spacing: .fixed), thread: 0, of: 1)
        let last = (0..<1_000_000).reduce(0) { _, _ in times.next() }
        #expect(abs(nanoseconds(last) - 1_000) < 2)
    }

    @Test("Arrivals at random come at their rate, at other times on each thread, and with gaps of all lengths")
    func poisson() throws {
        var first = times(ArrivalProcess(perSecond: 2_000), thread: 0, of: 2)
        var second = times(ArrivalProcess(perSecond: 2_000), thread: 1, of: 2)
        let due = (0..<20_000).map { _ in first.next() }
        #expect(zip(due, due.dropFirst()).allSatisfy(<=))
        // 20,000 gaps of a millisecond: 20 s, standard deviation 0.14 s.
        #expect((19...21).contains(nanoseconds(try #require(due.last)) * 1e-9))
        #expect(Set(due).intersection((0..<20_000).map { _ in second.next() }).count < 10)
        let short = zip(due, due.dropFirst()).count { nanoseconds(Self.origin + $1 - $0) < 693_147 }
        // Half of the gaps are shorter than the mean times ln 2: 10,000, standard deviation 71.
        #expect((9_500...10_500).contains(short))
    }

    @Test("Skipping drops what was due before, and nothing else")
    func skipping() {
        let later = Self.origin + clock.ticks(nanoseconds: 10_400_000)
        var fixed = times(ArrivalProcess(perSecond: 1_000, spacing: .fixed), thread: 0, of: 1)
        fixed.skip(to: later)
        #expect(abs(nanoseconds(fixed.next()) - 11_000_000) < 2)
        // Nothing that is due later is dropped.
        fixed.skip(to: later)
        #expect(abs(nanoseconds(fixed.next()) - 12_000_000) < 2)
        var random = times(ArrivalProcess(perSecond: 1_000), thread: 0, of: 1)
        random.skip(to: later)
        #expect(random.next() >= later)
    }

    @Test("Skipping at random leaves the mean gap to the next one as it is")
    func skippingAtRandom() {
        var random = times(ArrivalProcess(perSecond: 1_000), thread: 0, of: 1)
        var sum: Double = 0
        for round in 1...10_000 {
            let later = Self.origin + clock.ticks(nanoseconds: UInt64(round) * 100_000_000)
            random.skip(to: later)
            sum += nanoseconds(Self.origin + random.next() - later)
        }
        // The standard deviation of the mean is 10 us.
        #expect((900_000...1_100_000).contains(sum / 10_000))
    }

    @Test("What is left to do is counted from the gap, and never without bound")
    func counting() {
        let fixed = times(ArrivalProcess(perSecond: 2_000, spacing: .fixed), thread: 1, of: 2)
        let end = Self.origin + clock.ticks(nanoseconds: 50_400_000)
        // At 0, 1, ... 50 ms.
        #expect(fixed.count(from: Self.origin, to: end) == 51)
        #expect(fixed.count(from: end, to: end) == 0)
        #expect(ArrivalTimes.count(from: 0, to: .max, meanGap: 1e-300) == 1 << 62)
    }

    @Test("A gap that no clock can count is cut")
    func longGaps() {
        var times = times(ArrivalProcess(perSecond: 1e-300, spacing: .fixed), thread: 0, of: 1)
        #expect(times.next() == 1 << 63)
    }
}
