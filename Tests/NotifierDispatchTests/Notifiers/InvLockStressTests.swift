import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("InvLock under load")
struct InvLockStressTests {
    /// A page and its translation, plain where the lock protects them.
    final class Page: @unchecked Sendable {
        // @unchecked: `translation` is only touched with the lock held.
        let generation = Atomic<Int>(1)
        var translation = 0
        let stale = EventCounter()
        let installs = EventCounter()
    }

    @Test("Invariant 8: no install of an old value after a teardown; readers that sleep are woken")
    func noStaleInstall() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let page = Page()
            runThreads(4) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<1_500 {
                    if number < 2 {
                        guard let ticket = invLock.ticket() else { return }
                        let generation = page.generation.load(ordering: .acquiring)
                        if random.oneIn(3) { sched_yield() }
                        invLock.lock()
                        if !invLock.readRetry(ticket) {
                            page.translation = generation
                            page.installs.count()
                        }
                        invLock.unlock()
                    } else {
                        invLock.invalidationStarted(.of(0..<1)) { _ in page.translation = 0 }
                        page.generation.wrappingAdd(1, ordering: .acquiringAndReleasing)
                        if random.oneIn(3) { sched_yield() }
                        invLock.lock()
                        if page.translation != 0 { page.stale.count() }
                        invLock.unlock()
                        invLock.end(0..<1)
                        invLock.lock()
                        let current = page.generation.load(ordering: .acquiring)
                        if page.translation > current { page.stale.count() }
                        invLock.unlock()
                    }
                }
            }
            let translation = page.translation
            #expect(translation == 0 || translation == page.generation.load(ordering: .acquiring))
            #expect(page.stale.value == 0)
            #expect(page.installs.value > 0)
            #expect(invLock.activeCount == 0)
            #expect(invLock.sleeperCount == 0)
        }
    }
}
