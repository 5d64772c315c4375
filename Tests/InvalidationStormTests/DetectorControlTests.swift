import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

@Suite struct DetectorControlTests {
    @Test("Every check finds the stale translation that was put before it, every time")
    func everyInterleavingIsCaught() {
        for _ in 0..<200 {
            RCU.withRegisteredThread {
                for interleaving in DetectorControl.Interleaving.allCases {
                    #expect(interleaving.isCaught(), "\(interleaving)")
                }
            }
        }
        #expect(DetectorControl.run())
    }

    /// Drives a guard through the same bad luck with two threads: the invalidation is made while a fault is in its walk.
    private func staleTranslations<Guard: TranslationGuard>(_ makeGuard: (StormSpace) -> Guard) throws -> UInt64 {
        let space = StormSpace(pages: 1024)
        let cache = GuardedCache(space: space, guard: makeGuard(space))
        let range = try #require(InvalidationRange(pages: 0..<16))
        let subscription = try RCU.withRegisteredThread { try space.notifiers.register(cache, over: range) }
        let isWalking = Atomic<Bool>(false)
        let isStarting = Atomic<Bool>(false)
        let invalidator = RoleThread(number: 1) {
            while !isWalking.load(ordering: .acquiring) { sched_yield() }
            isStarting.store(true, ordering: .releasing)
            space.notifiers.invalidate(range, event: .clear) {
                space.change(range)
                cache.shadow.checkNothingVisible(in: range)
            }
        }
        RCU.withRegisteredThread {
            _ = cache.guard.fault(
                at: 3,
                walk: { () -> UInt64? in
                    let generation = space.walk(3)
                    isWalking.store(true, ordering: .releasing)
                    while !isStarting.load(ordering: .acquiring) { sched_yield() }
                    // Long enough for a start that does not wait for this walk. One that waits cannot be seen to.
                    usleep(2_000)
                    return generation
                }, install: { cache.shadow.install($0, at: 3) })
        }
        invalidator.join()
        cache.shadow.checkAgainstPageTable()
        RCU.withRegisteredThread { space.notifiers.unregister(subscription) }
        return cache.shadow.staleCount
    }

    @Test("No protected guard lets the same interleaving through")
    func protectedGuardsHold() throws {
        #expect(try staleTranslations { _ in MutexGuard() } == 0)
        #expect(try staleTranslations { _ in ReadWriteLockGuard() } == 0)
        #expect(try staleTranslations { StripeMutexGuard(pages: $0.pages) } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<StandardSharedMutex>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKReadWriteLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKPhaseFairLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKTaskFairLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKBigReaderLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKByteLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<CKCohortLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<TBBSpinReadWriteLock>() } == 0)
        #expect(try staleTranslations { _ in SectionLockGuard<TBBQueuingReadWriteLock>() } == 0)
        #expect(try staleTranslations { InvLockGuard(space: $0.notifiers) } == 0)
        #expect(try staleTranslations { RangeCounterGuard(space: $0.notifiers) } == 0)
        #expect(try staleTranslations { KVMGuard(space: $0.notifiers) } == 0)
        #expect(try staleTranslations { IntervalGuard(space: $0.notifiers, pages: $0.pages) } == 0)
        #expect(try staleTranslations { IntervalStripeLockFreeGuard(space: $0.notifiers, pages: $0.pages) } == 0)
    }
}
