import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

@Suite(.serialized) struct MappingLockTests {
    private func settings(faulters: Int = 1, invalidators: Int = 1) -> StormSettings {
        var settings = StormSettings(scenario: .mappingLock, faulters: faulters, invalidators: invalidators)
        settings.windowNanoseconds = 50_000_000
        settings.warmUpNanoseconds = 5_000_000
        return settings
    }

    @Test("A walk waits for the lock")
    func walksTakeIt() throws {
        let work = DriverWork(settings())
        let lock = try #require(work.mappingLock)
        let cache = GuardedCache(space: StormSpace(pages: 16), guard: UnprotectedGuard(), work: work)
        lock.lock()
        let thread = RoleThread(number: 0) { cache.fault(at: 3).status }
        usleep(20_000)
        #expect(cache.shadow.entries[3].load(ordering: .relaxed) == ShadowTable.nothing)
        lock.unlock()
        #expect(thread.join() == .installed)
        // And gives it back.
        lock.lock()
        lock.unlock()
    }

    @Test("A section holds it from before its start to behind its end")
    func sectionsHoldIt() throws {
        let watch = SectionWatch()
        var settings = settings()
        settings.changeNanoseconds = 100_000
        let device = Device(pageTable: PageTable(pages: settings.scenario.pages), work: DriverWork(settings)) { _ in
            WatchedGuard(watch)
        }
        let lock = try #require(device.work.mappingLock)
        let observer = RoleThread(number: 1) {
            var openWithoutLock = 0
            while !watch.isOver.load(ordering: .relaxed) {
                lock.lock()
                openWithoutLock += watch.open.load(ordering: .acquiring)
                lock.unlock()
                usleep(10)
            }
            return openWithoutLock
        }
        let measurement = Storm.run(settings, cancellation: Cancellation(), device: device) {
            $0.run(on: device, atWindow: $1)
        }
        watch.isOver.store(true, ordering: .relaxed)
        #expect(observer.join() == 0)
        #expect(try #require(measurement).invalidationLatency.samples > 0)
    }

    @Test("Faults and sections both come through, with any number of threads", .timeLimit(.minutes(2)))
    func bothComeThrough() throws {
        for (faulters, invalidators) in [(1, 1), (2, 1), (1, 2), (4, 4)] {
            let settings = settings(faulters: faulters, invalidators: invalidators)
            let measurements = [
                Storm.run(settings, cancellation: Cancellation()) { _ in UnprotectedGuard() },
                // So patient that it never takes its fallback.
                Storm.run(settings, cancellation: Cancellation()) {
                    AsymmetricGuard(
                        space: $0.notifiers, pages: $0.pages,
                        budget: RetryBudget(collisions: .max, nanoseconds: 1_000_000_000_000))
                },
            ]
            for (number, measurement) in measurements.enumerated() {
                let measurement = try #require(measurement)
                #expect(measurement.faults > 0 && measurement.invalidationLatency.samples > 0)
                #expect(measurement.longestFaultNanoseconds >= 1_000)
                #expect(measurement.longestStartNanoseconds != nil)
                if number > 0 { #expect(measurement.staleInstalls == 0) }
            }
        }
    }

    @Test("Guards that are locked over walks say so, and others do not say it for them")
    func whoIsUnlocked() {
        #expect(!GuardEntry(name: "own", summary: "says nothing") { _ in WatchedGuard(SectionWatch()) }.walksUnlocked)
        #expect(GuardEntry(name: "own", summary: "keeps none") { _ in UnprotectedGuard() }.walksUnlocked)
    }
}

/// Whether a section is open between its start and its end.
private final class SectionWatch: Sendable {
    let open = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
}

/// Lets everything through, and tells of its sections.
private final class WatchedGuard: TranslationGuard, SectionObserver {
    let registration = GuardRegistration()
    let pages = Int.max
    static var isProtected: Bool { false }
    static var capabilities: SubscriberCapabilities { .receivesEnd }
    private let watch: SectionWatch

    init(_ watch: SectionWatch) { self.watch = watch }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        guard let translation = walk() else { return FaultOutcome(.absent) }
        install(translation)
        return FaultOutcome(.installed)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        // The end of a subscription is told as a section, too, and needs no lock of the driver's.
        if invalidation.event != .release { watch.open.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        teardown(invalidation.range)
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        if invalidation.event != .release { watch.open.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
    }

    func markDead() {}
    func resetAfterFork() {}
}
