import Glibc
import InvalidationStorm
import InvbenchCommand
import NotifierDispatch
import Synchronization

/// The simplest lock there is.
struct TestAndSet: SectionLock, ~Copyable {
    static var measuresWaits: Bool { false }
    static var canTry: Bool { true }
    private let isHeld = Atomic<Bool>(false)
    // Acquire, with the release in unlockForSection(): what a holder wrote is seen by the next.
    func tryLockForSection() -> Bool { !isHeld.exchange(true, ordering: .acquiring) }
    func lockForSection() { while !tryLockForSection() { sched_yield() } }
    func unlockForSection() { isHeld.store(false, ordering: .releasing) }
    func lockForFault() -> UInt64 {
        lockForSection()
        return 0  // how long it waited: not measured
    }
    func unlockForFault() { unlockForSection() }
}

let mine = GuardEntry(name: "mine", summary: "a test-and-set lock, held from start to end") { _ in
    SectionLockGuard<TestAndSet>()
}
Invbench.main(guards: GuardCatalogue.builtIn + [mine])
