import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

/// Lives of a space that end and begin on one thread, with faults where a test wants them.
@Suite struct SpaceLivesTests {
    let scenario = Scenario(
        name: "lives", arrivals: .backToBack, pagesPerInvalidation: 1024, placement: .inSteps, event: .release,
        pages: 1024)

    /// What a test saw of a renewal.
    private struct Renewal {
        /// How many translations were visible when the release had returned.
        var visible = 0
        /// What a fault said that came between the two lives.
        var lateFault = FaultOutcome.Status.absent
        /// What a fault said in the second life, and after it.
        var nextFault = FaultOutcome.Status.absent
        var lastFault = FaultOutcome.Status.absent
        var stale: UInt64 = 0
    }

    /// Fills the shadow table, renews the space, and faults once between the lives, once in the second, and once after.
    private func renewing<Guard: TranslationGuard>(
        _ makeGuard: @escaping @Sendable (StormSpace) -> Guard
    ) -> Renewal {
        let device = Device(pageTable: PageTable(pages: 1024), makeGuard: makeGuard)
        return RCU.withRegisteredThread {
            let lives = SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device)
            let cache = device.cache
            for page in 0..<1024 { _ = cache.fault(at: page) }
            var seen = Renewal()
            lives.renew {
                seen.visible = (0..<1024).count {
                    device.shadow.entries[$0].load(ordering: .relaxed) != ShadowTable.nothing
                }
                seen.lateFault = cache.fault(at: 3).status
                device.shadow.pageTable.change(device.shadow.pageTable.wholeRange)
            }
            seen.stale = device.shadow.staleCount
            seen.nextFault = device.cache.fault(at: 3).status
            lives.end()
            seen.lastFault = device.cache.fault(at: 3).status
            return seen
        }
    }

    private func holds<Guard: TranslationGuard>(
        _ makeGuard: @escaping @Sendable (StormSpace) -> Guard
    ) -> Bool {
        let seen = renewing(makeGuard)
        return seen.visible == 0 && seen.lateFault == .dead && seen.stale == 0 && seen.nextFault == .installed
            && seen.lastFault == .dead
    }

    @Test("Invariants 22, 37: after a release nothing is visible, and nothing is installed before the next life")
    func releaseIsComplete() {
        #expect(holds { _ in MutexGuard() })
        #expect(holds { _ in ReadWriteLockGuard() })
        #expect(holds { StripeMutexGuard(pages: $0.pages) })
        #expect(holds { _ in SectionLockGuard<StandardSharedMutex>() })
        #expect(holds { _ in SectionLockGuard<CKReadWriteLock>() })
        #expect(holds { _ in SectionLockGuard<CKPhaseFairLock>() })
        #expect(holds { _ in SectionLockGuard<CKTaskFairLock>() })
        #expect(holds { _ in SectionLockGuard<CKBigReaderLock>() })
        #expect(holds { _ in SectionLockGuard<CKByteLock>() })
        #expect(holds { _ in SectionLockGuard<CKCohortLock>() })
        #expect(holds { _ in SectionLockGuard<TBBSpinReadWriteLock>() })
        #expect(holds { _ in SectionLockGuard<TBBQueuingReadWriteLock>() })
        #expect(holds { InvLockGuard(space: $0.notifiers) })
        #expect(holds { RangeCounterGuard(space: $0.notifiers) })
        #expect(holds { KVMGuard(space: $0.notifiers) })
        #expect(holds { IntervalGuard(space: $0.notifiers, pages: $0.pages) })
        #expect(holds { IntervalLockFreeGuard(space: $0.notifiers, pages: $0.pages) })
        #expect(holds { IntervalStripeGuard(space: $0.notifiers, pages: $0.pages) })
        #expect(holds { IntervalStripeLockFreeGuard(space: $0.notifiers, pages: $0.pages) })
    }

    @Test("A guard that still installs between two lives is caught, every time")
    func lateInstallIsCaught() {
        for _ in 0..<100 {
            let seen = renewing { _ in UnprotectedGuard() }
            #expect(seen.lateFault == .installed)
            #expect(seen.stale == 1)
        }
    }

    @Test("A release that leaves translations is caught")
    func leftTranslationsAreCaught() {
        let device = HoardingDevice(pageTable: PageTable(pages: 1024))
        RCU.withRegisteredThread {
            let lives = SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device)
            lives.renew {}
            #expect(device.shadow.staleCount == 0)
            for page in 5..<9 { device.shadow.install(1, at: page) }
            lives.renew { device.shadow.pageTable.change(device.shadow.pageTable.wholeRange) }
            lives.end()
        }
        #expect(device.shadow.staleCount == 4)
    }

    @Test("Each life has its own subscriptions and its own guard, over one page table and one shadow table")
    func livesShareTheTables() {
        let device = Device(pageTable: PageTable(pages: 1024)) { _ in MutexGuard() }
        RCU.withRegisteredThread {
            let lives = SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device)
            let (first, firstCache) = (lives.space, device.cache)
            lives.renew { first.change(first.pageTable.wholeRange) }
            let (second, secondCache) = (lives.space, device.cache)
            // By identifiers: a failure prints what is compared, and the objects have parts that cannot be copied.
            func same(_ one: AnyObject, _ other: AnyObject) -> Bool { ObjectIdentifier(one) == ObjectIdentifier(other) }
            let subscriptionsAreShared = same(second.notifiers, first.notifiers)
            let guardIsShared = same(secondCache.guard, firstCache.guard)
            let pageTableIsShared = same(second.pageTable, first.pageTable)
            let shadowIsShared = same(secondCache.shadow, firstCache.shadow)
            #expect(!subscriptionsAreShared && !guardIsShared)
            #expect(pageTableIsShared && shadowIsShared)
            #expect(second.walk(1023) == 2)
            lives.end()
        }
    }

    @Test("Two threads that end the space do so one after the other")
    func renewalsExclude() {
        let device = Device(pageTable: PageTable(pages: 1024)) { _ in MutexGuard() }
        let lives = RCU.withRegisteredThread {
            SpaceLives(scenario: scenario, pairing: .targetedUndo, device: device)
        }
        let inside = Counters()
        let threads = (0..<2).map { number in
            RoleThread(number: number) {
                for _ in 0..<50 {
                    lives.renew {
                        inside.enter()
                        sched_yield()
                        inside.leave()
                    }
                }
            }
        }
        threads.forEach { $0.join() }
        RCU.withRegisteredThread { lives.end() }
        #expect(inside.entries == 100)
        #expect(inside.mostAtOnce == 1)
    }
}

/// How many threads are somewhere at once, at most.
private final class Counters: Sendable {
    private let present = Atomic<Int>(0)
    private let most = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    func enter() {
        total.wrappingAdd(1, ordering: .relaxed)
        most.max(present.wrappingAdd(1, ordering: .relaxed).newValue, ordering: .relaxed)
    }
    func leave() { present.wrappingSubtract(1, ordering: .relaxed) }
    var mostAtOnce: Int { most.load(ordering: .relaxed) }
    var entries: Int { total.load(ordering: .relaxed) }
}

/// A device that drops nothing when its space ends.
private final class HoardingDevice: AttachableDevice {
    let shadow: ShadowTable
    let work = DriverWork.none

    init(pageTable: PageTable) { shadow = ShadowTable(pageTable: pageTable) }

    func attach(to space: StormSpace) throws(RegistrationError) -> CacheSubscription {
        CacheSubscription(try space.notifiers.register(Bystander()))
    }
}
