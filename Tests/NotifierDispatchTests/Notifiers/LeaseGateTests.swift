import Testing

@testable import NotifierDispatch

@Suite("LeaseGate")
struct LeaseGateTests {
    @Test("A claim is there until it is given back; to give none back does nothing")
    func claims() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(!space.isClaimed)
            let first = space.claim()
            let second = space.claim(.of(0..<4))
            #expect(first != nil && second != nil && first != second)
            space.giveBack(nil)
            space.giveBack(first)
            #expect(space.isClaimed)
            space.giveBack(second)
            #expect(!space.isClaimed)
        }
    }

    @Test("Where all slots are taken nothing is claimed, nothing waits, and a slot that comes free is taken again")
    func noSlotIsLeft() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let claims = (0..<64).compactMap { _ in space.claim(.of(0..<4)) }
            #expect(Set(claims) == Set(0..<64))
            #expect(space.claim(.of(100..<104)) == nil)
            RegisteredThread { #expect(!space.alwaysWaits(.blockable(100..<104))) }.join()
            space.giveBack(17)
            #expect(space.claim(.of(100..<104)) == 17)
            RegisteredThread { #expect(space.alwaysWaits(.blockable(100..<104))) }.join()
            for claim in claims { space.giveBack(claim) }
            #expect(!space.isClaimed)
        }
    }

    @Test("Invariant 34: a start over a claimed page waits a millisecond and then goes in, though nobody gives it back")
    func invariant34() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let claim = space.claim(.of(4..<8))
            RegisteredThread {
                for pages in [4..<8, 0..<5, 7..<12, 5..<6, 0..<16] { #expect(space.alwaysWaits(.blockable(pages))) }
            }.join()
            #expect(space.isClaimed)
            space.giveBack(claim)
            RegisteredThread { #expect(!space.alwaysWaits(.blockable(4..<8))) }.join()
        }
    }

    @Test("Invariant 34: a start waits one millisecond however many faults claim its pages")
    func waitsOnce() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            for _ in 0..<64 { _ = space.claim(.of(4..<8)) }
            RegisteredThread {
                #expect(space.alwaysWaits(.blockable(4..<8)))
                // The fastest of some: a thread can always lose its core for a while.
                let fastest = (0..<10).map { _ in space.nanoseconds(of: .blockable(4..<8)) }.min() ?? .max
                #expect(fastest < 32 * LeaseGate.courtesyNanoseconds)
            }.join()
        }
    }

    @Test("A start beside the claimed pages does not wait")
    func otherPages() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let claims = [space.claim(.of(4..<8)), space.claim(.of(12..<16))]
            RegisteredThread {
                for pages in [0..<4, 8..<12, 16..<20] { #expect(!space.alwaysWaits(.blockable(pages))) }
            }.join()
            for claim in claims { space.giveBack(claim) }
        }
    }

    @Test("Invariant 6: a start that must not block waits for no claim, and is not refused for one")
    func invariant6() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let claim = space.claim()
            RegisteredThread { #expect(!space.alwaysWaits(.nonBlockable())) }.join()
            #expect(space.isClaimed)
            space.giveBack(claim)
        }
    }

    @Test("A claimant's own sections do not wait: neither for its claim nor for those of others")
    func claimantsOwnSections() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            RegisteredThread { _ = space.claim(.of(0..<16)) }.join()
            #expect(space.alwaysWaits(.blockable(0..<16)))
            let claim = space.claim(.of(4..<8))
            #expect(!space.alwaysWaits(.blockable(0..<16)))
            #expect(!space.alwaysWaits(.blockable(4..<8)))
            #expect(!space.alwaysWaits(.blockable(8..<12)))
            space.giveBack(claim)
            #expect(space.alwaysWaits(.blockable(4..<8)))
        }
    }

    @Test("A start goes in as soon as the claim is given back, and never before that within the millisecond")
    func givenBackMeanwhile() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let tooEarly = EventCounter()
            let inTime = EventCounter()
            for _ in 0..<2_000 where inTime.value < 3 {
                let claim = space.claim()
                let isGivenBack = Gate()
                let isStarting = Gate()
                let starter = RegisteredThread {
                    isStarting.open()
                    let wasClaimed = !isGivenBack.isOpen
                    let waited = space.nanoseconds(of: .blockable())
                    guard waited < LeaseGate.courtesyNanoseconds, wasClaimed else { return }
                    (isGivenBack.isOpen ? inTime : tooEarly).count()
                }
                isStarting.wait()
                // Open before the claim is gone: a start that sees no claim sees the open gate.
                isGivenBack.open()
                space.giveBack(claim)
                starter.join()
            }
            #expect(tooEarly.value == 0)
            #expect(inTime.value > 0)
        }
    }

    @Test("While a start gives way it is not counted, so that faults can begin")
    func givesWayBeforeItIsCounted() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let claim = space.claim()
            let starts = OrderedLog<UInt64>()
            let isStarting = Gate()
            let starter = RegisteredThread {
                starts.append(MonotonicClock.now())
                isStarting.open()
                guard let section = space.invalidateRangeStart(.blockable()) else { return }
                space.giveBack(claim)
                space.invalidateRangeEnd(section)
            }
            isStarting.wait()
            let start = starts.take()[0]
            while space.isClaimed && space.readBegin().isIdle {}
            // Whether the section or the end of the claim was seen, the start had given way by then.
            #expect(MonotonicClock.now() >= start + LeaseGate.courtesyNanoseconds)
            starter.join()
        }
    }

    @Test("A section that nests in an open one gives way too, and goes in: nobody waits for anybody for ever")
    func nestedSection() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let section = try opened(space.invalidateRangeStart(.blockable()))
            RegisteredThread { _ = space.claim() }.join()
            #expect(space.alwaysWaits(.blockable()))
            #expect(space.activeCount == 1)
            space.invalidateRangeEnd(section)
        }
    }
}

extension OpenSections {
    /// Whether starts of the calling thread give way at the gate to a claim that nobody gives back.
    func holdsBack(_ invalidation: Invalidation) -> Bool {
        (0..<20).allSatisfy { _ in
            let start = MonotonicClock.now()
            gate.giveWay(to: invalidation)
            return MonotonicClock.now() &- start >= LeaseGate.courtesyNanoseconds
        }
    }
}

extension AddressSpace {
    /// How long the start of a section takes, in nanoseconds. The section is ended at once.
    func nanoseconds(of invalidation: Invalidation) -> UInt64 {
        let start = MonotonicClock.now()
        guard let section = invalidateRangeStart(invalidation) else {
            Issue.record("a start was refused")
            return 0
        }
        let end = MonotonicClock.now()
        invalidateRangeEnd(section)
        return end &- start
    }

    /// Whether each of some starts takes as long as a start gives way to a claim that is not given back. One that gives
    /// way always does, and one that does not is faster at least once.
    func alwaysWaits(_ invalidation: Invalidation) -> Bool {
        (0..<20).allSatisfy { _ in nanoseconds(of: invalidation) >= LeaseGate.courtesyNanoseconds }
    }
}
