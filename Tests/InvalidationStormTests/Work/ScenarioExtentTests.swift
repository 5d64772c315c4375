import Testing

@testable import InvalidationStorm

@Suite struct ScenarioExtentTests {
    @Test func whatIsNotNamedStaysTheScenariosOwn() throws {
        let same = try #require(Scenario.fanout.over(Scenario.Extent()))
        #expect(same.pages == 65_536 && same.pagesPerInvalidation == 16 && same.intervalBystanders == 64)
        let larger = try #require(Scenario.fanout.over(Scenario.Extent(pages: 1 << 20)))
        #expect(larger.pages == 1 << 20 && larger.pagesPerInvalidation == 16 && larger.intervalBystanders == 64)
    }

    @Test func theWholeSpaceStaysTheWholeSpace() throws {
        let exit = try #require(Scenario.exit.over(Scenario.Extent(pages: 1 << 17, pagesPerInvalidation: 16)))
        #expect(exit.pagesPerInvalidation == 1 << 17)
    }

    @Test func whatHasNoPlaceIsRefused() {
        #expect(Scenario.storm.over(Scenario.Extent(pages: 8)) == nil)
        #expect(Scenario.storm.over(Scenario.Extent(pages: 16, intervalBystanders: 17)) == nil)
        #expect(Scenario.storm.over(Scenario.Extent(pages: 16, intervalBystanders: 16)) != nil)
        #expect(Scenario.prefetch.over(Scenario.Extent(pages: 256)) == nil)
        // In steps, which divide the space.
        #expect(Scenario.sweep.over(Scenario.Extent(pagesPerInvalidation: 511)) == nil)
    }

    @Test func aStormRunsOverAnotherExtent() throws {
        let scenario = try #require(
            Scenario.storm.over(Scenario.Extent(pages: 1 << 12, pagesPerInvalidation: 4, intervalBystanders: 100)))
        var settings = StormSettings(scenario: scenario)
        settings.windowNanoseconds = 5_000_000
        let entry = try #require(GuardCatalogue.builtIn.first { $0.name == "striped" })
        let measured = entry.run(settings, Cancellation())
        #expect(measured?.staleInstalls == 0)
        #expect(measured?.invalidationsPerSecond ?? 0 > 0)
    }
}
