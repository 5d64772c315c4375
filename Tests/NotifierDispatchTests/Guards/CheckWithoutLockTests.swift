import Testing

@testable import NotifierDispatch

@Suite("The check without the lock")
struct CheckWithoutLockTests {
    @Test(
        "Invariant 32: it is followed by the one under the lock: a section between the two is found",
        arguments: [false, true])
    func invariant32(inTheSlowPath: Bool) throws {
        try RCU.withRegisteredThread {
            let interruption = InterruptedScheme.Interruption()
            let pages = GuardedPages { interruption.makeGuard($0, budget: RetryBudget(nanoseconds: .max)) }
            _ = try pages.subscribe()
            let interruptions = EventCounter()
            interruption.body = {
                interruptions.count()
                if interruptions.value == 1 { pages.invalidate(508..<512) }
            }
            let outcome = pages.fault(at: 510) { walk in
                // A first collision, found without the lock, leads to the slow path.
                if inTheSlowPath, walk == 1 { pages.invalidate(508..<512) }
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == (inTheSlowPath ? 2 : 1))
            #expect(interruptions.value == 2)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test("Invariant 32: a section that starts between the two and stays open keeps the walk from being installed")
    func invariant32InsideASection() throws {
        final class Opened: @unchecked Sendable {
            // @unchecked: only touched by the test's thread.
            var section: InvalidationSection?
        }
        try RCU.withRegisteredThread {
            let interruption = InterruptedScheme.Interruption()
            let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 100_000)
            let pages = GuardedPages { interruption.makeGuard($0, budget: budget) }
            _ = try pages.subscribe()
            let opened = Opened()
            interruption.body = { opened.section = pages.space.invalidateRangeStart(.blockable(508..<512)) }
            let outcome = pages.fault(at: 510)
            #expect(outcome.status == .busy)
            #expect(!pages.isVisible(510))
            if let section = opened.section.take() { pages.space.invalidateRangeEnd(section) }
        }
    }

    @Test("What it finds costs no lock")
    func savesTheLock() throws {
        try RCU.withRegisteredThread {
            let interruption = InterruptedScheme.Interruption()
            let pages = GuardedPages { interruption.makeGuard($0, budget: RetryBudget(nanoseconds: .max)) }
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                if walk <= 3 { pages.invalidate(508..<512) }
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == 3)
            #expect(interruption.installSections.value == 1)
        }
    }
}
