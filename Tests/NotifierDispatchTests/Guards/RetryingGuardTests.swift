import Testing

@testable import NotifierDispatch

@Suite("Guards that retry")
struct RetryingGuardTests {
    /// One collision and the fallback is taken; no time limit before it.
    static let oneCollision = RetryBudget(collisions: 1, nanoseconds: .max)

    @Test("With a budget of one collision the fallback is taken, and installs", arguments: ProtectedGuard.retrying)
    func fallbackInstalls(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: Self.oneCollision)
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                if walk == 1 { pages.invalidate(508..<512) }
                #expect(pages.space.isClaimed == (walk > 1))
            }
            #expect(outcome.status == .installed)
            #expect(outcome.usedFallback)
            #expect(outcome.retries == 1)
            #expect(pages.isVisible(510))
            #expect(!pages.space.isClaimed)
            #expect(pages.invalidate(508..<512, isBlockable: false))
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "With a budget of no time the fallback is taken, and installs when the section ends",
        arguments: ProtectedGuard.retrying)
    func fallbackAfterTheDeadline(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(nanoseconds: 0, fallbackNanoseconds: 60_000_000_000))
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let faulter = RegisteredThread {
                let outcome = pages.fault(at: 510)
                #expect(outcome.status == .installed)
                #expect(outcome.usedFallback)
                #expect(outcome.retries == 0)
            }
            #expect(eventually { pages.space.isClaimed })
            pages.change(508..<512)
            pages.checkNothingVisible(508..<512)
            pages.space.invalidateRangeEnd(section)
            faulter.join()
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 34: a fault is told busy when its deadlines pass, though nobody ends the section",
        arguments: ProtectedGuard.retrying)
    func invariant34(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(nanoseconds: 1_000_000, fallbackNanoseconds: 1_000_000)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let outcome = pages.fault(at: 510)
            #expect(outcome.status == .busy)
            #expect(outcome.usedFallback)
            #expect(!pages.isVisible(510))
            #expect(!pages.space.isClaimed)
            pages.space.invalidateRangeEnd(section)
            #expect(pages.fault(at: 510).status == .installed)
        }
    }

    @Test(
        "Invariant 34: collisions count as well as waits: a fault that always collides is bounded by either",
        arguments: ProtectedGuard.retrying, [true, false])
    func invariant34Collisions(kind: ProtectedGuard, byTime: Bool) throws {
        try RCU.withRegisteredThread {
            let budget =
                byTime
                ? RetryBudget(collisions: .max, nanoseconds: 2_000_000) : RetryBudget(collisions: 7, nanoseconds: .max)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                // The limit only ends a test that has failed.
                if !pages.space.isClaimed, walk < 300_000 { pages.invalidate(508..<512) }
            }
            #expect(outcome.status == .installed)
            #expect(outcome.usedFallback)
            #expect(byTime || outcome.retries == 7)
        }
    }

    @Test(
        "Invariant 34: beside an invalidator that never stops faults walk no more often than allowed, and install",
        arguments: ProtectedGuard.retrying)
    func invariant34UnderAStorm(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(collisions: 3, nanoseconds: .max, fallbackNanoseconds: 60_000_000_000)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let isDone = Gate()
            let sections = EventCounter()
            let invalidator = RegisteredThread {
                while !isDone.isOpen {
                    pages.invalidate(508..<512)
                    sections.count()
                }
            }
            var (fallbacks, undisturbed) = (0, 0)
            for _ in 0..<50 {
                var walks = 0
                let outcome = pages.fault(at: 510) { walk in
                    walks = walk
                    // No walk but one of the fallback, for which starts hold back, is over before the next section.
                    let before = sections.value
                    #expect(eventually { pages.space.isClaimed || sections.value > before + 1 })
                }
                #expect(outcome.status == .installed)
                // Three before the fallback; in it few, since a start holds back, but that is a lease and no lock.
                #expect((3...3 + 256).contains(outcome.retries))
                #expect(walks == Int(outcome.retries) + 1)
                if outcome.retries == 3 { undisturbed += 1 }
                if outcome.usedFallback { fallbacks += 1 }
            }
            isDone.open()
            invalidator.join()
            #expect(fallbacks == 50)
            #expect(undisturbed > 0)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "In the fallback, a walk that finds nothing gives absent and lets invalidations in",
        arguments: ProtectedGuard.retrying)
    func absentInTheFallback(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(collisions: 0, fallbackNanoseconds: 60_000_000_000))
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let faulter = RegisteredThread {
                let outcome = pages.faultOnNothing(at: 510) { #expect(pages.space.isClaimed) }
                #expect(outcome.status == .absent)
                #expect(outcome.usedFallback)
            }
            #expect(eventually { pages.space.isClaimed })
            pages.space.invalidateRangeEnd(section)
            faulter.join()
            #expect(!pages.space.isClaimed)
            #expect(pages.invalidate(508..<512, isBlockable: false))
        }
    }

    @Test(
        "Invariant 37: a fault whose subscription ends while it walks in the fallback is dead and installs nothing",
        arguments: ProtectedGuard.retrying)
    func invariant37InTheFallback(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: Self.oneCollision)
            let subscription = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                if walk == 1 {
                    pages.invalidate(508..<512)
                } else {
                    RegisteredThread { pages.space.unregister(subscription) }.join()
                }
            }
            #expect(outcome.status == .dead)
            #expect(outcome.usedFallback)
            #expect(!pages.isVisible(510))
            #expect(!pages.space.isClaimed)
        }
    }

    @Test(
        "Invariant 37: a fault whose subscription ends during a walk that finds nothing is dead, not absent",
        arguments: [false, true])
    func invariant37OfAnEmptyWalk(isSecondWalk: Bool) {
        let striped = StripedGuard(StripedScheme(pages: 8, stripeSize: StripeSize(shift: 2), wideBound: 2))
        var walks = 0
        let outcome = striped.fault(
            at: 1,
            walk: { () -> Int? in
                walks += 1
                if isSecondWalk, walks == 1 {
                    striped.start(0..<1)
                    striped.end(0..<1)
                    return 1
                }
                striped.markDead()
                return nil
            }, install: { _ in })
        #expect(walks == (isSecondWalk ? 2 : 1))
        #expect(outcome.status == .dead)
    }

    @Test(
        "Invariant 37: a fault whose subscription ends while it waits for the fallback is dead, not busy",
        arguments: ProtectedGuard.retrying)
    func invariant37BeforeTheFallback(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 20_000_000_000)
            let pages = GuardedPages(kind, budget: budget)
            let subscription = try pages.subscribe()
            let isWalking = Gate()
            let isOpen = Gate()
            let isOver = Gate()
            let invalidator = RegisteredThread {
                isWalking.wait()
                guard let section = pages.space.invalidateRangeStart(.blockable(508..<512)) else { return }
                isOpen.open()
                #expect(eventually { pages.space.isClaimed })
                pages.space.unregisterDeferred(subscription)
                isOver.wait()
                pages.space.invalidateRangeEnd(section)
            }
            let outcome = pages.fault(at: 510) { walk in
                if walk == 1 {
                    isWalking.open()
                    isOpen.wait()
                }
            }
            #expect(outcome.status == .dead)
            isOver.open()
            invalidator.join()
            #expect(!pages.space.isClaimed)
        }
    }

    @Test(
        "Invariant 37: a fault whose subscription is over does not walk, and takes no fallback to find out",
        arguments: ProtectedGuard.retrying)
    func invariant37WithoutABudget(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(collisions: 0))
            pages.space.unregister(try pages.subscribe())
            let walks = EventCounter()
            let outcome = pages.fault(at: 510) { _ in walks.count() }
            #expect(outcome.status == .dead)
            #expect(!outcome.usedFallback)
            // The counter's begin knows nothing of subscriptions: the check under the lock does.
            #expect(walks.value == (kind == .rangeCounter ? 1 : 0))
        }
    }

    @Test("Invariant 37: where the subscription ends before the walk of the fallback, there is none")
    func invariant37BeforeTheWalk() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let budget = RetryBudget(nanoseconds: 0, fallbackNanoseconds: 60_000_000_000)
            let kvm = KVMGuard(space: space, budget: budget)
            let walks = EventCounter()
            kvm.start(0..<4)
            let faulter = RegisteredThread {
                let outcome = kvm.fault(
                    at: 0,
                    walk: { () -> Int? in
                        walks.count()
                        return 1
                    }, install: { _ in walks.count() })
                #expect(outcome.status == .dead)
                #expect(outcome.usedFallback)
            }
            #expect(eventually { space.isClaimed })
            kvm.markDead()
            faulter.join()
            #expect(walks.value == 0)
            #expect(!space.isClaimed)
        }
    }

    @Test(
        "Invariant 34: a fault whose own walk invalidates its page each time is busy, after the collisions of both phases",
        arguments: ProtectedGuard.retrying)
    func invariant34OfAWalkThatInvalidates(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(collisions: 3, nanoseconds: .max, fallbackNanoseconds: .max)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let walks = EventCounter()
            let outcome = pages.fault(at: 510) { walk in
                walks.count()
                // The limit only ends a test that has failed.
                if walk < 10_000 { #expect(pages.invalidate(508..<512)) }
            }
            #expect(outcome.status == .busy)
            #expect(outcome.usedFallback)
            #expect(outcome.retries == 3 + 256)
            #expect(walks.value == 3 + 256)
            #expect(!pages.isVisible(510))
            #expect(!pages.space.isClaimed)
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "In the fallback a fault asks those sections to hold back that keep it out, and those that cannot, not",
        arguments: ProtectedGuard.retrying)
    func contestedPages(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: Self.oneCollision)
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                guard walk > 1 else {
                    pages.invalidate(508..<512)
                    return
                }
                let space = pages.space
                // Only at the gate: none of these sections starts.
                RegisteredThread {
                    #expect(space.sections.holdsBack(.blockable(510..<511)))
                    #expect(space.sections.holdsBack(.blockable(0..<1_024)))
                    #expect(space.sections.holdsBack(.blockable(512..<516)) != kind.hasStripeWords)
                    #expect(space.sections.holdsBack(.blockable(0..<4)))
                }.join()
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == 1)
        }
    }

    @Test(
        "Sections nest in a thread, overlap and end on other threads; faults get in after the last",
        arguments: ProtectedGuard.retrying)
    func sectionsNestAndMove(kind: ProtectedGuard) throws {
        final class Handover: @unchecked Sendable {
            // @unchecked: written before the thread starts, taken by it.
            var section: InvalidationSection?
        }
        try RCU.withRegisteredThread {
            let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 100_000)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let handover = Handover()
            handover.section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            #expect(pages.invalidate(510..<516))
            #expect(pages.fault(at: 510).status == .busy)
            RegisteredThread {
                guard let section = handover.section.take() else { return }
                pages.space.invalidateRangeEnd(section)
            }.join()
            #expect(pages.fault(at: 510).status == .installed)
            #expect(pages.stale.value == 0)
        }
    }
}
