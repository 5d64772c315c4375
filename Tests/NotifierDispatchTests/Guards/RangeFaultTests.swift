import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Faults over ranges")
struct RangeFaultTests {
    /// What one check covers of the hot pages, of which the page 510 is one.
    private func checked(_ kind: ProtectedGuard) -> Range<Int> {
        let isStriped = kind.hasStripeWords || [.stripeMutex, .intervalStripe, .intervalStripeLockFree].contains(kind)
        return isStriped ? 508..<512 : GuardedPages.hot
    }

    @Test(
        "One walk and one install fill in what one check covers of the range, and the outcome says what that is",
        arguments: ProtectedGuard.allCases)
    func fillsInTheRange(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            var walked: [Range<Int>] = []
            let outcome = pages.faultRange(
                containing: 510, within: GuardedPages.hot, duringWalk: { walked.append($1) })
            #expect(outcome.fault.status == .installed && outcome.fault.waitedNanoseconds == 0)
            #expect(outcome.range.pages == checked(kind) && walked == [checked(kind)])
            #expect((0..<GuardedPages.count).filter { pages.isVisible($0) } == Array(checked(kind)))
            pages.invalidate(511..<512)
            #expect(!pages.isVisible(511) && pages.isVisible(510))
            // The page alone is a range, too.
            #expect(pages.faultRange(containing: 600, within: 600..<601).range.pages == 600..<601)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "A section over another page of the range, open or ended, makes the fault walk again",
        arguments: ProtectedGuard.retrying, [508..<509, 511..<512])
    func collidesOnEachPage(kind: ProtectedGuard, other: Range<Int>) throws {
        try RCU.withRegisteredThread {
            for endsInWalk in [true, false] {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                var invalidator: RegisteredThread?
                let outcome = pages.faultRange(containing: 510, within: 508..<512) { walk, _ in
                    guard walk == 1 else { return }
                    if endsInWalk {
                        pages.invalidate(other)
                        return
                    }
                    let hasStarted = Gate()
                    invalidator = RegisteredThread {
                        guard let section = pages.space.invalidateRangeStart(.blockable(other)) else { return }
                        pages.change(other)
                        hasStarted.open()
                        // Long enough that the fault comes to its check.
                        usleep(2_000)
                        pages.checkNothingVisible(other)
                        pages.space.invalidateRangeEnd(section)
                    }
                    hasStarted.wait()
                }
                invalidator?.join()
                #expect(outcome.fault.status == .installed)
                #expect(outcome.fault.retries >= 1)
                #expect(outcome.range.contains(510))
                pages.checkAgainstPageTable()
                #expect(pages.stale.value == 0)
            }
        }
    }

    @Test("A section waits for an install without a lock over a range that it shares a page with, and for no other")
    func sectionsWaitForTheRange() {
        func check<Scheme: RetryScheme & SectionObserver & ~Copyable>(_ guarded: RetryingGuard<Scheme>) {
            for (pages, mustWait) in [(0..<2, false), (6..<8, false), (2..<3, true), (5..<6, true), (0..<8, true)] {
                let mayGoOn = Gate()
                let isInside = Gate()
                let install = RegisteredThread {
                    _ = guarded.faultRange(
                        containing: 3, within: .of(2..<6), walk: { $0 },
                        install: { _, _ in
                            isInside.open()
                            mayGoOn.wait()
                        })
                }
                isInside.wait()
                let section = StartingSection(guarded, pages)
                #expect(mustWait ? section.waits() : section.starts(), "\(pages)")
                mayGoOn.open()
                install.join()
                section.join()
                guarded.end(pages)
            }
        }
        let oneStripe = StripeSize(shift: 3)
        for barrier in ProcessBarrier.variants {
            check(RetryingGuard(AsymmetricScheme(pages: 8, stripeSize: oneStripe, barrier: barrier)))
            // All sections are wide, so that the stripe stays biased, and they wait for their own pages.
            check(
                RetryingGuard(
                    AdaptiveScheme(
                        pages: 8, stripeSize: oneStripe, wideBound: 0, biasBudget: 1,
                        installs: PublishedInstalls(barrier: barrier))))
        }
        check(RetryingGuard(FencedScheme(pages: 8, stripeSize: oneStripe)))
    }

