import Glibc
import Testing

@testable import NotifierDispatch

/// A walk that copies on write, or reclaims to get memory, invalidates. It may do so in a guard that retries, also in the
/// fallback: its thread never waits for its own claim.
///
/// In processes of their own: where a walk may not invalidate it traps.
@Suite("Rule A: walks that invalidate", .serialized)
struct InvalidatingWalkTests {
    /// The first collision leads to the fallback.
    static let oneCollision = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 5_000_000_000)

    @Test("A walk that invalidates a page elsewhere once installs", arguments: ProtectedGuard.retrying)
    func elsewhereOnce(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                let status = pages.fault(at: 510) { if $0 == 1 { pages.invalidate(600..<604) } }.status
                #expect(status == .installed)
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
            }
        }
    }

    @Test("So it does in its fallback", arguments: ProtectedGuard.retrying)
    func elsewhereInTheFallback(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let pages = GuardedPages(kind, budget: Self.oneCollision)
                _ = try pages.subscribe()
                let outcome = pages.fault(at: 510) { walk in
                    if walk == 1 { pages.invalidate(508..<512) }
                    if walk == 2 { pages.invalidate(600..<604) }
                }
                #expect(outcome.status == .installed)
                #expect(outcome.usedFallback)
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
            }
        }
    }

    @Test("So it does beside sections of 3 ms over its own page", arguments: ProtectedGuard.retrying)
    func besideSections(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                let isDone = Gate()
                let invalidator = RegisteredThread {
                    while !isDone.isOpen {
                        pages.space.invalidate(.of(508..<512), event: .unmap) {
                            pages.change(508..<512)
                            usleep(3_000)
                            pages.checkNothingVisible(508..<512)
                        }
                        usleep(200)
                    }
                }
                for _ in 0..<20 {
                    let status = pages.fault(at: 510) { if $0 == 1 { pages.invalidate(600..<604) } }.status
                    #expect(status == .installed)
                }
                isDone.open()
                invalidator.join()
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
            }
        }
    }

    @Test(
        "In guards that tell pages apart every walk may invalidate elsewhere, in the fallback too",
        arguments: ProtectedGuard.withStripeWords)
    func elsewhereEachTime(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let pages = GuardedPages(kind, budget: Self.oneCollision)
                _ = try pages.subscribe()
                let outcome = pages.fault(at: 510) { walk in
                    pages.invalidate(600..<604)
                    if walk == 1 { pages.invalidate(508..<512) }
                }
                #expect(outcome.status == .installed)
                #expect(outcome.usedFallback)
                #expect(outcome.retries == 1)
            }
        }
    }

    @Test(
        "A walk that invalidates its own page each time is busy at its deadline", arguments: ProtectedGuard.retrying)
    func ownPageEachTime(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let budget = RetryBudget(collisions: 3, nanoseconds: 1_000_000, fallbackNanoseconds: 20_000_000)
                let pages = GuardedPages(kind, budget: budget)
                _ = try pages.subscribe()
                let start = MonotonicClock.now()
                let outcome = pages.fault(at: 510) { _ in pages.invalidate(508..<512) }
                #expect(outcome.status == .busy)
                #expect(outcome.usedFallback)
                #expect(MonotonicClock.now() - start < 2_000_000_000)
                #expect(!pages.isVisible(510))
                #expect(pages.fault(at: 510).status == .installed)
            }
        }
    }

    @Test(
        "Rule E: in a guard that holds a lock over it, a walk that invalidates traps and says so",
        arguments: ProtectedGuard.lockHolding, [508, 600])
    func lockHolding(kind: ProtectedGuard, first: Int) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind, first] in
            try orKilled(after: 3) {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                _ = pages.fault(at: 510) { _ in pages.invalidate(first..<first + 4) }
            }
        }
        #expect(result?.namedTheCycle(["walk", "invalidat"]) == true)
    }
}
