import Testing

@testable import NotifierDispatch

@Suite("StripedScheme")
struct StripedSchemeTests {
    /// Two stripes of four pages; no section is wide.
    private let striped = StripedGuard(StripedScheme(pages: 8, stripeSize: StripeSize(shift: 2), wideBound: 2))

    @Test("Invariant 8: a section that started since the ticket is found, also when it has ended, or another has")
    func invariant8() throws {
        let ticket = try striped.ticket(at: 1)
        striped.start(0..<1)
        #expect(!striped.mayBegin(at: 1))
        #expect(!striped.installs(ticket, at: 1))
        striped.end(0..<1)
        #expect(!striped.installs(ticket, at: 1))
        striped.start(3..<4)
        striped.end(3..<4)
        #expect(!striped.installs(ticket, at: 1))
        #expect(!striped.stripes[0].isLocked)
        #expect(striped.stripes.map(\.startedSections) == [2, 0])
    }

    @Test("Sections in another stripe are no collision, open or ended")
    func otherStripes() {
        striped.start(4..<8)
        var walks = 0
        let outcome = striped.fault(
            at: 1,
            walk: { () -> Int? in
                walks += 1
                striped.end(4..<8)
                striped.start(5..<6)
                return 1
            }, install: { _ in })
        #expect(outcome.status == .installed)
        #expect(outcome.retries == 0)
        #expect(outcome.waitedNanoseconds == 0)
        #expect(walks == 1)
        striped.end(5..<6)
    }

    @Test("A fault waits for an install in its stripe before it walks, and for none elsewhere")
    func waitsForAnInstall() {
        let isWalking = Gate()
        let install = HeldInstall(striped, at: 0)
        let faulter = RegisteredThread { [striped] in
            let outcome = striped.fault(
                at: 1,
                walk: { () -> Int? in
                    isWalking.open()
                    return 1
                }, install: { _ in })
            #expect(outcome.status == .installed)
            #expect(outcome.waitedNanoseconds > 0)
        }
        #expect(!isWalking.waitInVain())
        #expect(striped.fault(at: 4).waitedNanoseconds == 0)
        install.finish()
        faulter.join()
    }

    @Test("A fault that has walked waits for an install in its stripe, and comes back after a while")
    func waitsWithATicket() throws {
        let ticket = try striped.ticket(at: 1)
        let install = HeldInstall(striped, at: 0)
        let start = MonotonicClock.now()
        #expect(!striped.installs(ticket, at: 1))
        #expect(MonotonicClock.now() &- start >= SmallLock.patienceNanoseconds)
        install.finish()
        #expect(striped.installs(ticket, at: 1))
    }

    @Test("A fault that waits for an install, and then finds a section, walks again")
    func collidesWhileItWaits() throws {
        let ticket = try striped.ticket(at: 1)
        let install = HeldInstall(striped, at: 0)
        let section = StartingSection(striped, 0..<1)
        let faulter = RegisteredThread { [striped] in
            // Before the section or after it: it comes back.
            _ = striped.installs(ticket, at: 1)
        }
        install.finish()
        section.join()
        faulter.join()
        // Open or not, the section has moved the word for good.
        #expect(!striped.installs(ticket, at: 1))
        striped.end(0..<1)
        #expect(!striped.stripes[0].isLocked)
    }

    @Test("A fault that waits for a word in somebody's hand gives way to a section that waits for it, too")
    func givesWay() throws {
        let ticket = try striped.ticket(at: 1)
        let stripe = ticket.stripe
        // The word has been put back as it was: whoever is first has it.
        stripe.pointee.waitingSections.store(StripeWord.section, ordering: .relaxed)
        #expect(StripedScheme.beginInstallSlow(ticket, found: StripeWord.lock) == nil)
        #expect(!striped.stripes[0].isLocked)
        stripe.pointee.waitingSections.store(0, ordering: .relaxed)
        #expect(StripedScheme.beginInstallSlow(ticket, found: StripeWord.lock) != nil)
        striped.scheme.endInstall(ticket, at: 1)
    }

    @Test("A start waits for installs of other pages of its stripes, and for those of its stripes alone")
    func installsAndTeardownsExclude() {
        let install = HeldInstall(striped, at: 0)
        let beside = StartingSection(striped, 5..<6)
        #expect(beside.starts())
        let section = StartingSection(striped, 2..<7)
        #expect(section.waits())
        #expect(section.dropped.take().isEmpty)
        install.finish()
        section.join()
        beside.join()
        #expect(section.dropped.take() == [2..<4, 4..<7])
        striped.end(2..<7)
        striped.end(5..<6)
    }

    @Test("During the teardown the stripe is locked against installs, and others are not")
    func teardownIsLocked() throws {
        let tickets = try [1, 5].map { try striped.ticket(at: $0) }
        let teardowns = EventCounter()
        striped.start(0..<2) { _ in
            teardowns.count()
            #expect(striped.stripes[0].isLocked)
            #expect(!striped.installs(tickets[0], at: 1))
            #expect(striped.installs(tickets[1], at: 5))
        }
        #expect(teardowns.value == 1)
        #expect(!striped.stripes[0].isLocked)
        striped.end(0..<2)
    }

    @Test("Invariant 37: the end of the subscription waits for an open install; nobody begins or installs after it")
    func invariant37() throws {
        let ticket = try striped.ticket(at: 5)
        let install = HeldInstall(striped, at: 5)
        let isOver = Gate()
        let releaser = RegisteredThread { [striped] in
            striped.markDead()
            isOver.open()
        }
        #expect(!isOver.waitInVain())
        install.finish()
        releaser.join()
        #expect(!striped.installs(ticket, at: 5))
        #expect(!striped.mayBegin(at: 5))
        #expect(striped.stripes.map(\.isDead) == [true, true])
        #expect(striped.fault(at: 5).status == .dead)
    }
}
