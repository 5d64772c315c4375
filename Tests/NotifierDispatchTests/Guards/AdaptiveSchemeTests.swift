import Testing

@testable import NotifierDispatch

@Suite("AdaptiveScheme: sections")
struct AdaptiveSchemeTests {
    /// Four stripes of four pages; sections over more than two stripes are wide.
    static func makeGuard(
        _ barrier: ProcessBarrier = ProcessBarrier(), wideBound: Int = 2, biasBudget: Double = 1,
        quietFaults: UInt32 = 4
    ) -> AdaptiveGuard {
        AdaptiveGuard(
            AdaptiveScheme(
                pages: 16, stripeSize: StripeSize(shift: 2), wideBound: wideBound, biasBudget: biasBudget,
                installs: PublishedInstalls(barrier: barrier), quietFaults: quietFaults))
    }

    /// Covers three stripes, the first and the last in part.
    private static let wide = 2..<10

    @Test("It begins biased")
    func beginsBiased() {
        let adaptive = Self.makeGuard()
        #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
    }

    @Test("A narrow start revokes, and tears down under the locks")
    func revokesAndTearsDown() {
        let adaptive = Self.makeGuard()
        var seen: [[StripeState.Bias]] = []
        adaptive.start(6..<9) { pages in
            seen.append(adaptive.biases)
            #expect(adaptive.stripes[pages.lowerBound / 4].isLocked)
        }
        #expect(seen == [[.biased, .off, .revoking, .biased], [.biased, .off, .off, .biased]])
        #expect(adaptive.stripes.map(\.openSections) == [0, 1, 1, 0])
        adaptive.end(6..<9)
        #expect(adaptive.biases == [.biased, .off, .off, .biased])
        #expect(adaptive.stripes.map(\.openSections) == [0, 0, 0, 0])
    }

    @Test(
        "A narrow start waits for an install anywhere in its stripes, and for none in another",
        arguments: ProcessBarrier.variants)
    func waitsForTheStripe(barrier: ProcessBarrier) {
        let adaptive = Self.makeGuard(barrier)
        let install = HeldInstall(adaptive, at: 4)
        let beside = StartingSection(adaptive, 8..<9)
        #expect(beside.starts())
        beside.join()
        let section = StartingSection(adaptive, 7..<8)
        #expect(section.waits())
        #expect(section.dropped.take().isEmpty)
        #expect(adaptive.biases == [.biased, .revoking, .off, .biased])
        install.finish()
        section.join()
        #expect(section.dropped.take() == [7..<8])
        #expect(adaptive.biases == [.biased, .off, .off, .biased])
        adaptive.end(7..<8)
        adaptive.end(8..<9)
    }

    @Test("A section that finds a stripe that is being revoked waits too", arguments: ProcessBarrier.variants)
    func waitsWithTheRevoker(barrier: ProcessBarrier) {
        let adaptive = Self.makeGuard(barrier)
        let install = HeldInstall(adaptive, at: 4)
        let first = StartingSection(adaptive, 5..<6)
        #expect(eventually { adaptive.biases[1] == .revoking })
        let second = StartingSection(adaptive, 7..<8)
        #expect(eventually { adaptive.stripes[1].openSections == 2 })
        #expect(second.waits())
        #expect(second.dropped.take().isEmpty)
        #expect(first.waits())
        install.finish()
        first.join()
        second.join()
        #expect(adaptive.biases[1] == .off)
        // From now on nobody is waited for: faults have the lock, or do not install.
        adaptive.start(6..<7)
        for pages in [5..<6, 7..<8, 6..<7] { adaptive.end(pages) }
        #expect(adaptive.stripes[1].openSections == 0)
    }

