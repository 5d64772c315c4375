import Glibc
import NotifierDispatch
import Synchronization

/// How many steps of useless work a fault does.
protocol UselessWork {
    static var steps: UInt64 { get }
}

/// None.
enum NoWork: UselessWork {
    static let steps: UInt64 = 0
}

/// As many as `SLOWED_FAULT_STEPS` says; none if it says nothing.
enum WorkOfTheEnvironment: UselessWork {
    static let steps = getenv("SLOWED_FAULT_STEPS").flatMap { UInt64(String(cString: $0)) } ?? 0
}

/// A test-and-set lock before which a fault does some steps of useless work, each a multiplication that waits for the one
/// before.
struct SlowedLock<Work: UselessWork>: SectionLock, ~Copyable {
    static var measuresWaits: Bool { false }
    static var canTry: Bool { true }
    private let isHeld = Atomic<Bool>(false)
    private let product = Atomic<UInt64>(0)
    private let steps = Work.steps

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
