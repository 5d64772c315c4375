import CPlatform
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
}
