import Testing

@testable import NotifierDispatch

@Suite("AdaptiveScheme by restarting", .enabled(if: RestartableSequences.refusal == nil))
struct AdaptiveRestartingTests {
    /// Four stripes of four pages; sections over more than two stripes are wide.
    private func makeGuard() -> AdaptiveRestartingGuard {
        AdaptiveRestartingGuard(
            AdaptiveScheme(
                pages: 16, stripeSize: StripeSize(shift: 2), wideBound: 2, biasBudget: 1,
                installs: RestartedInstalls(), quietFaults: 4))
    }

    /// Covers three stripes, the first and the last in part.
    private static let wide = 2..<10

    /// What a fault of one word does when it stores, if it does.
    private func fault(_ adaptive: AdaptiveRestartingGuard, at page: Int, _ value: UInt64, into slot: Slot) -> Bool {
        adaptive.fault(at: page, walk: { value }, into: slot.word).status == .installed
    }

    @Test("A sequence that begins after a narrow raise stores nothing, nor one whose ticket is older than a section")
    func seesNarrowSections() throws {
        try RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let slot = Slot()
            let tickets = try [5, 9].map { try adaptive.ticket(at: $0) }
            adaptive.start(4..<5)
            #expect(!adaptive.stores(1, in: slot, tickets[0], at: 5))
            #expect(slot.value == 0)
            #expect(adaptive.stores(2, in: slot, tickets[1], at: 9))
            adaptive.end(4..<5)
            #expect(!adaptive.stores(1, in: slot, tickets[0], at: 5))
            #expect(slot.value == 2)
            #expect(adaptive.biases == [.biased, .off, .biased, .biased])
        }
    }

    @Test("A sequence sees a wide section too, open or ended, which leaves the bias")
    func seesWideSections() throws {
        try RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let slot = Slot()
            let ticket = try adaptive.ticket(at: 5)
            adaptive.start(Self.wide)
            #expect(!adaptive.mayBegin(at: 5))
            #expect(!adaptive.stores(1, in: slot, ticket, at: 5))
            adaptive.end(Self.wide)
            #expect(!adaptive.stores(1, in: slot, ticket, at: 5))
            #expect(slot.value == 0)
            #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
            #expect(try adaptive.stores(2, in: slot, adaptive.ticket(at: 5), at: 5))
            #expect(slot.value == 2)
        }
    }

    @Test("Where the bias is off a fault has the lock, and the last of so many quiet ones biases the stripe again")
    func biasedAgain() {
        RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let slot = Slot()
            adaptive.start(4..<5)
            adaptive.end(4..<5)
            #expect(eventually { adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) })
            for value: UInt64 in 1...4 {
                #expect(adaptive.biases[1] == .off)
                #expect(fault(adaptive, at: 5, value, into: slot))
                #expect(slot.value == value)
            }
            #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
            #expect(adaptive.stripes.allSatisfy { !$0.isLocked })
            #expect(fault(adaptive, at: 5, 5, into: slot))
            adaptive.start(4..<5)
            #expect(adaptive.biases[1] == .off)
            adaptive.end(4..<5)
        }
    }

    @Test("A ticket of the lock is no ticket of the bias, and the other way round")
    func ticketsOfTheOtherKind() throws {
        try RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let slot = Slot()
            let ofTheBias = try adaptive.ticket(at: 5)
            adaptive.start(4..<5)
            adaptive.end(4..<5)
            let ofTheLock = try adaptive.ticket(at: 5)
            #expect(!adaptive.stores(1, in: slot, ofTheBias, at: 5))
            #expect(eventually { adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) })
            for value: UInt64 in 2...5 { #expect(adaptive.stores(value, in: slot, ofTheLock, at: 5)) }
            #expect(adaptive.biases[1] == .biased)
            #expect(!adaptive.stores(6, in: slot, ofTheLock, at: 5))
            #expect(slot.value == 5)
        }
    }

    @Test("A closure locks a biased stripe: sections of the stripe wait, narrow and wide, and none of others")
    func closures() {
        for section in [7..<8, Self.wide] {
            let adaptive = makeGuard()
            let install = HeldInstall(adaptive, at: 4)
            #expect(adaptive.stripes.map(\.isLocked) == [false, true, false, false])
            #expect(adaptive.biases[1] == .biased)
            let beside = StartingSection(adaptive, 12..<13)
            #expect(beside.starts())
            beside.join()
            let waiting = StartingSection(adaptive, section)
            #expect(waiting.waits())
            install.finish()
            waiting.join()
            #expect(waiting.dropped.take().reduce(0) { $0 + $1.count } == section.count)
            adaptive.end(section)
            adaptive.end(12..<13)
            #expect(adaptive.stripes.map(\.openSections) == [0, 0, 0, 0])
            #expect(adaptive.openWideSections == 0)
        }
    }

    @Test("A sequence of a page waits for the closure that holds its stripe, and stores then")
    func waitsForTheLock() {
        let adaptive = makeGuard()
        let slot = Slot()
        let install = HeldInstall(adaptive, at: 4)
        let isOver = Gate()
        let faulting = RegisteredThread {
            _ = adaptive.fault(at: 5, walk: { 7 }, into: slot.word)
            isOver.open()
        }
        #expect(!isOver.waitInVain())
        #expect(slot.value == 0)
        install.finish()
        faulting.join()
        #expect(slot.value == 7)
    }

    @Test("Invariant 37: nobody begins or stores after the end of the subscription")
    func invariant37() throws {
        try RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let slot = Slot()
            let ticket = try adaptive.ticket(at: 7)
            adaptive.markDead()
            #expect(!adaptive.stores(1, in: slot, ticket, at: 7))
            #expect(adaptive.stripes.allSatisfy { $0.isDead })
            #expect(adaptive.fault(at: 1, walk: { 1 }, into: slot.word).status == .dead)
            #expect(slot.value == 0)
        }
    }
}
