import Testing

@testable import NotifierDispatch

@Suite("Backoff")
struct BackoffTests {
    @Test("It spins, then gives the core away, and at last sleeps in each pause")
    func spinsYieldsAndSleeps() {
        var backoff = Backoff()
        for pause in 1...Backoff.spinLimit + Backoff.yieldLimit {
            backoff.pause()
            #expect(backoff.pauses == pause)
        }
        for _ in 0..<10 {
            let start = MonotonicClock.now()
            backoff.pause()
            #expect(MonotonicClock.now() - start >= 50_000)
        }
        // The pauses before were no sleeps: the fastest of some run is faster than so many sleeps would be.
        let fastest = (0..<10).map { _ in
            var fresh = Backoff()
            let start = MonotonicClock.now()
            for _ in 0..<Backoff.spinLimit + Backoff.yieldLimit { fresh.pause() }
            return MonotonicClock.now() - start
        }.min()
        #expect((fastest ?? .max) < UInt64(Backoff.spinLimit + Backoff.yieldLimit) * 50_000)
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
