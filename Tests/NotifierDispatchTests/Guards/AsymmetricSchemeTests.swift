import Testing

@testable import NotifierDispatch

@Suite("AsymmetricScheme")
struct AsymmetricSchemeTests {
    /// Two stripes of four pages.
    private func makeGuard(_ barrier: ProcessBarrier) -> AsymmetricGuard {
        AsymmetricGuard(AsymmetricScheme(pages: 8, stripeSize: StripeSize(shift: 2), barrier: barrier))
    }

    @Test(
        "A start waits for an install in its range, and for none outside it, be it in the same stripe",
        arguments: ProcessBarrier.variants)
    func waitsForInstalls(barrier: ProcessBarrier) {
        let asymmetric = makeGuard(barrier)
        let install = HeldInstall(asymmetric, at: 2)
        for pages in [0..<2, 3..<4, 4..<8, 3..<8] {
            let section = StartingSection(asymmetric, pages)
            #expect(section.starts())
            section.join()
            #expect(section.dropped.take() == [pages])
            asymmetric.end(pages)
        }
        for pages in [2..<3, 0..<8] {
            let install = pages == 2..<3 ? install : HeldInstall(asymmetric, at: 2)
            let section = StartingSection(asymmetric, pages)
            #expect(section.waits())
            #expect(section.dropped.take().isEmpty)
            install.finish()
            section.join()
            #expect(section.dropped.take() == [pages])
            asymmetric.end(pages)
        }
        #expect(asymmetric.stripes.map(\.openSections) == [0, 0])
    }

    @Test(
        "A fault that publishes after the raise takes its page back, and walks again",
        arguments: ProcessBarrier.variants)
    func takesThePageBack(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let asymmetric = makeGuard(barrier)
            let ticket = try asymmetric.ticket(at: 1)
            asymmetric.start(0..<1)
            #expect(!asymmetric.mayBegin(at: 1))
            #expect(!asymmetric.installs(ticket, at: 1))
            #expect(asymmetric.publishedPage == nil)
            asymmetric.end(0..<1)
            // A whole section since the ticket, and two.
            #expect(!asymmetric.installs(ticket, at: 1))
            asymmetric.start(0..<1)
            asymmetric.end(0..<1)
            #expect(!asymmetric.installs(ticket, at: 1))
            #expect(asymmetric.publishedPage == nil)
            #expect(asymmetric.installs(try asymmetric.ticket(at: 1), at: 1))
            #expect(asymmetric.publishedPage == nil)
        }
    }

    @Test("The page is published while it is installed, and not while it is walked", arguments: ProcessBarrier.variants)
    func published(barrier: ProcessBarrier) {
        RCU.withRegisteredThread {
            let asymmetric = makeGuard(barrier)
            let steps = EventCounter()
            _ = asymmetric.fault(
                at: 5,
                walk: { () -> Int? in
                    steps.count()
                    #expect(asymmetric.publishedPage == nil)
                    return 5
                },
                install: { _ in
                    steps.count()
                    #expect(asymmetric.publishedPage == 5)
                })
            #expect(asymmetric.publishedPage == nil)
            #expect(steps.value == 2)
        }
    }

    @Test("Sections in another stripe are no collision, open or ended", arguments: ProcessBarrier.variants)
    func otherStripes(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let asymmetric = makeGuard(barrier)
            let ticket = try asymmetric.ticket(at: 1)
            asymmetric.start(4..<5)
            #expect(asymmetric.installs(ticket, at: 1))
            asymmetric.end(4..<5)
            #expect(asymmetric.installs(ticket, at: 1))
            #expect(asymmetric.stripes.map(\.startedSections) == [0, 1])
        }
    }

    @Test("Two threads install the same page at once", arguments: ProcessBarrier.variants)
    func installsRunTogether(barrier: ProcessBarrier) {
        let asymmetric = makeGuard(barrier)
        // Each returns when its fault is inside.
        let installs = [HeldInstall(asymmetric, at: 2), HeldInstall(asymmetric, at: 2)]
        let section = StartingSection(asymmetric, 2..<3)
        #expect(section.waits())
        installs[1].finish()
        // The other one is still there.
        #expect(section.waits())
        installs[0].finish()
        section.join()
        asymmetric.end(2..<3)
    }

    @Test("Sections overlap and nest; faults begin after the last end", arguments: ProcessBarrier.variants)
    func sectionsNest(barrier: ProcessBarrier) {
        let asymmetric = makeGuard(barrier)
        asymmetric.start(0..<8)
        asymmetric.start(3..<5)
        #expect(asymmetric.stripes.map(\.openSections) == [2, 2])
        asymmetric.end(0..<8)
        #expect(!asymmetric.mayBegin(at: 1))
        asymmetric.start(0..<1)
        asymmetric.end(3..<5)
        #expect(!asymmetric.mayBegin(at: 1))
        #expect(asymmetric.mayBegin(at: 4))
        asymmetric.end(0..<1)
        #expect(asymmetric.mayBegin(at: 1))
    }

    @Test(
        "Invariant 37: the end of the subscription waits for an open install; nobody begins or installs after it",
        arguments: ProcessBarrier.variants)
    func invariant37(barrier: ProcessBarrier) throws {
        try RCU.withRegisteredThread {
            let asymmetric = makeGuard(barrier)
            let ticket = try asymmetric.ticket(at: 7)
            let install = HeldInstall(asymmetric, at: 7)
            let isOver = Gate()
            let releaser = RegisteredThread {
                asymmetric.markDead()
                isOver.open()
            }
            #expect(!isOver.waitInVain())
            install.finish()
            releaser.join()
            #expect(!asymmetric.installs(ticket, at: 7))
            #expect(!asymmetric.mayBegin(at: 7))
            #expect(asymmetric.stripes.map(\.isDead) == [true, true])
            #expect(asymmetric.fault(at: 1).status == .dead)
        }
    }
}
