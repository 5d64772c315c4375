import Testing

@testable import NotifierDispatch

@Suite("KVMScheme")
struct KVMSchemeTests {
    @Test("Invariant 29: without the lock too, nobody sees the count drop before the sequence moves")
    func invariant29() {
        let kvm = KVMGuard(space: AddressSpace())
        let started = EventCounter()
        let isDone = Gate()
        let missed = EventCounter()
        let invalidator = RegisteredThread {
            for _ in 0..<50_000 {
                kvm.start(0..<4)
                started.count()
                kvm.end(0..<4)
            }
            isDone.open()
        }
        while !isDone.isOpen {
            let number = UInt64(started.value)
            // The section of that number has started since the one before it ended: it is open, or the sequence moved.
            if number > 0, !kvm.retriesAtOnce(KVMScheme.Ticket(sequence: number - 1), at: 2) { missed.count() }
        }
        invalidator.join()
        #expect(missed.value == 0)
    }

    @Test(
        "Invariant 30: retry is true for each page in any open range, whatever opened and ended before",
        arguments: 0..<8)
    func invariant30(seed: Int) {
        var random = SeededRandom(seed: seed)
        let kvm = KVMGuard(space: AddressSpace())
        var open: [Range<Int>] = []
        for _ in 0..<400 {
            if let last = open.indices.last, open.count == 6 || random.oneIn(2) {
                kvm.end(open.remove(at: Int.random(in: 0...last, using: &random)))
            } else {
                let first = Int.random(in: 0..<60, using: &random)
                open.append(first..<first + 1 + Int.random(in: 0..<8, using: &random))
                kvm.start(open[open.count - 1])
            }
            // The ticket of a reader that began just now: only the hull can tell it to retry.
            for page in 0..<72 where open.contains(where: { $0.contains(page) }) {
                #expect(kvm.retries(kvm.ticketNow, at: page))
                #expect(kvm.retriesAtOnce(kvm.ticketNow, at: page))
                #expect(kvm.begins(at: page) == nil)
            }
            if open.isEmpty { #expect(!(0..<72).contains { kvm.retries(kvm.ticketNow, at: $0) }) }
        }
    }

    @Test("Invariant 31: the hull grows with each start, keeps ranges that ended, and is reset by the first start only")
    func invariant31() {
        let kvm = KVMGuard(space: AddressSpace())
        kvm.start(10..<14)
        #expect(kvm.hull == Array(10..<14))
        // Nested, overlapping and apart, on both sides.
        kvm.start(11..<12)
        #expect(kvm.hull == Array(10..<14))
        kvm.start(13..<16)
        #expect(kvm.hull == Array(10..<16))
        kvm.start(20..<22)
        kvm.start(4..<5)
        #expect(kvm.hull == Array(4..<22))
        for range in [10..<14, 11..<12, 4..<5, 20..<22] {
            kvm.end(range)
            #expect(kvm.hull == Array(4..<22))
        }
        kvm.start(30..<31)
        kvm.end(13..<16)
        #expect(kvm.hull == Array(4..<31))
        kvm.end(30..<31)
        #expect(kvm.hull.isEmpty)
        kvm.start(24..<26)
        #expect(kvm.hull == Array(24..<26))
        kvm.end(24..<26)
    }

    @Test("The sequence knows no ranges: a section anywhere that ended makes a reader retry, one that is open does not")
    func sequenceIsNotFiltered() throws {
        let kvm = KVMGuard(space: AddressSpace())
        let ticket = try #require(kvm.begins(at: 60))
        kvm.start(0..<4)
        #expect(!kvm.retriesAtOnce(ticket, at: 60))
        #expect(!kvm.retries(ticket, at: 60))
        kvm.end(0..<4)
        #expect(kvm.retriesAtOnce(ticket, at: 60))
        #expect(kvm.retries(ticket, at: 60))
    }

    @Test("A fault beside an open section goes straight through; one between two of them waits")
    func filterOfTheHull() throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 100_000)
            let pages = GuardedPages(.kvm, budget: budget)
            _ = try pages.subscribe()
            let first = try opened(pages.space.invalidateRangeStart(.blockable(500..<502)))
            let outcome = pages.fault(at: 510)
            #expect(outcome.status == .installed)
            #expect(outcome.waitedNanoseconds == 0)
            let second = try opened(pages.space.invalidateRangeStart(.blockable(514..<516)))
            #expect(pages.fault(at: 511).status == .busy)
            #expect(pages.fault(at: 516).status == .installed)
            pages.space.invalidateRangeEnd(first)
            pages.space.invalidateRangeEnd(second)
            #expect(pages.fault(at: 511).status == .installed)
        }
    }

    @Test("Installs share the lock")
    func installsShare() throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(.kvm)
            _ = try pages.subscribe()
            let hasFaulted = Gate()
            var faulter: RegisteredThread?
            _ = pages.fault(
                at: 510,
                duringInstall: {
                    faulter = RegisteredThread {
                        #expect(pages.fault(at: 511).status == .installed)
                        hasFaulted.open()
                    }
                    #expect(eventually { hasFaulted.isOpen })
                })
            faulter?.join()
        }
    }

    @Test("Invariant 37: after the release nobody begins or installs, and open sections are forgotten")
    func invariant37() throws {
        let kvm = KVMGuard(space: AddressSpace())
        let ticket = try #require(kvm.begins(at: 2))
        kvm.start(0..<4)
        #expect(!kvm.isDead)
        kvm.markDead()
        #expect(kvm.isDead)
        #expect(kvm.retries(ticket, at: 60))
        #expect(kvm.hull.isEmpty)
        #expect(kvm.begins(at: 60) == nil)
        guard case .dead = kvm.scheme.readBegin(at: 2, until: .never) else {
            Issue.record("a begin was not told that it is over")
            return
        }
        // The end of the section from before, and one that comes after: both pass by.
        kvm.end(0..<4)
        kvm.start(0..<4)
        #expect(kvm.hull.isEmpty)
        kvm.end(0..<4)
        #expect(kvm.isDead)
    }

    @Test("An end without a start traps")
    func endWithoutStart() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            KVMGuard(space: AddressSpace()).end(0..<4)
        }
        #expect(result?.trapped(saying: "an invalidation ended that had not started") == true)
    }

    #if DEBUG
        @Test("Invariant 35: waiting for a section while holding a small lock traps")
        func waitingUnderALockTraps() async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let kvm = KVMGuard(space: AddressSpace())
                _ = kvm.scheme.lockForInstall(at: 2)
                _ = kvm.scheme.readBegin(at: 2, until: .never)
            }
            #expect(result?.trapped(saying: "a thread waits while holding a lock") == true)
        }
    #endif
}

extension KVMGuard {
    /// The ticket of a reader of the page that begins now, if it does not have to wait.
    func begins(at page: Int) -> KVMScheme.Ticket? { scheme.readBeginIfIdle(at: page) }

    /// The ticket of a reader that begins now, whether it has to wait or not.
    var ticketNow: KVMScheme.Ticket {
        KVMScheme.Ticket(sequence: scheme.state.pointee.sequence.load(ordering: .acquiring))
    }

    /// The check as a fault does it first, without the lock.
    func retriesAtOnce(_ ticket: KVMScheme.Ticket, at page: Int) -> Bool { scheme.checkRetry(ticket, at: page) }

    /// The check as a fault does it then, under the lock.
    func retries(_ ticket: KVMScheme.Ticket, at page: Int) -> Bool {
        _ = scheme.lockForInstall(at: page)
        defer { scheme.unlockForInstall(at: page) }
        return scheme.readRetry(ticket, at: page)
    }

    /// The pages below 64 that a reader of now would have to wait for.
    var hull: [Int] { (0..<64).filter { scheme.isInProgress(in: .page($0)) } }

    var isDead: Bool { scheme.isDead(at: 0) }
}
