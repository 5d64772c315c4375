import Glibc
import Testing

@testable import NotifierDispatch

@Suite("SmallLock under load")
struct SmallLockStressTests {
    /// Plain memory behind the lock, so that ThreadSanitizer sees it too when two threads are inside.
    final class Tally: @unchecked Sendable {
        // @unchecked: only touched with the lock held.
        let shared = SharedLock()
        var first = 0
        var second = 0
    }

    @Test("One thread at a time is inside, whether it came by lock or by tryLock")
    func mutualExclusion() {
        let tally = Tally()
        let passages = EventCounter()
        let mixUps = EventCounter()
        runThreads(4) { number in
            var random = SeededRandom(seed: number)
            for _ in 0..<5_000 {
                if random.oneIn(3) {
                    guard tally.shared.tryLock() else { continue }
                } else {
                    tally.shared.lock()
                }
                if tally.first != tally.second { mixUps.count() }
                tally.first += 1
                if random.oneIn(50) { sched_yield() }
                tally.second += 1
                passages.count()
                tally.shared.unlock()
            }
        }
        #expect(mixUps.value == 0)
        #expect(tally.first == passages.value)
        #expect(tally.second == passages.value)
    }
}