    @Test("A fault that publishes after a revocation began takes its page back", arguments: ProcessBarrier.variants)
    func takesThePageBack(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let adaptive = Self.makeGuard(barrier)
            let tickets = try [5, 9].map { try adaptive.ticket(at: $0) }
            adaptive.start(4..<5)
            #expect(!adaptive.installs(tickets[0], at: 5))
            #expect(adaptive.publishedPage == nil)
            #expect(adaptive.installs(tickets[1], at: 9))
            adaptive.end(4..<5)
            #expect(!adaptive.installs(tickets[0], at: 5))
            // With the lock now: nothing is published.
            let outcome = adaptive.fault(at: 5) {
                #expect(adaptive.publishedPage == nil)
                #expect(adaptive.stripes[1].isLocked)
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == 0)
            _ = adaptive.fault(at: 9) {
                #expect(adaptive.publishedPage == 9)
                #expect(!adaptive.stripes[2].isLocked)
            }
        }
    }

    @Test("A fault that publishes after a wide section was counted takes its page back, before its stripe is torn down")
    func seesTheWideWord() throws {
        try RCU.withRegisteredThread {
            let adaptive = Self.makeGuard()
            let ticket = try adaptive.ticket(at: 5)
            adaptive.scheme.striped.wide.raise()
            #expect(!adaptive.installs(ticket, at: 5))
            #expect(adaptive.publishedPage == nil)
            adaptive.scheme.striped.wide.lower()
            #expect(!adaptive.installs(ticket, at: 5))
            #expect(adaptive.installs(try adaptive.ticket(at: 5), at: 5))
        }
    }

    @Test(
        "A wide section leaves the bias, and waits for installs of its own range alone",
        arguments: ProcessBarrier.variants)
    func wideSections(barrier: ProcessBarrier) {
        let adaptive = Self.makeGuard(barrier)
        for page in [0, 1, 10, 15] {
            let install = HeldInstall(adaptive, at: page)
            let section = StartingSection(adaptive, Self.wide)
            #expect(section.starts())
            section.join()
            #expect(!adaptive.mayBegin(at: 15))
            adaptive.end(Self.wide)
            install.finish()
        }
        for page in [2, 5, 9] {
            let install = HeldInstall(adaptive, at: page)
            let section = StartingSection(adaptive, Self.wide)
            #expect(section.waits())
            #expect(section.dropped.take().isEmpty)
            install.finish()
            section.join()
            adaptive.end(Self.wide)
        }
        #expect(adaptive.biases == [.biased, .biased, .biased, .biased])
        // Each of the seven has moved the generations of the stripes that it tore down.
        #expect(adaptive.stripes.map(\.startedSections) == [7, 7, 7, 0])
        #expect(adaptive.openWideSections == 0)
    }

    @Test("A fault without the lock sees a wide section too, open or ended", arguments: ProcessBarrier.variants)
    func seesWideSections(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let adaptive = Self.makeGuard(barrier)
            let ticket = try adaptive.ticket(at: 5)
            adaptive.start(Self.wide)
            #expect(!adaptive.installs(ticket, at: 5))
            adaptive.end(Self.wide)
            #expect(!adaptive.installs(ticket, at: 5))
            #expect(adaptive.publishedPage == nil)
            #expect(adaptive.installs(try adaptive.ticket(at: 5), at: 5))
        }
    }

    @Test("A wide section leaves a revocation that another section has begun to that one")
    func wideSectionBesideARevocation() {
        let adaptive = Self.makeGuard()
        let install = HeldInstall(adaptive, at: 0)
        let narrow = StartingSection(adaptive, 1..<2)
        #expect(eventually { adaptive.biases[0] == .revoking })
        let wide = StartingSection(adaptive, Self.wide)
        #expect(wide.starts())
        wide.join()
        #expect(wide.dropped.take() == [2..<4, 4..<8, 8..<10])
        // Who comes now must still wait: the install goes on.
        #expect(adaptive.biases == [.revoking, .biased, .biased, .biased])
        let second = StartingSection(adaptive, 3..<4)
        #expect(second.waits())
        #expect(narrow.waits())
        install.finish()
        narrow.join()
        second.join()
        #expect(adaptive.biases == [.off, .biased, .biased, .biased])
        adaptive.end(1..<2)
        adaptive.end(3..<4)
        adaptive.end(Self.wide)
    }

    @Test("Each page of a section is dropped once, whichever of its stripes are biased", arguments: 0..<8, [2, 3])
    func dropsEachPageOnce(pattern: Int, wideBound: Int) {
        let adaptive = Self.makeGuard(wideBound: wideBound)
        let isBiased = (0..<3).map { pattern & 1 << $0 != 0 }
        for stripe in 0..<3 where !isBiased[stripe] {
            adaptive.start(stripe * 4..<stripe * 4 + 1)
            adaptive.end(stripe * 4..<stripe * 4 + 1)
        }
        let before = adaptive.biases
        #expect(before == isBiased.map { $0 ? .biased : .off } + [.biased])
        var dropped: [Int] = []
        adaptive.start(Self.wide) { pages in
            dropped += pages
            #expect(adaptive.stripes.map(\.isLocked) == (0..<4).map { $0 == pages.lowerBound / 4 })
        }
        #expect(dropped == Array(Self.wide))
        #expect((0..<3).allSatisfy { !adaptive.mayBegin(at: $0 * 4) })
        adaptive.end(Self.wide)
        #expect(adaptive.biases == (wideBound < 3 ? before : [.off, .off, .off, .biased]))
        #expect(adaptive.stripes.map(\.openSections) == [0, 0, 0, 0])
        #expect(adaptive.openWideSections == 0)
    }

    @Test(
        "Sections nest in every order, and leave no count",
        arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func nested(order: [Int]) {
        let sections = [Self.wide, 4..<5, 3..<6]
        let adaptive = Self.makeGuard()
        for section in order { adaptive.start(sections[section]) }
        for section in 0..<3 {
            #expect(!adaptive.mayBegin(at: 5))
            #expect(adaptive.mayBegin(at: 13) == (section > 0))
            adaptive.end(sections[section])
        }
        #expect((0..<4).allSatisfy { adaptive.mayBegin(at: $0 * 4) })
        #expect(adaptive.stripes.map(\.openSections) == [0, 0, 0, 0])
        #expect(adaptive.openWideSections == 0)
    }
}
