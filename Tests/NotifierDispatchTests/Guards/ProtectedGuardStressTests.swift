import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Protected guards under load")
struct ProtectedGuardStressTests {
    @Test(
        "Invariants 1, 7 and 8: nothing stale under sections that overlap, nest and fail, and others that fail",
        arguments: ProtectedGuard.allCases)
    func storm(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            // Few collisions, so that the fallback is taken too.
            let pages = GuardedPages(kind, budget: RetryBudget(collisions: 3))
            _ = try pages.subscribe()
            let turns = EventCounter()
            for subscriber in RecordingSubscriber.inAddressOrder(2) {
                subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
                subscriber.answer = {
                    turns.count()
                    return !$0.isBlockable && turns.value % 5 == 0 ? .wouldBlock : .done
                }
                _ = try pages.space.register(subscriber)
            }
            let installed = EventCounter()
            let changed = EventCounter()
            runThreads(4) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<500 {
                    let page = Int.random(in: GuardedPages.hot, using: &random)
                    if number < 2 {
                        let pauses = random.oneIn(2)
                        let outcome = pages.fault(at: page, pausing: pauses, asWord: random.oneIn(2))
                        if outcome.status == .installed { installed.count() }
                        continue
                    }
                    // So that there are idle times between sections, in which walks begin.
                    if random.oneIn(2) { usleep(20) }
                    let range =
                        page..<min(page + 1 + Int.random(in: 0..<4, using: &random), GuardedPages.hot.upperBound)
                    let isBlockable = !random.oneIn(3)
                    guard !kind.holdsLock, random.oneIn(4) else {
                        if pages.invalidate(range, isBlockable: isBlockable) { changed.count() }
                        continue
                    }
                    guard let section = pages.space.invalidateRangeStart(.blockable(range)) else { continue }
                    pages.invalidate(510..<514)
                    pages.change(range)
                    pages.checkNothingVisible(range)
                    pages.space.invalidateRangeEnd(section)
                    changed.count()
                }
            }
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
            #expect(installed.value > 0)
            #expect(changed.value > 0)
            #expect(pages.space.activeCount == 0)
            #expect(!pages.space.isClaimed)
            #expect(pages.fault(at: 510).status == .installed)
            #expect(pages.invalidate(GuardedPages.hot, isBlockable: true))
        }
    }

    @Test(
        "Invariant 37: faults and sections that meet an unregister see nothing stale, and then dead",
        arguments: ProtectedGuard.allCases)
    func endingsUnderLoad(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            for round in 0..<20 {
                let pages = GuardedPages(kind)
                let subscription = try pages.subscribe()
                let wrong = EventCounter()
                runThreads(4) { number in
                    var random = SeededRandom(seed: number + 4 * round)
                    switch number {
                    case 0:
                        sched_yield()
                        pages.space.unregister(subscription)
                        if pages.fault(at: 510).status != .dead { wrong.count() }
                    case 1:
                        for _ in 0..<20 {
                            _ = pages.space.startsAndEnds(
                                random.oneIn(2) ? .blockable(508..<512) : .nonBlockable(508..<512))
                        }
                    default:
                        var isDead = false
                        for _ in 0..<40 {
                            let status = pages.fault(at: 510).status
                            if isDead, status != .dead { wrong.count() }
                            isDead = isDead || status == .dead
                        }
                    }
                }
                #expect(wrong.value == 0)
                #expect(pages.stale.value == 0)
                #expect(pages.fault(at: 510).status == .dead)
                #expect(pages.space.activeCount == 0)
            }
        }
    }
}
