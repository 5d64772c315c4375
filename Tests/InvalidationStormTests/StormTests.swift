import NotifierDispatch
import Testing

@testable import InvalidationStorm

/// Short storms on every guard: the figures mean nothing here, the checks do.
@Suite(.serialized) struct StormTests {
    func settings(_ scenario: Scenario, faulters: Int, invalidators: Int) -> StormSettings {
        var settings = StormSettings(
            scenario: scenario, faulters: faulters, invalidators: scenario.invalidates ? invalidators : 0)
        // Long enough that every thread gets a turn on two cores.
        settings.windowNanoseconds = 40_000_000
        settings.warmUpNanoseconds = 2_000_000
        return settings
    }

    @Test("The built-in guards have the names that results are compared by")
    func guardNames() {
        #expect(
            GuardCatalogue.builtIn.map(\.name)
                == ["unprotected", "mutex", "rwlock", "stripe-mutex", "invlock", "range-counter"])
        #expect(GuardCatalogue.builtIn.filter { !$0.isProtected }.map(\.name) == ["unprotected"])
        #expect(
            GuardCatalogue.builtIn.filter(\.needsTargetedUndo).map(\.name) == ["mutex", "rwlock", "stripe-mutex"])
        #expect(Scenario.builtIn.map(\.name) == ["calm", "steady", "storm", "pressure", "hot", "nonblocking"])
    }

    @Test("Every guard in every scenario: work is done, and protected guards show nothing stale")
    func everyCell() throws {
        for (faulters, invalidators) in [(1, 1), (2, 1), (2, 2)] {
            for scenario in Scenario.builtIn {
                for entry in GuardCatalogue.builtIn {
                    let settings = settings(scenario, faulters: faulters, invalidators: invalidators)
                    let measurement = try #require(entry.run(settings, Cancellation()))
                    let cell = "\(entry.name)/\(scenario.name)/\(faulters)+\(invalidators)"
                    if entry.isProtected { #expect(measurement.staleInstalls == 0, "\(cell)") }
                    #expect(measurement.faults > 0, "\(cell)")
                    #expect(measurement.faultsPerSecond > 0, "\(cell)")
                    #expect(measurement.faultLatency.samples > 0, "\(cell)")
                    #expect((0.4...1).contains(measurement.fairness), "\(cell)")
                    #expect((measurement.coreRoundTripNanoseconds != nil) == (faulters + settings.invalidators > 1))
                    if !scenario.invalidates { #expect(measurement.invalidationLatency.samples == 0, "\(cell)") }
                    if scenario.isBlockable { #expect(measurement.wouldBlocks == 0, "\(cell)") }
                }
            }
        }
    }

    @Test("Half of the non-blockable starts fail on the second subscriber, and the run goes on")
    func nonblockingFails() throws {
        let entry = try #require(GuardCatalogue.builtIn.first { $0.name == "invlock" })
        var settings = settings(.nonblocking, faulters: 1, invalidators: 1)
        settings.windowNanoseconds = 50_000_000
        for pairing in PairingPolicy.allCases {
            settings.pairing = pairing
            let measurement = try #require(entry.run(settings, Cancellation()))
            #expect(measurement.wouldBlocks > 0)
            #expect(measurement.invalidationLatency.samples > 0)
            #expect(measurement.staleInstalls == 0)
        }
    }

    @Test("A trace is replayed on pages of its own count")
    func replaysATrace() throws {
        let steps = try [(0..<700, InvalidationEvent.unmap), (650..<1300, .protectionPage), (3..<4, .clear)].map {
            TraceStep(nanoseconds: 0, event: $1, range: try #require(InvalidationRange(pages: $0)))
        }
        let scenario = Scenario.replaying(Trace(name: "hand-made", steps: steps, pages: 1300))
        #expect(scenario.name == "trace:hand-made")
        for entry in GuardCatalogue.builtIn {
            let measurement = try #require(entry.run(settings(scenario, faulters: 1, invalidators: 1), Cancellation()))
            if entry.isProtected { #expect(measurement.staleInstalls == 0, "\(entry.name)") }
            #expect(measurement.invalidationLatency.samples > 0, "\(entry.name)")
        }
    }

    @Test("A cancelled repetition gives no measurement, and the next one runs again")
    func cancellation() throws {
        let entry = GuardCatalogue.builtIn[0]
        let cancellation = Cancellation()
        cancellation.raise()
        var long = settings(.storm, faulters: 1, invalidators: 1)
        long.windowNanoseconds = 3_600_000_000_000
        #expect(entry.run(long, cancellation) == nil)
        #expect(entry.run(settings(.storm, faulters: 1, invalidators: 1), Cancellation()) != nil)
    }

    @Test("Jain's index is 1 for equal shares and 1/n where one has everything")
    func jainIndex() {
        #expect(StormMeasurement.jainIndex([5, 5, 5, 5]) == 1)
        #expect(StormMeasurement.jainIndex([8, 0, 0, 0]) == 0.25)
        #expect(StormMeasurement.jainIndex([1, 3]) == 0.8)
        #expect(StormMeasurement.jainIndex([0, 0]) == 1)
    }
}
