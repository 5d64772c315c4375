import CPlatform
import Glibc
import Testing

@testable import NotifierDispatch

@Suite("RestartableSequences")
struct RestartableSequencesTests {
    static let areThere = RestartableSequences.refusal == nil

    @Test("The trials see both aborts, or the refusal says why there are none")
    func refusal() throws {
        switch RestartableSequences.refusal {
        case nil:
            try RestartableSequences.tryPreemption(on: cplatform_processor())
            try RestartableSequences.tryBarrier { cplatform_membarrier_restart() }
        case .area, .processor, .sanitizer, .barrier: break
        case let other?: Issue.record("\(other)")
        }
    }

    @Test("A barrier that aborts nothing is found", .enabled(if: areThere))
    func findsNoBarrier() {
        #expect(eventuallyThrows(.goesOnAfterBarrier) { try RestartableSequences.tryBarrier { 0 } })
        // It interrupts, and restarts nothing.
        guard cplatform_membarrier_register() == 0 else { return }
        #expect(
            eventuallyThrows(.goesOnAfterBarrier) { try RestartableSequences.tryBarrier { cplatform_membarrier() } })
    }

    @Test(
        "A sequence that goes on beside its partner is found",
        .enabled(if: areThere && sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1))
    func findsNoPreemption() {
        // On another core, the partner takes nothing away.
        #expect(eventuallyThrows(.goesOnAfterPreemption) { try RestartableSequences.tryPreemption(on: nil) })
    }

    @Test("A barrier that is refused is the refusal", .enabled(if: areThere))
    func refusedBarrier() {
        #expect(throws: RestartableSequences.Refusal.barrier(EPERM)) { try RestartableSequences.tryBarrier { EPERM } }
    }

    @Test("A core that does not exist is a refusal, and nobody is waited for", .enabled(if: areThere))
    func noCore() {
        #expect(throws: RestartableSequences.Refusal.threads(EINVAL)) {
            try RestartableSequences.tryPreemption(on: 1_023)
        }
    }

    @Test("Without memory for the barrier, processor by processor does as well", .enabled(if: areThere))
    func withoutMemory() throws {
        let barrier = ProcessBarrier(
            isKernels: true,
            kernel: ProcessBarrier.Kernel(expedited: { ENOMEM }, global: ProcessBarrier.restarting.kernel.global))
        try RestartableSequences.tryBarrier {
            barrier.heavy()
            return 0
        }
    }

    /// A trial may be aborted by chance, when its thread loses its core.
    private func eventuallyThrows(_ expected: RestartableSequences.Refusal, _ trial: () throws -> Void) -> Bool {
        (0..<1_000).contains { _ in
            do { try trial() } catch { return error as? RestartableSequences.Refusal == expected }
            return false
        }
    }
}
