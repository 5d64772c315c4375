import Testing

@testable import NotifierDispatch

/// Faults that are kept in the walks of their fallbacks, where they claim their pages.
private final class HeldClaims: Sendable {
    let pages: GuardedPages
    private let mayGoOn: Gate
    private let faults: [Attempt]

    /// Returns when `count` faults at 508 and above claim, or would have had the time to.
    init(_ count: Int, _ kind: ProtectedGuard) throws {
        let budget = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 10_000_000_000)
        let pages = GuardedPages(kind, budget: budget)
        self.pages = pages
        _ = try pages.subscribe()
        let (walking, claiming) = (EventCounter(), EventCounter())
        let (haveCollided, mayGoOn) = (Gate(), Gate())
        self.mayGoOn = mayGoOn
        faults = (0..<count).map { number in
            Attempt {
                let status = pages.fault(at: 508 + number) { walk in
                    if walk == 1 {
                        walking.count()
                        haveCollided.wait()
                    } else if walk == 2 {
                        claiming.count()
                        mayGoOn.wait()
                    }
                }.status
                #expect(status == .installed)
            }
        }
        #expect(within { walking.value == count })
        pages.invalidate(508..<516)
        haveCollided.open()
        #expect(within { claiming.value == count }, "\(claiming.value) of \(count) faults came to their fallbacks")
    }

    /// Lets them go on, and waits for them. To be called once.
    func end() {
        mayGoOn.open()
        for fault in faults { #expect(fault.goesOn(milliseconds: 12_000)) }
        pages.checkAgainstPageTable()
        #expect(pages.stale.value == 0)
    }
}

/// How long `body` takes, in milliseconds.
private func milliseconds(_ body: () -> Void) -> Double {
    let start = MonotonicClock.now()
    body()
    return Double(MonotonicClock.now() - start) / 1e6
}

@Suite("Rules A and B: a claim is a lease", .serialized)
struct ClaimTests {
    @Test("A non-blockable start beside a claim succeeds at once", arguments: ProtectedGuard.retrying)
    func nonBlockable(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let claims = try HeldClaims(1, kind)
            let succeeded = EventCounter()
            let starts = Attempt {
                for _ in 0..<100 where claims.pages.invalidate(508..<512, isBlockable: false) { succeeded.count() }
            }
            #expect(starts.goesOn(milliseconds: 100))
            #expect(succeeded.value == 100)
            claims.end()
        }
    }

    @Test(
        "A start over claimed pages goes on while they are claimed, by one fault or by four",
        arguments: ProtectedGuard.retrying, [1, 4])
    func starts(kind: ProtectedGuard, count: Int) throws {
        try RCU.withRegisteredThread {
            let claims = try HeldClaims(count, kind)
            let start = Attempt { claims.pages.invalidate(508..<516) }
            #expect(start.goesOn(milliseconds: 100))
            claims.end()
        }
    }

    @Test("A claim is no lock against other faults", arguments: ProtectedGuard.retrying)
    func otherFaults(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let claims = try HeldClaims(1, kind)
            let fault = Attempt {
                #expect(claims.pages.fault(at: 508).status == .installed)
                #expect(claims.pages.fault(at: 600).status == .installed)
            }
            #expect(fault.goesOn(milliseconds: 100))
            claims.end()
        }
    }

    /// Invalidates so often, and counts how often it did not take the time that a start pays for a claim: one that pays always
    /// takes it. One that does not may have lost its core, but not each time.
    private static func count(_ times: Int, unpaidIn unpaid: EventCounter, _ invalidate: () -> Void) {
        for _ in 0..<times {
            let start = MonotonicClock.now()
            invalidate()
            if MonotonicClock.now() &- start < LeaseGate.courtesyNanoseconds { unpaid.count() }
        }
    }

    @Test(
        "Where the guard tells pages apart, 300 starts elsewhere pay nothing for four claims",
        arguments: ProtectedGuard.withStripeWords)
    func elsewhere(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let claims = try HeldClaims(4, kind)
            let unpaid = EventCounter()
            let starts = Attempt { Self.count(300, unpaidIn: unpaid) { claims.pages.invalidate(600..<604) } }
            #expect(starts.goesOn(milliseconds: 20_000))
            #expect(unpaid.value > 150)
            claims.end()
        }
    }

    @Test(
        "The claimant's own sections do not wait for its claim: 300 take no millisecond each",
        arguments: ProtectedGuard.retrying)
    func ownSections(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let budget = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 10_000_000_000)
                let pages = GuardedPages(kind, budget: budget)
                _ = try pages.subscribe()
                let outcome = pages.fault(at: 510) { walk in
                    if walk == 1 { pages.invalidate(508..<512) }
                    guard walk == 2 else { return }
                    let unpaid = EventCounter()
                    Self.count(300, unpaidIn: unpaid) { pages.invalidate(508..<512) }
                    #expect(unpaid.value > 150)
                    #expect(pages.invalidate(508..<512, isBlockable: false))
                }
                #expect(outcome.status == .installed)
                #expect(outcome.usedFallback)
            }
        }
    }

    @Test(
        "A fault is busy at its deadline and a walk, however many faults are in their fallbacks beside an open section",
        arguments: ProtectedGuard.retrying)
    func busyAtTheDeadline(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(collisions: 1, nanoseconds: 1_000_000, fallbackNanoseconds: 20_000_000)
            let pages = GuardedPages(kind, budget: budget)
            _ = try pages.subscribe()
            let section = HeldSection(in: pages.space, over: 508..<512)
            let faults = (508..<512).map { page in
                Attempt {
                    let taken = milliseconds { #expect(pages.fault(at: page).status == .busy) }
                    #expect(taken < 1_000)
                }
            }
            for fault in faults { #expect(fault.goesOn()) }
            section.end()
            #expect(pages.fault(at: 510).status == .installed)
        }
    }
}
