import CPlatform
import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("ProcessBarrier")
struct ProcessBarrierTests {
    /// A word of each side, on one new line for each round, and how many looked in vain.
    private final class Rounds: Sendable {
        struct Round: ~Copyable {
            let frequent = Atomic<Bool>(false)
            let rare = Atomic<Bool>(false)
        }

        static let count = 50_000
        let rounds = CacheLineArray<Round>(count: count) { Round() }
        let misses = CacheLineArray<Atomic<Int>>(count: count) { Atomic(0) }
        let meeting = Meeting()
    }

    @Test("Of two sides that store and then look, at least one sees the other", arguments: ProcessBarrier.variants)
    func oneSideSees(barrier: ProcessBarrier) {
        let rounds = Rounds()
        runThreads(2) { side in
            for number in 0..<Rounds.count {
                let round = rounds.rounds[number]
                rounds.meeting.meet(at: number)
                let sees: Bool
                // Relaxed, all: the barrier alone must do.
                if side == 0 {
                    round.pointee.frequent.store(true, ordering: .relaxed)
                    barrier.light()
                    sees = round.pointee.rare.load(ordering: .relaxed)
                } else {
                    round.pointee.rare.store(true, ordering: .relaxed)
                    barrier.heavy()
                    sees = round.pointee.frequent.load(ordering: .relaxed)
                }
                if !sees { rounds.misses[number].pointee.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        let blind = (0..<Rounds.count).count { rounds.misses[$0].pointee.load(ordering: .relaxed) == 2 }
        #expect(blind == 0)
    }

    @Test("It is the kernel's where the process can be registered for that, and fences where not")
    func usesTheKernels() {
        let canBeRegistered = cplatform_membarrier_register() == 0
        #expect(ProcessBarrier().isKernels == canBeRegistered)
    }

    /// The kernel's two barriers as they answer in turn, and how often each was asked; then both succeed.
    private final class KernelAnswers: @unchecked Sendable {
        // @unchecked: only touched by the test's thread.
        var expedited: [Int32] = []
        var global: [Int32] = []
        var asked: [String] = []

        var barrier: ProcessBarrier {
            ProcessBarrier(
                isKernels: true,
                kernel: ProcessBarrier.Kernel {
                    self.asked.append("expedited")
                    return self.expedited.isEmpty ? 0 : self.expedited.removeFirst()
                } global: {
                    self.asked.append("global")
                    return self.global.isEmpty ? 0 : self.global.removeFirst()
                })
        }
    }

    @Test(
        "Where the kernel lacks memory for the fast barrier the slow one does; where that fails, the fast one is due again"
    )
    func withoutMemory() {
        let answers = KernelAnswers()
        answers.barrier.heavy()
        #expect(answers.asked == ["expedited"])
        answers.asked = []
        answers.expedited = [ENOMEM]
        answers.barrier.heavy()
        #expect(answers.asked == ["expedited", "global"])
        answers.asked = []
        answers.expedited = [ENOMEM, ENOMEM]
        answers.global = [EINVAL, EINVAL]
        answers.barrier.heavy()
        #expect(answers.asked == ["expedited", "global", "expedited", "global", "expedited"])
    }

    @Test("Any other failure of the fast barrier traps, also after a want of memory", arguments: [false, true])
    func otherFailureTraps(isFirst: Bool) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [isFirst] in
            let answers = KernelAnswers()
            answers.expedited = isFirst ? [EPERM] : [ENOMEM, EPERM]
            answers.global = [EINVAL]
            answers.barrier.heavy()
        }
        #expect(result?.trapped(saying: "membarrier(2) failed with error \(EPERM)") == true)
    }
}
