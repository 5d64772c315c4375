import NotifierDispatch
import Testing

@testable import InvalidationStorm
@testable import RecordedEvents

@Suite struct ArrivalSequenceTests {
    let clock = TickClock.calibrated

    func sequence(_ scenario: Scenario, speed: Double = 0, invalidator: Int = 0, of count: Int = 1) -> ArrivalSequence {
        ArrivalSequence(
            scenario: scenario, speed: speed, seed: 1, stream: invalidator, invalidator: invalidator, of: count,
            from: Self.origin, clock: clock)
    }

    static let origin: UInt64 = 1_000_000_000

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
                let range = arrivals.next().range
                #expect(range.count == scenario.pagesPerInvalidation)
                #expect(range.endPage <= scenario.hotPages)
            }
        }
    }

    @Test("Poisson arrivals come at their rate, each after the one before")
    func poissonRate() throws {
        var arrivals = sequence(.steady)
        let times = try (0..<20_001).map { _ in try #require(arrivals.next().intendedTicks) }
        #expect(zip(times, times.dropFirst()).allSatisfy(<=))
        let seconds = Double(times[20_000] - times[0]) * clock.nanosecondsPerTick * 1e-9
        // 20,000 gaps of 100 us: 2 s, standard deviation 14 ms.
        #expect((1.9...2.1).contains(seconds))
    }

    /// The gaps between the intended starts of the first arrivals, in nanoseconds.
    func gaps(_ arrivals: inout ArrivalSequence, count: Int) throws -> [Double] {
        let times = try (0..<count).map { _ in try #require(arrivals.next().intendedTicks) }
        return zip(times, times.dropFirst()).map { Double($1 - $0) * clock.nanosecondsPerTick }
    }

    @Test("A sweep goes through the whole space step by step, and then from the start again")
    func sweepCoversTheSpace() throws {
        var arrivals = sequence(.sweep)
        let swept = (0..<300).map { _ in arrivals.next() }
        #expect(swept.map(\.range.startPage) == (0..<300).map { $0 % 128 * 512 })
        #expect(swept.allSatisfy { $0.range.count == 512 && $0.event == .protectionVMA })
    }

    @Test("Paced arrivals come at equal intervals, the first one interval from the origin")
    func pacedIntervals() throws {
        var arrivals = sequence(.sweep)
        let first = try #require(arrivals.next().intendedTicks)
        #expect(first - Self.origin == clock.ticks(nanoseconds: 1_000_000))
        // Rounded to ticks.
        #expect(try gaps(&arrivals, count: 100).allSatisfy { abs($0 - 1_000_000) < 2 })
        var turns = sequence(.exit, invalidator: 1, of: 2)
        #expect(try gaps(&turns, count: 10).allSatisfy { abs($0 - 100_000_000) < 2 })
    }

    @Test("Several invalidators share the steps of a sweep out")
    func sweepShared() {
        var arrivals = (0..<3).map { sequence(.sweep, invalidator: $0, of: 3) }
        let swept = (0..<300).map { arrivals[$0 % 3].next().range.startPage }
        #expect(swept == (0..<300).map { $0 % 128 * 512 })
    }

    @Test("Only the first of a burst has a time, and bursts come at equal intervals")
    func bursts() throws {
        var arrivals = sequence(.burst)
        let times = (0..<3_000).map { _ in arrivals.next().intendedTicks }
        #expect(times.indices.allSatisfy { (times[$0] != nil) == $0.isMultiple(of: 1_000) })
        let firsts = times.compactMap { $0 }
        for (first, second) in zip(firsts, firsts.dropFirst()) {
            #expect(abs(Double(second - first) * clock.nanosecondsPerTick - 10_000_000) < 2)
        }
    }

    @Test("An exit covers the whole space, and is a release")
    func exitCoversTheSpace() {
        var arrivals = sequence(.exit)
        let first = (0..<3).map { _ in arrivals.next() }
        #expect(first.allSatisfy { $0.range.pages == 0..<65_536 && $0.event == .release })
    }

    @Test("A trace is replayed in order, from the start again, as fast as possible by default")
    func traceInOrder() throws {
        let trace = try trace()
        var arrivals = sequence(.replaying(trace))
        let replayed = (0..<12).map { _ in arrivals.next() }
        #expect(replayed.map(\.range) == (0..<12).map { trace.steps[$0 % 5].range })
        #expect(replayed.allSatisfy { $0.intendedTicks == nil && $0.event == .unmap })
    }

    @Test("Scenarios that give times say so, and a trace only at a speed")
    func whatIsTimed() throws {
        for scenario in [Scenario.steady, .pressure, .sweep, .wide, .exit, .burst, .churn, .crowded] {
            #expect(sequence(scenario).areTimed, "\(scenario.name)")
        }
        for scenario in [Scenario.storm, .hot, .fanout, .nonblocking, .installCost, .mappingLock, .longSections] {
            #expect(!sequence(scenario).areTimed, "\(scenario.name)")
        }
        #expect(sequence(.storm.arriving(ArrivalProcess(perSecond: 5), invalidators: 1)).areTimed)
        #expect(try sequence(.replaying(trace()), speed: 1e-300).areTimed)
        #expect(try !sequence(.replaying(trace())).areTimed)
        let atOnce = Trace(name: "at-once", steps: try trace().steps.map { Self.atStart($0) }, pages: 43)
        #expect(!sequence(.replaying(atOnce), speed: 1).areTimed)
    }

    static func atStart(_ step: TraceStep) -> TraceStep {
        TraceStep(nanoseconds: 0, event: step.event, range: step.range)
    }

    @Test("Arrivals at a rate of their own are divided over the invalidators")
    func chosenRate() throws {
        for spacing in ArrivalProcess.Spacing.allCases {
            let scenario = Scenario.storm.arriving(
                ArrivalProcess(perSecond: 3_000, spacing: spacing), invalidators: 3)
            #expect(scenario.pagesPerInvalidation == 16 && scenario.name == "storm")
            let times = try (0..<3).flatMap { invalidator in
                var arrivals = sequence(scenario, invalidator: invalidator, of: 3)
                return try (0..<10_000).map { _ in try #require(arrivals.next().intendedTicks) }
            }
            #expect(Set(times).count > 29_000)
            let seconds = Double(try #require(times.max()) - Self.origin) * clock.nanosecondsPerTick * 1e-9
            // Thrice 10,000 gaps of a millisecond: 10 s, standard deviation 0.1 s.
            #expect((9.3...10.7).contains(seconds))
        }
    }

    @Test("What was due before the window is dropped, a begun burst too, and what comes keeps its rhythm")
    func skipping() throws {
        for scenario in [Scenario.steady, .sweep, .burst, .exit] {
            var arrivals = sequence(scenario)
            _ = arrivals.next()
            let later = Self.origin + clock.ticks(nanoseconds: 1_234_567_890)
            arrivals.skip(to: later)
            #expect(try #require(arrivals.next().intendedTicks) >= later, "\(scenario.name)")
        }
        var arrivals = sequence(.exit)
        arrivals.skip(to: Self.origin + clock.ticks(nanoseconds: 1_234_567_890))
        let next = try #require(arrivals.next().intendedTicks)
        #expect(abs(Double(next - Self.origin) * clock.nanosecondsPerTick - 1_250_000_000) < 2)
    }

    @Test("A trace goes on where it was when the window opens")
    func skippingATrace() throws {
        var arrivals = sequence(.replaying(try trace()), speed: 1)
        _ = arrivals.next()
        let later = Self.origin + clock.ticks(nanoseconds: 5_000_000)
        arrivals.skip(to: later)
        let next = arrivals.next()
        #expect(next.range.startPage == 10)
        let gap = Double(try #require(next.intendedTicks) - later) * clock.nanosecondsPerTick
        #expect(abs(gap - 1_000) < 2)
    }

    @Test("A backlog is counted, not drawn")
    func backlog() throws {
        func ticks(_ milliseconds: UInt64) -> UInt64 {
            Self.origin + clock.ticks(nanoseconds: milliseconds * 1_000_000)
        }
        #expect((9_999...10_001).contains(sequence(.steady).count(from: ticks(0), to: ticks(1_000))))
        #expect((99...101).contains(sequence(.sweep).count(from: ticks(10), to: ticks(110))))
        #expect((9...10).contains(sequence(.exit, invalidator: 1, of: 2).count(from: ticks(0), to: ticks(1_000))))
        #expect(sequence(.sweep).count(from: ticks(5), to: ticks(5)) == 0)
        var bursts = sequence(.burst)
        for _ in 0..<400 { _ = bursts.next() }
        // The next one, 600 behind it, and two whole bursts.
        #expect(bursts.count(from: ticks(10), to: ticks(39)) == 2_601)
        // 5 steps in 4.5 us.
        let trace = try sequence(.replaying(trace()), speed: 0.5)
        #expect((1_110...1_112).contains(trace.count(from: ticks(0), to: ticks(2))))
    }

    @Test("Several invalidators share a trace's steps out")
    func traceShared() throws {
        let trace = try trace()
        var arrivals = (0..<2).map { sequence(.replaying(trace), invalidator: $0, of: 2) }
        let replayed = (0..<10).map { arrivals[$0 % 2].next().range }
        #expect(replayed == (0..<10).map { trace.steps[$0 % 5].range })
    }

    @Test("At speed 2 a trace's gaps are half as long, also over its end")
    func traceAtASpeed() throws {
        var arrivals = sequence(.replaying(try trace()), speed: 2)
        let times = try (0..<7).map { _ in try #require(arrivals.next().intendedTicks) }
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) * clock.nanosecondsPerTick }
        for (gap, expected) in zip(gaps, [500.0, 500, 500, 500, 250, 500]) {
            // Rounded to ticks.
            #expect(abs(gap - expected) < 2)
        }
    }
}
