import Glibc
import Testing

@testable import NotifierDispatch

@Suite("WaitQueue under load")
struct WaitQueueStressTests {
    @Test("No wake-up is lost: threads that take turns always come to their turn")
    func noLostWakeUp() {
        let word = WaitQueueTests.Word()
        let missed = EventCounter()
        let turns = 3_000
        runThreads(3) { number in
            while true {
                // The deadline only ends a test that has failed.
                let hasTurn = word.queue.wait(until: .after(nanoseconds: 10_000_000_000)) {
                    word.value < turns && word.value % 3 != number
                }
                guard hasTurn else { return missed.count() }
                guard word.value < turns else { return }
                word.change()
                word.wakeAll()
            }
        }
        #expect(missed.value == 0)
        #expect(word.value == turns)
    }
}
