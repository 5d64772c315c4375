import Testing

@testable import NotifierDispatch

@Suite("Stripes")
struct StripeTests {
    @Test("The word is changed when nobody holds the lock, and stored back whole by who does")
    func updatesWaitForTheLock() {
        let stripes = Stripes(pages: 4, size: .hugePage)
        let isHeld = Gate()
        let isChanged = Gate()
        let updater = RegisteredThread {
            isHeld.wait()
            let changed = stripes[0].pointee.updateUnlocked { $0 &+ StripeWord.start }
            #expect(changed == StripeWord.start)
            isChanged.open()
        }
        stripes[0].pointee.withLock { locked in
            #expect(locked == StripeWord.lock)
            isHeld.open()
            #expect(!isChanged.waitInVain())
            #expect(stripes.states[0].openSections == 0)
            #expect(stripes.states[0].isLocked)
        }
        updater.join()
        #expect(stripes.states[0].openSections == 1)
        #expect(!stripes.states[0].isLocked)
    }

    @Test("Locked sections of a stripe exclude each other, and see what the last one wrote")
    func locksExclude() {
        final class Total: @unchecked Sendable {
            // @unchecked: only touched with the stripe's lock held.
            var value = 0
        }
        let stripes = Stripes(pages: 4, size: .hugePage)
        let total = Total()
        runThreads(3) { _ in
            for _ in 0..<2_000 {
                stripes[0].pointee.withLock {
                    $0 &+ StripeWord.generation
                } _: { _ in
                    total.value += 1
                }
            }
        }
        #expect(total.value == 6_000)
        #expect(stripes.states[0].startedSections == 6_000)
    }

    @Test("The parts of the word do not overlap")
    func layout() {
        let parts = [
            StripeWord.lock, StripeWord.dead, StripeWord.revoking, StripeWord.biased, StripeWord.count,
            ~(StripeWord.generation - 1),
        ]
        #expect(parts.map(\.nonzeroBitCount).reduce(0, +) == 64)
        #expect(parts.reduce(0, |) == .max)
        #expect(StripeWord.start == StripeWord.section + StripeWord.generation)
        #expect(StripeWord.count & StripeWord.section == StripeWord.section)
    }

    @Test("The generation wraps and leaves the rest of the word alone")
    func generationWraps() {
        let stripes = Stripes(pages: 4, size: .hugePage, word: ~(StripeWord.generation - 1) | StripeWord.biased)
        stripes[0].pointee.updateUnlocked { $0 &+ StripeWord.start }
        #expect(stripes.states[0].startedSections == 0)
        #expect(stripes.states[0].openSections == 1)
        #expect(stripes.states[0].bias == .biased)
    }

    @Test("A word in another thread's hand: whoever takes it then leaves no trace, once it is put back")
    func takenInVain() {
        let stripes = Stripes(pages: 4, size: .hugePage)
        stripes[0].pointee.withLock(changing: { $0 &+ StripeWord.start }) { locked in
            #expect(stripes[0].pointee.word.exchange(StripeWord.lock, ordering: .acquiring) == StripeWord.lock)
            #expect(locked == StripeWord.start | StripeWord.lock)
        }
        #expect(stripes[0].pointee.word.load(ordering: .relaxed) == StripeWord.start)
    }

    @Test("In a forked child, a word in a lost thread's hand becomes one that no ticket is", arguments: [0, 1, 7])
    func forkWithAWordInHand(sections: Int) {
        let stripes = Stripes(pages: 4, size: .hugePage)
        for _ in 0..<sections {
            stripes[0].pointee.updateUnlocked { $0 &+ StripeWord.start }
            stripes.countEnd(in: 0...0)
        }
        // A child of the child, too: none has a word that was there before.
        var words: Set<UInt64> = []
        for _ in 0..<4 {
            words.insert(stripes[0].pointee.word.exchange(StripeWord.lock, ordering: .acquiring))
            stripes.resetAfterFork()
        }
        words.insert(stripes[0].pointee.word.load(ordering: .relaxed))
        #expect(words.count == 5)
        #expect(words.allSatisfy { $0 & (StripeWord.lock | StripeWord.count | StripeWord.dead) == 0 })
    }

