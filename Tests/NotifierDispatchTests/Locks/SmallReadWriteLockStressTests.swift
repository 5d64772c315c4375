import Glibc
import Testing

@testable import NotifierDispatch

@Suite("SmallReadWriteLock under load")
struct SmallReadWriteLockStressTests {
    /// Plain memory behind the lock, so that ThreadSanitizer sees it too when a writer is not alone.
    final class Tally: @unchecked Sendable {
        // @unchecked: written with the lock held alone, read with a share of it.
        let shared = SharedReadWriteLock()
        var first = 0
        var second = 0
    }

    @Test("A writer is alone, readers see whole writes, whether they came by lock or by try; nothing is left held")
    func exclusion() {
        let tally = Tally()
        let passages = EventCounter()
        let mixUps = EventCounter()
        runThreads(4) { number in
            var random = SeededRandom(seed: number)
            for _ in 0..<5_000 {
                let tries = random.oneIn(3)
                if random.oneIn(3) {
                    if tries {
                        guard tally.shared.tryLockExclusive() else { continue }
                    } else {
                        tally.shared.lockExclusive()
                    }
                    if tally.first != tally.second { mixUps.count() }
                    tally.first += 1
                    if random.oneIn(50) { sched_yield() }
                    tally.second += 1
                    passages.count()
                    tally.shared.unlockExclusive()
                } else {
                    if tries {
                        guard tally.shared.tryLockShared() else { continue }
                    } else {
                        // Without it where writers keep it for a millisecond: a collision.
                        guard tally.shared.lockShared() != nil else { continue }
                    }
                    let first = tally.first
                    if random.oneIn(50) { sched_yield() }
                    if first != tally.second { mixUps.count() }
                    tally.shared.unlockShared()
                }
            }
        }
        #expect(mixUps.value == 0)
        #expect(tally.first == passages.value)
        #expect(tally.second == passages.value)
        #expect(tally.shared.word == 0)
    }
}
