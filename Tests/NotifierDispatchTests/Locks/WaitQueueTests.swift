import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("WaitQueue")
struct WaitQueueTests {
    /// A word to wait on, in the orderings that the queue asks for.
    final class Word: Sendable {
        let queue = WaitQueue()
        private let lock = SmallLock()
        private let atomic = Atomic<Int>(0)
        var value: Int { atomic.load(ordering: .sequentiallyConsistent) }
        func wakeAll() { queue.wakeAll(outside: lock) }
        func change() { atomic.wrappingAdd(1, ordering: .sequentiallyConsistent) }
    }

    @Test("A wait for something that has changed already returns at once, also past the deadline")
    func changedAlready() {
        #expect(WaitQueue().wait(until: .never) { false })
        #expect(WaitQueue().wait(until: Deadline(nanoseconds: 0)) { false })
    }

    @Test("A wait for what never changes ends at the deadline, with false")
    func deadline() {
        let queue = WaitQueue()
        #expect(!queue.wait(until: .after(nanoseconds: 1_000_000)) { true })
        #expect(!queue.wait(until: Deadline(nanoseconds: 0)) { true })
        #expect(queue.sleeperCount == 0)
    }

    @Test("A change that comes with the deadline counts as one")
    func changeAtTheDeadline() {
        let word = Word()
        // Asked a second time, after the deadline, the condition says that it has changed.
        let outcome = word.queue.wait(until: Deadline(nanoseconds: 0)) {
            defer { word.change() }
            return word.value == 0
        }
        #expect(outcome)
    }

    @Test("A waker that comes between a waiter's look and its sleep sees it, and waits for the sleep")
    func wakerBetweenLookAndSleep() {
        let word = Word()
        let hasWoken = Gate()
        var waker: RegisteredThread?
        let outcome = word.queue.wait(until: .after(nanoseconds: 10_000_000_000)) {
            guard waker == nil else { return word.value == 0 }
            #expect(word.queue.sleeperCount == 1)
            waker = RegisteredThread {
                word.change()
                word.wakeAll()
                hasWoken.open()
            }
            #expect(!hasWoken.waitInVain())
            // As it was at the look.
            return true
        }
        #expect(outcome)
        waker?.join()
    }

    @Test("wakeAll wakes every sleeper whose word has changed, and only those")
    func wakesAll() {
        let word = Word()
        let awake = EventCounter()
        let sleepers = (0..<3).map { _ in
            RegisteredThread {
                #expect(word.queue.wait(until: .never) { word.value < 2 })
                awake.count()
            }
        }
        #expect(eventually { word.queue.sleeperCount == 3 })
        word.change()
        word.wakeAll()
        // Too early: all of them go back to sleep.
        usleep(1_000)
        #expect(awake.value == 0)
        word.change()
        word.wakeAll()
        #expect(eventually { awake.value == 3 })
        // Whatever went wrong above must not leave a thread behind.
        while awake.value < 3 { word.wakeAll() }
        for sleeper in sleepers { sleeper.join() }
        #expect(word.queue.sleeperCount == 0)
    }
}
