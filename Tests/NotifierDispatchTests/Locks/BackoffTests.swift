import CPlatform
import Glibc
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

    /// Whether this process may give a thread a real-time priority.
    static let mayUseRealTime: Bool = {
        var parameters = sched_param(sched_priority: 1)
        guard sched_setscheduler(0, SCHED_FIFO, &parameters) == 0 else { return false }
        parameters.sched_priority = 0
        return sched_setscheduler(0, SCHED_OTHER, &parameters) == 0
    }()

    @Test(
        "A thread of real-time priority sleeps in the end, so that the thread it waits for could run on its core",
        .enabled(if: BackoffTests.mayUseRealTime, "needs the right to use SCHED_FIFO"))
    func realTimePriority() async {
        await #expect(processExitsWith: .success) {
            let gate = Gate()
            let mayOpen = Gate()
            let opener = RegisteredThread {
                mayOpen.wait()
                // Long enough for the waiter to be past its yields.
                let start = MonotonicClock.now()
                while MonotonicClock.now() - start < 5_000_000 {}
                gate.open()
            }
            var parameters = sched_param(sched_priority: 1)
            precondition(sched_setscheduler(0, SCHED_FIFO, &parameters) == 0)
            let before = cplatform_read_thread_usage().voluntary_switches
            mayOpen.open()
            var backoff = Backoff()
            while !gate.isOpen { backoff.pause() }
            // It gave the core away by sleeping, not when the kernel took it away from a real-time thread.
            precondition(cplatform_read_thread_usage().voluntary_switches > before)
            opener.join()
        }
    }
}
