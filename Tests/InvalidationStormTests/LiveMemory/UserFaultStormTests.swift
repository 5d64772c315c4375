import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

/// Short storms: the figures mean nothing here, the checks do.
@Suite(.serialized, .enabled(if: UserFaults.areToBeHad, UserFaults.reason)) struct UserFaultStormTests {
    private func measure<Guard: TranslationGuard>(
        _ work: UserFaultWork, faulters: Int = 2, handlers: Int = 2, windowNanoseconds: UInt64 = 20_000_000,
        cancellation: Cancellation = Cancellation(),
        _ makeGuard: (StormSpace) -> Guard
    ) -> StormMeasurement? {
        var settings = LiveSettings(faulters: faulters, invalidators: 1)
        settings.handlers = handlers
        settings.windowNanoseconds = windowNanoseconds
        settings.warmUpNanoseconds = 2_000_000
        return UserFaultStorm.run(work, settings, cancellation: cancellation, makeGuard: makeGuard)
    }

    private func expectSound<Guard: TranslationGuard>(
        _ work: UserFaultWork, _ makeGuard: (StormSpace) -> Guard
    ) throws {
        let result = measure(work, makeGuard)
        let measured = try #require(result)
        let cell = "\(work.name) under \(Guard.self)"
        #expect(measured.staleInstalls == 0, "\(cell)")
        #expect(measured.faults > 0 && measured.faultsPerSecond > 0, "\(cell)")
        #expect(measured.faultLatency.samples == measured.faults, "\(cell)")
        // At random times, all may be due when the thread has no core.
        #expect(measured.invalidationsPerSecond > 0 || work.drops != .backToBack, "\(cell)")
        #expect(measured.pagesPerSecond != nil && measured.servingLatency != nil, "\(cell)")
    }

    @Test(
        "Every work under every kind of guard: faults are served, and nothing stale is seen",
        arguments: 0..<UserFaultStorm.works.count)
    func everyWork(_ number: Int) throws {
        let work = UserFaultStorm.works[number]
        try expectSound(work) { _ in MutexGuard() }
        try expectSound(work) { StripeMutexGuard(pages: $0.pages) }
        try expectSound(work) { KVMGuard(space: $0.notifiers) }
        try expectSound(work) { StripedGuard(space: $0.notifiers, pages: $0.pages) }
        // To write down 512 pages takes long in a debug build.
        guard work.pagesPerFault == 1 else { return }
        try expectSound(work) { _ in ReadWriteLockGuard() }
        try expectSound(work) { _ in SectionLockGuard<CKPhaseFairLock>() }
        try expectSound(work) { InvLockGuard(space: $0.notifiers) }
        try expectSound(work) { RangeCounterGuard(space: $0.notifiers) }
        try expectSound(work) { IntervalGuard(space: $0.notifiers, pages: $0.pages) }
        try expectSound(work) { IntervalStripeLockFreeGuard(space: $0.notifiers, pages: $0.pages) }
        try expectSound(work) { AsymmetricGuard(space: $0.notifiers, pages: $0.pages) }
        try expectSound(work) { FencedGuard(space: $0.notifiers, pages: $0.pages) }
        try expectSound(work) { AdaptiveGuard(space: $0.notifiers, pages: $0.pages) }
    }

    @Test("A storm without a guard is measured to its end, whatever is stale in it")
    func unprotected() throws {
        for work in UserFaultStorm.works { _ = try #require(measure(work) { _ in UnprotectedGuard() }) }
    }

    @Test("A cancelled storm ends, with all threads that wait for pages")
    func cancelled() {
        let cancellation = Cancellation()
        cancellation.raise()
        for work in UserFaultStorm.works {
            #expect(measure(work, cancellation: cancellation) { _ in MutexGuard() } == nil)
        }
    }

    @Test(
        "A fault fills in the pages around its own",
        .enabled(if: dlsym(nil, "__tsan_init") == nil, "the touches fault in ThreadSanitizer's own memory, too"))
    func faultAround() throws {
        let work = UserFaultWork(
            name: "around", summary: "", pagesPerFault: 16, touches: .ownPartInOrder,
            drops: .poisson(perSecond: 1), pages: 1024)
        let measured = try #require(
            measure(work, faulters: 1, handlers: 1, windowNanoseconds: 200_000_000) {
                StripeMutexGuard(pages: $0.pages)
            })
        // Nearly no drops: one fault in sixteen pages.
        #expect((measured.pagesPerSecond ?? 0) > 8 * measured.faultsPerSecond)
        #expect((measured.servingLatency?.samples ?? 0) > 0)
    }

    @Test("Every fault passes under a guard that has nobody install: the thread faults again until it does")
    func busyFaultsAreServedAgain() throws {
        let work = UserFaultWork(name: "busy", summary: "", drops: .poisson(perSecond: 1_000), pages: 64)
        let measured = try #require(measure(work) { _ in OftenBusyGuard() })
        #expect(measured.faults > 0 && measured.staleInstalls == 0)
    }
}

/// A mutex that has only every third fault install.
private final class OftenBusyGuard: TranslationGuard, SectionObserver {
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { MutexGuard.capabilities }

    private let mutex = MutexGuard()
    private let faults = Atomic<UInt64>(0)
    var registration: GuardRegistration { mutex.registration }
    var pages: Int { mutex.pages }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        guard faults.wrappingAdd(1, ordering: .relaxed).newValue.isMultiple(of: 3) else {
            _ = walk()
            return FaultOutcome(.busy)
        }
        return mutex.fault(at: page, walk: walk, install: install)
    }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        mutex.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { mutex.invalidationEnded(invalidation) }
    func markDead() { mutex.markDead() }
    func resetAfterFork() { mutex.resetAfterFork() }
}
