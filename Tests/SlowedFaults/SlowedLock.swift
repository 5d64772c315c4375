import Glibc
import NotifierDispatch
import Synchronization

/// A test-and-set lock before which a fault does so many steps of useless work as `SLOWED_FAULT_STEPS` says, each a
/// multiplication that waits for the one before.
struct SlowedLock: SectionLock, ~Copyable {
    static var measuresWaits: Bool { false }
    static var canTry: Bool { true }
    private let isHeld = Atomic<Bool>(false)
    private let product = Atomic<UInt64>(0)
    private let steps = getenv("SLOWED_FAULT_STEPS").flatMap { UInt64(String(cString: $0)) } ?? 0

    // Acquire, with the release in unlockForSection(): what a holder wrote is seen by the next.
    func tryLockForSection() -> Bool { !isHeld.exchange(true, ordering: .acquiring) }
    func lockForSection() { while !tryLockForSection() { sched_yield() } }
    func unlockForSection() { isHeld.store(false, ordering: .releasing) }

    func lockForFault() -> UInt64 {
        var product: UInt64 = 1
        for step in 0..<steps { product &*= step | 3 }
        // Relaxed: nobody reads it; without it the compiler would leave out the work.
        self.product.store(product, ordering: .relaxed)
        lockForSection()
        return 0  // how long it waited: not measured
    }

    func unlockForFault() { unlockForSection() }
}
