import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch

/// Faults, one after the other, while nothing is invalidated.
enum GuardPairs {
    static func make() -> [Pair] {
        [
            pair("unprotected", UnprotectedGuard(), floor: floor_fault_unprotected_loop),
            pair("ck-pflock", SectionLockGuard<CKPhaseFairLock>(), floor: floor_fault_ck_pflock_loop),
            pair("invlock", InvLockGuard(space: Subscriptions()), floor: floor_fault_inv_lock_loop),
            pair("kvm", KVMGuard(space: Subscriptions()), floor: floor_fault_kvm_loop),
            pair(
                "interval", IntervalGuard(space: Subscriptions(), pages: pages), floor: floor_fault_interval_loop),
            pair(
                "interval-lockfree", IntervalLockFreeGuard(space: Subscriptions(), pages: pages),
                floor: floor_fault_interval_lock_free_loop),
        ]
    }

    /// How many pages there are, a power of two: both tables fit a core's first cache.
    static var pages: Int { 1_024 }

    /// A guard, by its name on invbench's command line, and the same fault in C.
    private static func pair<Guard: TranslationGuard>(
        _ name: String, _ translationGuard: Guard, floor loop: @escaping @Sendable (OpaquePointer, UInt64) -> UInt64
    ) -> Pair {
        let words = GuardedWords(pages: pages, guard: translationGuard)
        let floor = Floor(floor_pages_create(pages), destroy: floor_pages_destroy)
        return Pair("guard/\(name)/fault", swift: { words.fault(count: $0) }, c: { loop(floor.pointer, $0) })
    }
}
