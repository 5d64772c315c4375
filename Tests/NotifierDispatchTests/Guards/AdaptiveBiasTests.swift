import Testing

@testable import NotifierDispatch

@Suite("AdaptiveScheme: the bias comes back")
struct AdaptiveBiasTests {
    private static let quietFaults = 4

    /// A guard of four stripes of four pages, sections over more than two wide, with the bias of stripe 1 off.
    private func makeGuard(biasBudget: Double = 1) -> AdaptiveGuard {
        let adaptive = AdaptiveSchemeTests.makeGuard(biasBudget: biasBudget, quietFaults: UInt32(Self.quietFaults))
        adaptive.start(4..<5)
        adaptive.end(4..<5)
        if biasBudget == 1 { #expect(eventually { adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) }) }
        return adaptive
    }

    /// The bias of stripe 1 after each of so many faults in it.
    private func biases(of adaptive: AdaptiveGuard, after faults: Int) -> [StripeState.Bias] {
        (0..<faults).map { number in
            #expect(adaptive.fault(at: 4 + number % 4).status == .installed)
            #expect(!adaptive.stripes[1].isLocked)
            return adaptive.biases[1]
        }
    }

    @Test("With the last of so many quiet faults, and not before")
    func afterQuietFaults() {
        RCU.withRegisteredThread {
            let adaptive = makeGuard()
            #expect(biases(of: adaptive, after: Self.quietFaults) == [.off, .off, .off, .biased])
            #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
            // And the next section finds it, and waits for who installs now.
            let install = HeldInstall(adaptive, at: 6)
            let section = StartingSection(adaptive, 4..<5)
            #expect(section.waits())
            install.finish()
            section.join()
            #expect(adaptive.biases[1] == .off)
            adaptive.end(4..<5)
        }
    }

    @Test("Faults that walk in vain, or in other stripes, do not count")
    func whatDoesNotCount() {
        RCU.withRegisteredThread {
            let adaptive = makeGuard()
            #expect(biases(of: adaptive, after: Self.quietFaults - 1) == [.off, .off, .off])
            _ = adaptive.fault(at: 4, walk: { () -> Int? in nil }, install: { _ in })
            adaptive.fault(at: 0)
            adaptive.fault(at: 8)
            #expect(adaptive.biases[1] == .off)
            #expect(biases(of: adaptive, after: 1) == [.biased])
        }
    }

    @Test("A section, narrow or wide, makes the count begin anew", arguments: [4..<5, 2..<10])
    func sectionsReset(pages: Range<Int>) {
        RCU.withRegisteredThread {
            let adaptive = makeGuard()
            #expect(biases(of: adaptive, after: Self.quietFaults - 1) == [.off, .off, .off])
            adaptive.start(pages)
            adaptive.end(pages)
            #expect(eventually { adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) })
            #expect(biases(of: adaptive, after: Self.quietFaults) == [.off, .off, .off, .biased])
        }
    }

    @Test("A section in another stripe does not")
    func sectionsElsewhere() {
        RCU.withRegisteredThread {
            let adaptive = makeGuard()
            #expect(biases(of: adaptive, after: Self.quietFaults - 1) == [.off, .off, .off])
            adaptive.start(8..<9)
            adaptive.end(8..<9)
            #expect(eventually { adaptive.scheme.budget.isLeft(at: MonotonicClock.now()) })
            #expect(biases(of: adaptive, after: 1) == [.biased])
        }
    }

    @Test("Not while the budget is spent; who asks in vain asks again after as many faults")
    func budget() {
        RCU.withRegisteredThread {
            // The one revocation so far costs some microseconds times a billion.
            let adaptive = makeGuard(biasBudget: 1e-9)
            let isLeft = adaptive.scheme.budget.isLeft(at: MonotonicClock.now())
            #expect(!isLeft)
            #expect(biases(of: adaptive, after: 3 * Self.quietFaults).allSatisfy { $0 == .off })
            let quietFaults = adaptive.scheme.striped.stripes[1].pointee.quietFaults.load(ordering: .relaxed)
            #expect(quietFaults == 0)
        }
    }

    @Test("Also where a wide section was raised while the fault had the lock: it finds the bias, and faults find it")
    func wideSection() {
        let adaptive = makeGuard()
        RCU.withRegisteredThread {
            #expect(biases(of: adaptive, after: Self.quietFaults - 1) == [.off, .off, .off])
        }
        let install = HeldInstall(adaptive, at: 5)
        let section = StartingSection(adaptive, 4..<16)
        #expect(eventually { adaptive.openWideSections == 1 })
        install.finish()
        section.join()
        #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
        #expect(!adaptive.mayBegin(at: 5))
        adaptive.end(4..<16)
        #expect(adaptive.mayBegin(at: 5))
    }

    @Test("A fault whose stripe is biased again, or no more, since its ticket walks again")
    func ticketsOfTheOtherKind() throws {
        try RCU.withRegisteredThread {
            let adaptive = makeGuard()
            let ofTheLock = try adaptive.ticket(at: 5)
            #expect(adaptive.installs(ofTheLock, at: 5))
            #expect(biases(of: adaptive, after: Self.quietFaults - 1) == [.off, .off, .biased])
            #expect(!adaptive.installs(ofTheLock, at: 5))
            #expect(!adaptive.stripes[1].isLocked)
            let ofTheBias = try adaptive.ticket(at: 5)
            #expect(adaptive.installs(ofTheBias, at: 5))
            adaptive.start(4..<5)
            adaptive.end(4..<5)
            #expect(!adaptive.installs(ofTheBias, at: 5))
            #expect(adaptive.publishedPage == nil)
        }
    }

    @Test("Invariant 37: in each state the end of the subscription waits for an open install, and is final")
    func invariant37() throws {
        for bias in [StripeState.Bias.biased, .revoking, .off] {
            try RCU.withRegisteredThread {
                let adaptive = makeGuard()
                let page = bias == .off ? 5 : 9
                let ticket = try adaptive.ticket(at: page)
                let install = HeldInstall(adaptive, at: page)
                let section = bias == .revoking ? StartingSection(adaptive, 8..<9) : nil
                #expect(eventually { adaptive.biases[page / 4] == bias })
                let isOver = Gate()
                let releaser = RegisteredThread {
                    adaptive.markDead()
                    isOver.open()
                }
                #expect(!isOver.waitInVain())
                install.finish()
                releaser.join()
                section?.join()
                if section != nil { adaptive.end(8..<9) }
                #expect(!adaptive.installs(ticket, at: page))
                #expect(adaptive.stripes.map(\.isDead) == [true, true, true, true])
                #expect(adaptive.publishedPage == nil)
                #expect(!adaptive.stripes[page / 4].isLocked)
                #expect(adaptive.fault(at: page).status == .dead)
                #expect(adaptive.fault(at: 0).status == .dead)
            }
        }
    }
}
