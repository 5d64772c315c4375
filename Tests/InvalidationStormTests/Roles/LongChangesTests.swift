import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite(.serialized) struct LongChangesTests {
    private let clock = TickClock.calibrated

    /// How many of the changes of `milliseconds` sleep, and when the first one was over, in milliseconds.
    private func sleeps(
        _ pattern: Scenario.LongChanges, milliseconds: UInt64, invalidator: Int = 0, of invalidators: Int = 1
    ) -> (count: Int, first: Double) {
        let origin = clock.now()
        var changes = LongChanges(
            pattern, invalidator: invalidator, of: invalidators, from: origin, clock: clock)
        var (count, first) = (0, 0.0)
        while clock.nanoseconds(clock.now() &- origin) < milliseconds * 1_000_000 {
            guard changes.sleepIfDue(clock: clock) else { continue }
            count += 1
            if count == 1 { first = Double(clock.nanoseconds(clock.now() &- origin)) / 1e6 }
        }
        return (count, first)
    }

    @Test("One change in each interval sleeps, those that were missed are not made up for")
    func onceInAnInterval() {
        let seen = sleeps(Scenario.LongChanges(nanoseconds: 3_000_000, everyNanoseconds: 10_000_000), milliseconds: 105)
        #expect((1...11).contains(seen.count))
        #expect(seen.first >= 13)
        let late = sleeps(Scenario.LongChanges(nanoseconds: 15_000_000, everyNanoseconds: 10_000_000), milliseconds: 99)
        #expect((1...5).contains(late.count))
    }

    @Test("Several invalidators sleep in turn")
    func inTurn() {
        let pattern = Scenario.LongChanges(nanoseconds: 3_000_000, everyNanoseconds: 40_000_000)
        #expect((13...).contains(sleeps(pattern, milliseconds: 45, invalidator: 0, of: 4).first))
        #expect((43...).contains(sleeps(pattern, milliseconds: 60, invalidator: 3, of: 4).first))
    }

    @Test("Long sections are few, and each invalidator has some beside its short ones")
    func fewAmongMany() throws {
        for (faulters, invalidators) in [(1, 1), (2, 3)] {
            var settings = StormSettings(scenario: .longSections, faulters: faulters, invalidators: invalidators)
            settings.windowNanoseconds = 200_000_000
            let measurement = try #require(
                Storm.run(settings, cancellation: Cancellation()) { StripeMutexGuard(pages: $0.pages) })
            #expect(measurement.staleInstalls == 0)
            #expect(measurement.invalidationLatency.samples > 20)
            #expect(try #require(measurement.longestInvalidationNanoseconds) >= 4_000_000)
            #expect(measurement.longestStartNanoseconds != nil)
            #expect(measurement.faults > 0)
        }
    }
}