    @Test(
        "After four collisions the fault goes on with its page alone, and comes through",
        arguments: ProtectedGuard.retrying)
    func shrinksToThePage(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            var walked: [Range<Int>] = []
            let outcome = pages.faultRange(containing: 510, within: 508..<512) { walk, range in
                walked.append(range)
                if walk <= 5 { pages.invalidate(509..<511) }
            }
            #expect(outcome.fault.status == .installed && outcome.fault.retries == 5)
            #expect(outcome.range.pages == 510..<511)
            #expect(walked == Array(repeating: 508..<512, count: 4) + [510..<511, 510..<511])
            #expect(GuardedPages.hot.filter { pages.isVisible($0) } == [510])
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test("A walk that finds nothing installs nothing, and a dead guard is dead", arguments: ProtectedGuard.allCases)
    func installsNothing(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            let subscription = try pages.subscribe()
            let absent = pages.translationGuard.faultRange(
                containing: 510, within: .of(GuardedPages.hot), walk: { _ -> Int? in nil },
                install: { _, _ in pages.stale.count() })
            #expect(absent.fault.status == .absent)
            pages.space.unregister(subscription)
            #expect(pages.faultRange(containing: 510, within: GuardedPages.hot).fault.status == .dead)
            #expect(pages.stale.value == 0)
            SmallLock.assertNoneHeld()
        }
    }

    @Test("A page outside of the range traps")
    func outside() async {
        await #expect(processExitsWith: .failure) {
            _ = GuardedPages(.striped).faultRange(containing: 510, within: 511..<516)
        }
        await #expect(processExitsWith: .failure) {
            _ = GuardedPages(.mutex).faultRange(containing: 516, within: 511..<516)
        }
    }

    @Test(
        "Nothing stale under sections on both sides of a stripe's end, and with faults of one page",
        arguments: ProtectedGuard.allCases)
    func storm(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(collisions: 6))
            _ = try pages.subscribe()
            let counts = (installed: EventCounter(), changed: EventCounter())
            runThreads(4) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<500 {
                    let page = Int.random(in: GuardedPages.hot, using: &random)
                    let end = Int.random(in: page + 1...GuardedPages.hot.upperBound, using: &random)
                    switch number {
                    case 0, 1:
                        let pauses = random.oneIn(2)
                        let start = Int.random(in: GuardedPages.hot.lowerBound...page, using: &random)
                        let outcome = pages.faultRange(
                            containing: page, within: start..<end, duringWalk: { _, _ in if pauses { usleep(20) } },
                            duringInstall: { if pauses { sched_yield() } })
                        if outcome.fault.status == .installed { counts.installed.count() }
                    case 2:
                        _ = pages.fault(at: page, pausing: random.oneIn(2), asWord: random.oneIn(2))
                    default:
                        if random.oneIn(2) { usleep(20) }
                        if pages.invalidate(page..<end) { counts.changed.count() }
                    }
                }
            }
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
            #expect(counts.installed.value > 0 && counts.changed.value > 0)
            #expect(pages.space.activeCount == 0)
        }
    }

    @Test("A guard that checks less than it fills in is found")
    func controlIsFound() throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages { TooFarReachingGuard(space: $0) }
            _ = try pages.subscribe()
            // The section lies in the stripe that the check of the page's own does not cover.
            _ = pages.faultRange(containing: 510, within: GuardedPages.hot) { walk, _ in
                if walk == 1 { pages.invalidate(512..<514) }
            }
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 2)
        }
    }
}

/// `striped`, which says that its check covers more than the page's stripe.
private final class TooFarReachingGuard: TranslationGuard, SectionObserver {
    static var isProtected: Bool { true }
    static var capabilities: SubscriberCapabilities { StripedGuard.capabilities }
    private let striped: StripedGuard
    let registration = GuardRegistration()

    init(space: AddressSpace) { striped = StripedGuard(space: space, pages: GuardedPages.count) }

    var pages: Int { striped.pages }

    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome { striped.fault(at: page, walk: walk, install: install) }

    func checkedRange(at page: Int) -> InvalidationRange { .everything }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        striped.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { striped.invalidationEnded(invalidation) }

    func markDead() { striped.markDead() }

    func resetAfterFork() { striped.resetAfterFork() }
}
