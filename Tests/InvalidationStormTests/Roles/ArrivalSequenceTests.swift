import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct ArrivalSequenceTests {
    let clock = TickClock.calibrated

    func sequence(_ scenario: Scenario, speed: Double = 0, invalidator: Int = 0, of count: Int = 1) -> ArrivalSequence {
        ArrivalSequence(
            scenario: scenario, speed: speed, seed: 1, stream: invalidator, invalidator: invalidator, of: count)
    }

    func trace() throws -> Trace {
        let steps = try (0..<5).map { number in
            TraceStep(
                nanoseconds: UInt64(number) * 1_000 + 500, event: .unmap,
                range: try #require(InvalidationRange(pages: number * 10..<number * 10 + 3)))
        }
        return Trace(name: "hand-made", steps: steps, pages: 43)
    }

    @Test("Synthetic ranges have the scenario's size and lie in its part of the space")
    func rangesStayInside() {
        for scenario in Scenario.builtIn where scenario.invalidates {
            var arrivals = sequence(scenario)
            for _ in 0..<10_000 {
                let range = arrivals.next(clock: clock).range
                #expect(range.count == scenario.pagesPerInvalidation)
                #expect(range.endPage <= scenario.hotPages)
            }
        }
    }

    @Test("Poisson arrivals come at their rate, each after the one before")
    func poissonRate() throws {
        var arrivals = sequence(.steady)
        let times = try (0..<20_001).map { _ in try #require(arrivals.next(clock: clock).intendedTicks) }
        #expect(zip(times, times.dropFirst()).allSatisfy(<=))
        let seconds = Double(times[20_000] - times[0]) * clock.nanosecondsPerTick * 1e-9
        // 20,000 gaps of 100 us: 2 s, standard deviation 14 ms.
        #expect((1.9...2.1).contains(seconds))
    }

    /// The gaps between the intended starts of the first arrivals, in nanoseconds.
    func gaps(_ arrivals: inout ArrivalSequence, count: Int) throws -> [Double] {
        let times = try (0..<count).map { _ in try #require(arrivals.next(clock: clock).intendedTicks) }
        return zip(times, times.dropFirst()).map { Double($1 - $0) * clock.nanosecondsPerTick }
    }

    @Test("A sweep goes through the whole space step by step, and then from the start again")
    func sweepCoversTheSpace() throws {
        var arrivals = sequence(.sweep)
        let swept = (0..<300).map { _ in arrivals.next(clock: clock) }
        #expect(swept.map(\.range.startPage) == (0..<300).map { $0 % 128 * 512 })
        #expect(swept.allSatisfy { $0.range.count == 512 && $0.event == .protectionVMA })
    }

    @Test("Paced arrivals come at equal intervals, the first one interval from now")
    func pacedIntervals() throws {
        var arrivals = sequence(.sweep)
        let before = clock.now()
        let first = try #require(arrivals.next(clock: clock).intendedTicks)
        #expect(first >= before + clock.ticks(nanoseconds: 1_000_000) - 1)
        // Rounded to ticks.
        #expect(try gaps(&arrivals, count: 100).allSatisfy { abs($0 - 1_000_000) < 2 })
        var turns = sequence(.exit, invalidator: 1, of: 2)
        #expect(try gaps(&turns, count: 10).allSatisfy { abs($0 - 100_000_000) < 2 })
    }

    @Test("Several invalidators share the steps of a sweep out")
    func sweepShared() {
        var arrivals = (0..<3).map { sequence(.sweep, invalidator: $0, of: 3) }
        let swept = (0..<300).map { arrivals[$0 % 3].next(clock: clock).range.startPage }
        #expect(swept == (0..<300).map { $0 % 128 * 512 })
    }

    @Test("Only the first of a burst has a time, and bursts come at equal intervals")
    func bursts() throws {
        var arrivals = sequence(.burst)
        let times = (0..<3_000).map { _ in arrivals.next(clock: clock).intendedTicks }
        #expect(times.indices.allSatisfy { (times[$0] != nil) == $0.isMultiple(of: 1_000) })
        let firsts = times.compactMap { $0 }
        for (first, second) in zip(firsts, firsts.dropFirst()) {
            #expect(abs(Double(second - first) * clock.nanosecondsPerTick - 10_000_000) < 2)
        }
    }

    @Test("An exit covers the whole space, and is a release")
    func exitCoversTheSpace() {
        var arrivals = sequence(.exit)
        let first = (0..<3).map { _ in arrivals.next(clock: clock) }
        #expect(first.allSatisfy { $0.range.pages == 0..<65_536 && $0.event == .release })
    }

    @Test("A trace is replayed in order, from the start again, as fast as possible by default")
    func traceInOrder() throws {
        let trace = try trace()
        var arrivals = sequence(.replaying(trace))
        let replayed = (0..<12).map { _ in arrivals.next(clock: clock) }
        #expect(replayed.map(\.range) == (0..<12).map { trace.steps[$0 % 5].range })
        #expect(replayed.allSatisfy { $0.intendedTicks == nil && $0.event == .unmap })
    }

    @Test("Several invalidators share a trace's steps out")
    func traceShared() throws {
        let trace = try trace()
        var arrivals = (0..<2).map { sequence(.replaying(trace), invalidator: $0, of: 2) }
        let replayed = (0..<10).map { arrivals[$0 % 2].next(clock: clock).range }
        #expect(replayed == (0..<10).map { trace.steps[$0 % 5].range })
    }

    @Test("At speed 2 a trace's gaps are half as long, also over its end")
    func traceAtASpeed() throws {
        var arrivals = sequence(.replaying(try trace()), speed: 2)
        let times = try (0..<7).map { _ in try #require(arrivals.next(clock: clock).intendedTicks) }
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) * clock.nanosecondsPerTick }
        for (gap, expected) in zip(gaps, [500.0, 500, 500, 500, 250, 500]) {
            // Rounded to ticks.
            #expect(abs(gap - expected) < 2)
        }
    }
}
