import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("LeaseGate under load")
struct LeaseGateStressTests {
    @Test("No slot has two claimants at once, starts go in, and nothing is left claimed")
    func slots() {
        let space = AddressSpace()
        let claimants = CacheLineArray<Atomic<Int>>(count: 64) { Atomic(0) }
        let users = SlotUsers(claimants)
        let starts = EventCounter()
        runThreads(4) { number in
            var random = SeededRandom(seed: number)
            for _ in 0..<2_000 {
                let page = Int.random(in: 0..<8, using: &random)
                if number == 3 {
                    if space.startsAndEnds(random.oneIn(20) ? .blockable(page..<page + 1) : .nonBlockable(0..<8)) {
                        starts.count()
                    }
                    continue
                }
                let claims = (0..<random.next() % 4).map { _ in space.claim(.of(page..<page + 2)) }
                for claim in claims.compactMap(\.self) { users.enter(claim) }
                if random.oneIn(50) { sched_yield() }
                for claim in claims {
                    if let claim { users.leave(claim) }
                    space.giveBack(claim)
                }
            }
        }
        #expect(users.mixUps.value == 0)
        #expect(starts.value == 2_000)
        #expect(!space.isClaimed)
    }

    /// How many threads believe that they have a slot.
    private final class SlotUsers: Sendable {
        private let counts: CacheLineArray<Atomic<Int>>
        let mixUps = EventCounter()

        init(_ counts: consuming CacheLineArray<Atomic<Int>>) { self.counts = counts }

        func enter(_ slot: Int) {
            if counts[slot].pointee.wrappingAdd(1, ordering: .relaxed).oldValue != 0 { mixUps.count() }
        }

        func leave(_ slot: Int) { counts[slot].pointee.wrappingSubtract(1, ordering: .relaxed) }
    }
}