    @Test("A dead stripe says so also while its word is in somebody's hand, and in a forked child")
    func deadInHand() {
        let stripes = Stripes(pages: 4, size: .hugePage)
        let wasDead = stripes.isDead(at: 0)
        stripes.markDead()
        var isDead = false
        stripes[0].pointee.withLock { _ in isDead = stripes.isDead(at: 0) }
        #expect(!wasDead && isDead)
        _ = stripes[0].pointee.word.exchange(StripeWord.lock, ordering: .acquiring)
        stripes.resetAfterFork()
        #expect(stripes.states[0].isDead)
    }

    @Test("A section that waits for a word in somebody's hand is counted meanwhile, and not afterwards")
    func waitingSectionsAreCounted() {
        let stripes = Stripes(pages: 4, size: .hugePage)
        let isHeld = Gate()
        let section = RegisteredThread {
            isHeld.wait()
            stripes[0].pointee.updateUnlocked { $0 &+ StripeWord.start }
        }
        func waiting() -> UInt64 { stripes[0].pointee.waitingSections.load(ordering: .relaxed) }
        #expect(waiting() == 0)
        stripes[0].pointee.withLock { _ in
            isHeld.open()
            #expect(eventually { waiting() == StripeWord.section })
        }
        section.join()
        #expect(waiting() == 0)
    }

    @Test("An end for which nothing started traps", arguments: WordGuard.allCases)
    func underflow(kind: WordGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            RCU.withRegisteredThread { kind.endWithoutStart() }
        }
        #expect(result?.trapped(saying: "an invalidation ended that had not started") == true)
    }

    @Test("The section for which the count has no room traps", arguments: WordGuard.allCases)
    func overflow(kind: WordGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            RCU.withRegisteredThread { kind.startWithoutRoom() }
        }
        #expect(result?.trapped(saying: "more than 1,048,575 invalidations of a stripe are open at once") == true)
    }

    @Test("A page beyond those that the guard was made for traps", arguments: WordGuard.allCases, [512, -1])
    func beyond(kind: WordGuard, page: Int) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind, page] in
            RCU.withRegisteredThread { kind.fault(at: page) }
        }
        #expect(result?.trapped(saying: "a page lies beyond those the guard was made for") == true)
    }
}

/// The guards whose sections a word counts, each by the way in which it does.
enum WordGuard: String, CaseIterable, Codable, CustomTestStringConvertible {
    case striped
    case stripedWide
    case asymmetric
    case adaptive

    var testDescription: String { rawValue }

    private static let pages = 0..<4

    func endWithoutStart() {
        switch self {
        case .striped: makeStriped(wideBound: 1).end(Self.pages)
        case .stripedWide: makeStriped(wideBound: 0).end(Self.pages)
        case .asymmetric: makeAsymmetric().end(Self.pages)
        case .adaptive: makeAdaptive().end(Self.pages)
        }
    }

    func startWithoutRoom() {
        switch self {
        case .striped:
            let full = makeStriped(wideBound: 1)
            fill(full.scheme.stripes)
            full.start(Self.pages)
        case .stripedWide:
            let full = makeStriped(wideBound: 0)
            full.scheme.wide.word.store(StripeWord.count, ordering: .relaxed)
            full.start(Self.pages)
        case .asymmetric:
            let full = makeAsymmetric()
            fill(full.scheme.stripes)
            full.start(Self.pages)
        case .adaptive:
            let full = makeAdaptive()
            fill(full.scheme.striped.stripes)
            full.start(Self.pages)
        }
    }

    func fault(at page: Int) {
        switch self {
        case .striped, .stripedWide: makeStriped(wideBound: 1).fault(at: page)
        case .asymmetric: makeAsymmetric().fault(at: page)
        case .adaptive: makeAdaptive().fault(at: page)
        }
    }

    private func fill(_ stripes: borrowing Stripes) {
        stripes[0].pointee.updateUnlocked { $0 | StripeWord.count }
    }

    private func makeStriped(wideBound: Int) -> StripedGuard {
        StripedGuard(StripedScheme(pages: 512, stripeSize: .hugePage, wideBound: wideBound))
    }

    private func makeAsymmetric() -> AsymmetricGuard {
        AsymmetricGuard(AsymmetricScheme(pages: 512, stripeSize: .hugePage))
    }

    private func makeAdaptive() -> AdaptiveGuard {
        AdaptiveGuard(AdaptiveScheme(pages: 512, stripeSize: .hugePage, wideBound: 1, biasBudget: 1))
    }
}
