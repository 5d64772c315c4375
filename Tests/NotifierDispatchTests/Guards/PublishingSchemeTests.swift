import Testing

@testable import NotifierDispatch

/// With each kind of barrier: `asymmetric` with the kernel's and with fences, and `fenced`.
@Suite("PublishingScheme")
struct PublishingSchemeTests {
    private static let barriers: [any PublicationBarrier] = ProcessBarrier.variants + [LockedExchange()]

    /// Two stripes of four pages.
    private func makeGuard<Barrier>(_ barrier: Barrier) -> RetryingGuard<PublishingScheme<Barrier>> {
        RetryingGuard(PublishingScheme(pages: 8, stripeSize: StripeSize(shift: 2), barrier: barrier))
    }

    @Test(
        "A start waits for an install in its range, and for none outside it, be it in the same stripe",
        arguments: barriers)
    func waitsForInstalls(barrier: any PublicationBarrier) {
        func check(_ barrier: some PublicationBarrier) {
            let guarded = makeGuard(barrier)
            let install = HeldInstall(guarded, at: 2)
            for pages in [0..<2, 3..<4, 4..<8, 3..<8] {
                let section = StartingSection(guarded, pages)
                #expect(section.starts())
                section.join()
                #expect(section.dropped.take() == [pages])
                guarded.end(pages)
            }
            for pages in [2..<3, 0..<8] {
                let install = pages == 2..<3 ? install : HeldInstall(guarded, at: 2)
                let section = StartingSection(guarded, pages)
                #expect(section.waits())
                #expect(section.dropped.take().isEmpty)
                install.finish()
                section.join()
                #expect(section.dropped.take() == [pages])
                guarded.end(pages)
            }
            #expect(guarded.scheme.stripes.states.map(\.openSections) == [0, 0])
        }
        check(barrier)
    }

    @Test(
        "A fault that publishes after the raise takes its page back, and walks again",
        arguments: barriers)
    func takesThePageBack(barrier: any PublicationBarrier) throws {
        func check(_ barrier: some PublicationBarrier) throws {
            try RCU.withRegisteredThread {
                let guarded = makeGuard(barrier)
                let ticket = try guarded.ticket(at: 1)
                guarded.start(0..<1)
                #expect(!guarded.mayBegin(at: 1))
                #expect(!guarded.installs(ticket, at: 1))
                #expect(guarded.scheme.slots.publishedPage == nil)
                guarded.end(0..<1)
                // A whole section since the ticket, and two.
                #expect(!guarded.installs(ticket, at: 1))
                guarded.start(0..<1)
                guarded.end(0..<1)
                #expect(!guarded.installs(ticket, at: 1))
                #expect(guarded.scheme.slots.publishedPage == nil)
                #expect(guarded.installs(try guarded.ticket(at: 1), at: 1))
                #expect(guarded.scheme.slots.publishedPage == nil)
            }
        }
        try check(barrier)
    }

    @Test("The page is published while it is installed, and not while it is walked", arguments: barriers)
    func published(barrier: any PublicationBarrier) {
        func check(_ barrier: some PublicationBarrier) {
            RCU.withRegisteredThread {
                let guarded = makeGuard(barrier)
                let steps = EventCounter()
                _ = guarded.fault(
                    at: 5,
                    walk: { () -> Int? in
                        steps.count()
                        #expect(guarded.scheme.slots.publishedPage == nil)
                        return 5
                    },
                    install: { _ in
                        steps.count()
                        #expect(guarded.scheme.slots.publishedPage == 5)
                    })
                #expect(guarded.scheme.slots.publishedPage == nil)
                #expect(steps.value == 2)
            }
        }
        check(barrier)
    }

    @Test("Sections in another stripe are no collision, open or ended", arguments: barriers)
    func otherStripes(barrier: any PublicationBarrier) throws {
        func check(_ barrier: some PublicationBarrier) throws {
            try RCU.withRegisteredThread {
                let guarded = makeGuard(barrier)
                let ticket = try guarded.ticket(at: 1)
                guarded.start(4..<5)
                #expect(guarded.installs(ticket, at: 1))
                guarded.end(4..<5)
                #expect(guarded.installs(ticket, at: 1))
                #expect(guarded.scheme.stripes.states.map(\.startedSections) == [0, 1])
            }
        }
        try check(barrier)
    }

    @Test("Two threads install the same page at once", arguments: barriers)
    func installsRunTogether(barrier: any PublicationBarrier) {
        func check(_ barrier: some PublicationBarrier) {
            let guarded = makeGuard(barrier)
            // Each returns when its fault is inside.
            let installs = [HeldInstall(guarded, at: 2), HeldInstall(guarded, at: 2)]
            let section = StartingSection(guarded, 2..<3)
            #expect(section.waits())
            installs[1].finish()
            // The other one is still there.
            #expect(section.waits())
            installs[0].finish()
            section.join()
            guarded.end(2..<3)
        }
        check(barrier)
    }

    @Test("Sections overlap and nest; faults begin after the last end", arguments: barriers)
    func sectionsNest(barrier: any PublicationBarrier) {
        func check(_ barrier: some PublicationBarrier) {
            let guarded = makeGuard(barrier)
            guarded.start(0..<8)
            guarded.start(3..<5)
            #expect(guarded.scheme.stripes.states.map(\.openSections) == [2, 2])
            guarded.end(0..<8)
            #expect(!guarded.mayBegin(at: 1))
            guarded.start(0..<1)
            guarded.end(3..<5)
            #expect(!guarded.mayBegin(at: 1))
            #expect(guarded.mayBegin(at: 4))
            guarded.end(0..<1)
            #expect(guarded.mayBegin(at: 1))
        }
        check(barrier)
    }

    @Test(
        "Invariant 37: the end of the subscription waits for an open install; nobody begins or installs after it",
        arguments: barriers)
    func invariant37(barrier: any PublicationBarrier) throws {
        func check(_ barrier: some PublicationBarrier) throws {
            try RCU.withRegisteredThread {
                let guarded = makeGuard(barrier)
                let ticket = try guarded.ticket(at: 7)
                let install = HeldInstall(guarded, at: 7)
                let isOver = Gate()
                let releaser = RegisteredThread {
                    guarded.markDead()
                    isOver.open()
                }
                #expect(!isOver.waitInVain())
                install.finish()
                releaser.join()
                #expect(!guarded.installs(ticket, at: 7))
                #expect(!guarded.mayBegin(at: 7))
                #expect(guarded.scheme.stripes.states.map(\.isDead) == [true, true])
                #expect(guarded.fault(at: 1).status == .dead)
            }
        }
        try check(barrier)
    }
}
