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
                #expect(adaptive.fault(at: 5, walk: { value }, into: slot.word).status == .installed)
                #expect(slot.value == value)
            }
            #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
            #expect(adaptive.stripes.allSatisfy { !$0.isLocked })
            #expect(adaptive.fault(at: 5, walk: { 5 }, into: slot.word).status == .installed)
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

    @Test("A start waits for a closure that has locked a biased stripe, narrow and wide", arguments: [3..<4, 2..<10])
    func waitsForClosures(section: Range<Int>) {
        let adaptive = makeGuard()
        #expect(adaptive.biases[0] == .biased)
        SequenceSteps.sectionsWaitForClosures(adaptive, section: section)
    }

    @Test("A sequence stores nothing while a closure holds its stripe, and waits for it")
    func waitsForTheLock() { SequenceSteps.sequencesWaitForClosures(makeGuard()) }

    @Test("Invariant 37: nobody begins or stores after the end of the subscription")
    func invariant37() throws { try SequenceSteps.nothingAfterTheEnd(makeGuard()) }
}
