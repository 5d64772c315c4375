import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct DriverWorkTests {
    private let clock = TickClock.calibrated

    private func settings(walk: UInt64 = 0, install: UInt64 = 0) -> StormSettings {
        var settings = StormSettings(scenario: .storm)
        settings.walkNanoseconds = walk
        settings.installNanoseconds = install
        return settings
    }

    @Test("A storm has no work of its own, and each of its parts is some")
    func whatIsNone() {
        #expect(DriverWork(settings()).isNone)
        #expect(!DriverWork(settings(walk: 1_000)).isNone)
        #expect(!DriverWork(settings(install: 1_000)).isNone)
        #expect(!DriverWork(StormSettings(scenario: .faultAround)).isNone)
        #expect(DriverWork(StormSettings(scenario: .pressure)).isNone == false)
        #expect(DriverWork(StormSettings(scenario: .installCost)).isNone == false)
    }

    @Test("A fault takes as long as its walk and its install, and the translation is there after it")
    func faultsTakeTheirTime() {
        let work = DriverWork(settings(walk: 2_000_000, install: 3_000_000))
        let cache = GuardedCache(space: StormSpace(pages: 16), guard: UnprotectedGuard(), work: work)
        let start = clock.now()
        #expect(cache.fault(at: 3).status == .installed)
        #expect(clock.nanoseconds(clock.now() &- start) >= 4_999_000)
        #expect(cache.shadow.entries[3].load(ordering: .relaxed) == 1)
    }

    @Test("The translation becomes visible when the install has taken its time")
    func installIsLast() {
        let cache = GuardedCache(
            space: StormSpace(pages: 16), guard: UnprotectedGuard(), work: DriverWork(settings(install: 200_000_000)))
        // Before the thread starts: this one may lose its core when it has.
        let start = clock.now()
        let thread = RoleThread(number: 0) { cache.fault(at: 3).status }
        while cache.shadow.entries[3].load(ordering: .relaxed) == ShadowTable.nothing {}
        #expect(clock.nanoseconds(clock.now() &- start) >= 199_000_000)
        #expect(thread.join() == .installed)
    }

    @Test("An install that takes long is found in every guard's faults")
    func installsTakeTheirTime() throws {
        for entry in GuardCatalogue.toBeHad {
            var settings = StormSettings(scenario: .calm, invalidators: 0)
            settings.installNanoseconds = 100_000
            settings.windowNanoseconds = 20_000_000
            settings.warmUpNanoseconds = 1_000_000
            let measurement = try #require(entry.run(settings, Cancellation()))
            #expect(measurement.faultsPerSecond < 10_010, "\(entry.name)")
            #expect(measurement.faultLatency.samples > 0, "\(entry.name)")
            #expect(measurement.staleInstalls == 0, "\(entry.name)")
        }
    }
}
