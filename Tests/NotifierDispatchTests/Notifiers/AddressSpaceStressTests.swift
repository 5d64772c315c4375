import Glibc
import Testing

@testable import NotifierDispatch

@Suite("AddressSpace under load")
struct AddressSpaceStressTests {
    @Test(
        "Invariants 1, 3 and 7: starts, failures, nesting and claims leave every count at zero",
        arguments: PairingPolicy.allCases)
    func countsComeBackToZero(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace(pairing: pairing)
            let invLock = InvLock(space: space)
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            let turns = EventCounter()
            subscribers[0].answer = {
                invLock.invalidationStarted($0.range) { _ in }
                return .done
            }
            subscribers[0].onEnd = { invLock.invalidationEnded($0.range) }
            subscribers[1].capabilities = .mayWouldBlock
            subscribers[1].answer = { invalidation in
                turns.count()
                return !invalidation.isBlockable && turns.value % 2 == 0 ? .wouldBlock : .done
            }
            for subscriber in subscribers { _ = try space.register(subscriber) }
            let refused = EventCounter()
            runThreads(3) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<600 {
                    if random.oneIn(40) {
                        let claim = space.claim()
                        sched_yield()
                        space.giveBack(claim)
                        continue
                    }
                    let pages = Int.random(in: 0..<8, using: &random)
                    let invalidation =
                        random.oneIn(2) ? Invalidation.blockable(pages..<16) : .nonBlockable(pages..<16)
                    guard let section = space.invalidateRangeStart(invalidation) else {
                        refused.count()
                        continue
                    }
                    if random.oneIn(4) { _ = space.startsAndEnds(.blockable(2..<4)) }
                    space.invalidateRangeEnd(section)
                }
            }
            #expect(space.activeCount == 0)
            #expect(!space.isClaimed)
            #expect(invLock.activeCount == 0)
            #expect(invLock.readBeginIfIdle() != nil)
            #expect(subscribers[0].starts.value == subscribers[0].ends.value)
            #expect(subscribers[2].starts.value == subscribers[2].ends.value)
            #expect(refused.value > 0)
        }
    }
}
