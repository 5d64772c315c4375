import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch

/// Faults, one after the other, while nothing is invalidated.
enum GuardPairs {
    static func make() -> [Pair] {
        [
            pair("unprotected/fault", UnprotectedGuard(), floor: floor_fault_unprotected_loop),
            pair("ck-pflock/fault", SectionLockGuard<CKPhaseFairLock>(), floor: floor_fault_ck_pflock_loop),
            pair("invlock/fault", InvLockGuard(space: AddressSpace()), floor: floor_fault_inv_lock_loop),
            pair("kvm/fault", KVMGuard(space: AddressSpace()), floor: floor_fault_kvm_loop),
            pair(
                "interval/fault", IntervalGuard(space: AddressSpace(), pages: pages),
                floor: floor_fault_interval_loop),
            pair(
                "interval-lockfree/fault", IntervalLockFreeGuard(space: AddressSpace(), pages: pages),
                floor: floor_fault_interval_lock_free_loop),
            pair("striped/fault", StripedGuard(space: AddressSpace(), pages: pages), floor: floor_fault_striped_loop),
            pair(
                "asymmetric/fault", AsymmetricGuard(space: AddressSpace(), pages: pages),
                floor: floor_fault_asymmetric_loop),
            pair(
                "fenced/fault", FencedGuard(space: AddressSpace(), pages: pages), floor: floor_fault_fenced_loop),
        ] + restartablePairs + [
            pair("adaptive/fault/biased", makeAdaptive(), floor: floor_fault_adaptive_loop),
            unbiasedPair,
        ]
    }

    /// None in a process without restartable sequences.
    private static var restartablePairs: [Pair] {
        if RestartableSequences.refusal != nil { return [] }
        let words = GuardedWords(pages: pages, guard: RestartableGuard(space: AddressSpace(), pages: pages))
        let floor = makeFloor()
        return [
            Pair(
                "guard/restartable/fault", swift: { words.faultIntoSlots(count: $0) },
                c: { floor_fault_restartable_loop(floor.pointer, $0) })
        ]
    }

    /// How many pages there are, a power of two: both tables fit a core's first cache.
    static var pages: Int { 1_024 }

    /// Of the time, for revocations: so little that the first one spends it for hours, and what is off stays off.
    static var biasBudget: Double { 1e-10 }

    static func makeAdaptive() -> AdaptiveGuard {
        AdaptiveGuard(space: AddressSpace(), pages: pages, biasBudget: biasBudget)
    }

    /// What the faults of a floor work on.
    static func makeFloor() -> Floor { Floor(floor_pages_create(pages, biasBudget), destroy: floor_pages_destroy) }

    /// A guard, by its name on invbench's command line, and the same fault in C.
    private static func pair<Guard: TranslationGuard>(
        _ name: String, _ translationGuard: Guard, on floor: Floor = makeFloor(),
        floor loop: @escaping @Sendable (OpaquePointer, UInt64) -> UInt64
    ) -> Pair {
        let words = GuardedWords(pages: pages, guard: translationGuard)
        return Pair("guard/\(name)", swift: { words.fault(count: $0) }, c: { loop(floor.pointer, $0) })
    }

    /// Behind one section over all pages, which revokes the bias of each stripe.
    private static var unbiasedPair: Pair {
        let (adaptive, floor) = (makeAdaptive(), makeFloor())
        let section = GuardSectionPairs.invalidation(pages: 0..<pages)
        GuardSectionPairs.run(adaptive, section, count: 1)
        let floorAdaptive = floor_pages_adaptive(floor.pointer)
        floor_adaptive_started(
            floorAdaptive, 0, Int64(pages), Int64(ThreadRegistration.indexLimit), { _, _, _ in }, nil)
        floor_adaptive_ended(floorAdaptive, 0, Int64(pages))
        return pair("adaptive/fault/off", adaptive, on: floor, floor: floor_fault_adaptive_loop)
    }
}
