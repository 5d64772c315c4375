import Glibc
import Testing

@testable import NotifierDispatch

/// A driver makes its sections under a lock of its own, and its walks take the same lock: Linux's mmap lock is one. So a
/// start must never wait for a claim whose walk waits for that lock.
///
/// In processes of their own: threads that wait for each other hang for ever.
@Suite("Rule A: a claim and the lock that a driver makes its sections under", .serialized)
struct MappingLockTests {
    /// The first collision leads to the fallback, and that ends after 10 ms.
    static let soon = RetryBudget(collisions: 1, nanoseconds: 100_000, fallbackNanoseconds: 10_000_000)

    @Test(
        "Twenty faults, which take the lock in their walks, and the sections of 2 ms beside them all end",
        arguments: ProtectedGuard.retrying)
    func faultsAndSectionsEnd(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let pages = GuardedPages(kind, budget: Self.soon)
                _ = try pages.subscribe()
                let mapping = PthreadMutex()
                let isDone = Gate()
                let invalidator = RegisteredThread {
                    while !isDone.isOpen {
                        mapping.lock()
                        pages.space.invalidate(.of(508..<512), event: .unmap) {
                            pages.change(508..<512)
                            usleep(2_000)
                            pages.checkNothingVisible(508..<512)
                        }
                        mapping.unlock()
                        usleep(50)
                    }
                }
                for _ in 0..<20 {
                    let status = pages.fault(at: 510) { _ in
                        usleep(100)
                        mapping.lock()
                        mapping.unlock()
                    }.status
                    #expect(status == .installed || status == .busy)
                }
                isDone.open()
                invalidator.join()
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
                #expect(pages.fault(at: 510).status == .installed)
            }
        }
    }

    @Test(
        "A start whose caller holds the lock that the claimant's walk waits for goes on",
        arguments: ProtectedGuard.retrying)
    func startGoesOn(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled(after: 5) {
                let budget = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 1_000_000_000)
                let pages = GuardedPages(kind, budget: budget)
                _ = try pages.subscribe()
                let mapping = PthreadMutex()
                let isLocked = Gate()
                let isClaiming = Gate()
                let invalidator = RegisteredThread {
                    mapping.lock()
                    isLocked.open()
                    isClaiming.wait()
                    pages.invalidate(508..<512)
                    mapping.unlock()
                }
                isLocked.wait()
                let outcome = pages.fault(at: 510) { walk in
                    if walk == 1 { return _ = pages.invalidate(508..<512) }
                    isClaiming.open()
                    mapping.lock()
                    mapping.unlock()
                }
                invalidator.join()
                #expect(outcome.status == .installed)
                #expect(outcome.usedFallback)
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
            }
        }
    }
}
