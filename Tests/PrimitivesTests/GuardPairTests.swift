import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch
import Testing

@testable import primitives

/// What faults do, on both sides.
@Suite struct GuardPairTests {
    @Test func faultsInstallTheSameOnBothSides() {
        let pages = 8
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let guards: KeyValuePairs = [
                "unprotected": (
                    installed(by: UnprotectedGuard(), faults: 5, pages: pages), floor_fault_unprotected_loop
                ),
                "ck-pflock": (
                    installed(by: SectionLockGuard<CKPhaseFairLock>(), faults: 5, pages: pages),
                    floor_fault_ck_pflock_loop
                ),
                "invlock": (
                    installed(by: InvLockGuard(space: space), faults: 5, pages: pages), floor_fault_inv_lock_loop
                ),
                "kvm": (installed(by: KVMGuard(space: space), faults: 5, pages: pages), floor_fault_kvm_loop),
                "interval": (
                    installed(by: IntervalGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_interval_loop
                ),
                "interval-lockfree": (
                    installed(by: IntervalLockFreeGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_interval_lock_free_loop
                ),
                "striped": (
                    installed(by: StripedGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_striped_loop
                ),
                "asymmetric": (
                    installed(by: AsymmetricGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_asymmetric_loop
                ),
                "fenced": (
                    installed(by: FencedGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_fenced_loop
                ),
                "adaptive": (
                    installed(by: AdaptiveGuard(space: space, pages: pages), faults: 5, pages: pages),
                    floor_fault_adaptive_loop
                ),
            ]
            for (name, (translations, loop)) in guards {
                let floor = Floor(floor_pages_create(pages, 0.1), destroy: floor_pages_destroy)
                #expect(loop(floor.pointer, 5) == 5, "\(name)")
                #expect(translations == [1, 2, 3, 4, 5, 0, 0, 0], "\(name)")
                #expect((0..<pages).map { floor_pages_translation(floor.pointer, $0) } == translations, "\(name)")
            }
        }
    }

    @Test(.enabled(if: RestartableSequences.refusal == nil))
    func faultsInSequencesReachTheirPagesOnBothSides() {
        RCU.withRegisteredThread {
            let words = GuardedWords(pages: 8, guard: RestartableGuard(space: AddressSpace(), pages: 8))
            #expect(words.faultIntoSlots(count: 5) == 5)
            #expect((0..<8).map(words.translation) == [1, 2, 3, 4, 5, 0, 0, 0])
            let floor = Floor(floor_pages_create(8, 0.1), destroy: floor_pages_destroy)
            #expect(floor_fault_restartable_loop(floor.pointer, 5) == 5)
            #expect((0..<8).map { floor_pages_translation(floor.pointer, $0) } == [1, 2, 3, 4, 5, 0, 0, 0])
        }
    }

    @Test func faultsOfKVMsSchemeInCAreTurnedBackWhereTheHullIs() {
        let floor = Floor(floor_pages_create(8, 0.1), destroy: floor_pages_destroy)
        let kvm = floor_pages_kvm(floor.pointer)
        RCU.withRegisteredThread {
            for (first, second) in [(4..<6, 2..<3), (2..<3, 4..<6)] {
                floor_kvm_started(kvm, Int64(first.lowerBound), Int64(first.upperBound))
                #expect(floor_fault_kvm_loop(floor.pointer, 8) == 8 - UInt64(first.count))
                floor_kvm_started(kvm, Int64(second.lowerBound), Int64(second.upperBound))
                #expect(floor_fault_kvm_loop(floor.pointer, 8) == 4)
                floor_kvm_ended(kvm)
                #expect(floor_fault_kvm_loop(floor.pointer, 8) == 4)
                floor_kvm_ended(kvm)
                #expect(floor_fault_kvm_loop(floor.pointer, 8) == 8)
            }
        }
    }

    private func installed<Guard: TranslationGuard>(
        by translationGuard: Guard, faults: Int, pages: Int
    ) -> [UInt64] {
        let words = GuardedWords(pages: pages, guard: translationGuard)
        #expect(words.fault(count: faults) == faults)
        return (0..<pages).map(words.translation)
    }
}

/// The storm's own faults, and the bare ones.
@Suite struct HarnessPairTests {
    @Test func faultsReachEveryPartOfTheTablesOnBothSides() {
        let floor = Floor(floor_bare_faults_create(), destroy: floor_bare_faults_destroy)
        #expect((0..<65_536).allSatisfy { floor_bare_faults_translation(floor.pointer, $0) == 0 })
        // A page is missed by all of them with a probability of e to the power of -16.
        let count = 1 << 20
        #expect(floor_bare_faults_loop(floor.pointer, UInt64(count)) == count)
        let filled = (0..<65_536).count { floor_bare_faults_translation(floor.pointer, $0) == $0 + 1 }
        #expect(filled > 65_500)
        #expect(RCU.withRegisteredThread { HarnessFaults().fault(count: count) } == count)
    }
}
