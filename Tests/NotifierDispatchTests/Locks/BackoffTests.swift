import Testing

@testable import NotifierDispatch

@Suite("Backoff")
struct BackoffTests {
    @Test("It spins up to its limit, and then stops counting and gives the core away")
    func spinsUpToItsLimit() {
        var backoff = Backoff()
        for pause in 1...Backoff.spinLimit {
            backoff.pause()
            #expect(backoff.spins == pause)
        }
        for _ in 0..<10 { backoff.pause() }
        #expect(backoff.spins == Backoff.spinLimit)
    }

    @Test("Waiting with it lets the thread that is waited for run, with many waiters for one core")
    func waitersDoNotStarveTheOneTheyWaitFor() {
        let gate = Gate()
        let passed = EventCounter()
        runThreads(8) { number in
            if number == 7 {
                gate.open()
            } else {
                var backoff = Backoff()
                while !gate.isOpen { backoff.pause() }
                passed.count()
            }
        }
        #expect(passed.value == 7)
    }
}
