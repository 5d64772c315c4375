import Testing

@testable import NotifierDispatch

@Suite("Reads of interval subscriptions")
struct IntervalReadTests {
    @Test(
        "Invariant 8: a ticket is good until a callback over the range, and none is given while it lasts",
        arguments: ReadBeginKind.allCases)
    func invariant8(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscriber = try set.subscriber(over: 0..<8)
            let subscription = subscriber.subscription
            _ = try set.subscriber(over: 8..<16)
            let before = try #require(subscription.ticket(kind))
            #expect(!subscription.retries(before))
            #expect(set.startsAndEnds(.blockable(8..<16)))
            #expect(!subscription.retries(before))
            let section = try opened(set.invalidateRangeStart(.blockable(7..<9)))
            #expect(subscription.retries(before))
            #expect(subscription.beginsAtOnce(kind) == .busy)
            set.invalidateRangeEnd(section)
            #expect(subscription.retries(before))
            let after = try #require(subscription.ticket(kind))
            #expect(!subscription.retries(after))
            // A whole section between begin and retry.
            #expect(set.startsAndEnds(.nonBlockable(0..<1)))
            #expect(subscription.retries(after))
        }
    }

    @Test(
        "Invariant 8: a ticket taken before a callback has run is void once it has", arguments: ReadBeginKind.allCases)
    func invariant8InsideAStart(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let isInside = Gate()
            let mayRecord = Gate()
            let subscriber = try set.subscriber {
                $0.answer = { _ in
                    isInside.open()
                    mayRecord.wait()
                    return .done
                }
            }
            let invalidator = RegisteredThread { set.startsAndEnds(.blockable()) }
            isInside.wait()
            // The space's sequence is odd already, and the subscription's own has not followed: nothing to wait for.
            let ticket = subscriber.subscription.ticket(kind)
            mayRecord.open()
            invalidator.join()
            #expect(subscriber.subscription.retries(try #require(ticket)))
        }
    }

    @Test("Invariant 9: once collided, retry stays true for that ticket", arguments: ReadBeginKind.allCases)
    func invariant9(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            let ticket = try #require(subscription.ticket(kind))
            for _ in 0..<100 {
                let section = try opened(set.invalidateRangeStart(.blockable()))
                #expect(subscription.retries(ticket))
                set.invalidateRangeEnd(section)
                #expect(subscription.retries(ticket))
            }
        }
    }

    @Test("Invariant 10: checkRetry invents no collision, and finds those that lie behind")
    func invariant10() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber(over: 0..<8).subscription
            _ = try set.subscriber(over: 8..<16)
            let ticket = try #require(subscription.ticket())
            for pages in [8..<16, 16..<20, 100..<200] {
                let section = try opened(set.invalidateRangeStart(.blockable(pages)))
                #expect(!subscription.checkRetry(ticket))
                set.invalidateRangeEnd(section)
                #expect(!subscription.checkRetry(ticket))
            }
            #expect(set.startsAndEnds(.blockable(0..<1)))
            #expect(subscription.checkRetry(ticket))
        }
    }

    @Test(
        "Invariant 11: an open section over no watched range masks none that comes later, or came before",
        arguments: ReadBeginKind.allCases)
    func invariant11(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber(over: 0..<8).subscription
            let unwatched = try opened(set.invalidateRangeStart(.blockable(20..<30)))
            let ticket = try #require(subscription.ticket(kind))
            let watched = try opened(set.invalidateRangeStart(.blockable(0..<8)))
            #expect(subscription.retries(ticket))
            #expect(subscription.beginsAtOnce(kind) == .busy)
            let unwatchedToo = try opened(set.invalidateRangeStart(.blockable(20..<30)))
            #expect(subscription.beginsAtOnce(kind) == .busy)
            set.invalidateRangeEnd(unwatchedToo)
            set.invalidateRangeEnd(watched)
            // It waits for the last section of the space, watched or not.
            #expect(subscription.beginsAtOnce(kind) == .busy)
            set.invalidateRangeEnd(unwatched)
            #expect(subscription.beginsAtOnce(kind) == .ticket)
        }
    }

    @Test("Invariant 12: a subscription's sequence is odd at all times, the space's is even when idle")
    func invariant12() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let early = RecordingIntervalSubscriber(over: 0..<8, in: set)
            let late = RecordingIntervalSubscriber(over: 0..<8, in: set)
            func areOdd() -> Bool { [early, late].allSatisfy { $0.subscription.sequenceNow % 2 == 1 } }
            #expect(areOdd())
            try set.insert(early.subscription, for: early)
            #expect(areOdd())
            for pages in [0..<8, 8..<16, 0..<20] {
                let section = try opened(set.invalidateRangeStart(.blockable(pages)))
                #expect(areOdd())
                #expect(set.sequenceNow % 2 == (pages == 8..<16 ? 0 : 1))
                set.invalidateRangeEnd(section)
                #expect(set.sequenceNow % 2 == 0)
            }
            let section = try opened(set.invalidateRangeStart(.blockable(8..<16)))
            try set.insert(late.subscription, for: late)
            #expect(areOdd())
            set.invalidateRangeEnd(section)
            #expect(set.sequenceNow % 2 == 0)
            early.subscription.markDead()
            set.remove(late.subscription)
            #expect(areOdd())
        }
    }

    @Test("Invariant 13: a subscription's sequence does not change while a reader has the lock")
    func invariant13() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let hasStarted = Gate()
            let subscriber = try set.subscriber()
            let subscription = subscriber.subscription
            let ticket = try #require(subscription.ticket())
            subscription.lock()
            let invalidator = RegisteredThread {
                set.startsAndEnds(.blockable())
                hasStarted.open()
            }
            #expect(eventually { set.activeCount == 1 })
            #expect(!hasStarted.waitInVain())
            #expect(!subscription.readRetry(ticket))
            subscription.unlock()
            invalidator.join()
            #expect(subscription.retries(ticket))
        }
    }

    @Test(
        "Invariant 14: a reader sleeps through ends that are not the last, and wakes at the last one",
        arguments: ReadBeginKind.allCases)
    func invariant14(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber(over: 0..<8).subscription
            let hasBegun = Gate()
            let first = try opened(set.invalidateRangeStart(.blockable(0..<4)))
            let second = try opened(set.invalidateRangeStart(.blockable(4..<8)))
            let reader = RegisteredThread {
                // Far behind the time that a wake-up is given below: at its deadline a reader finds the change too.
                #expect(subscription.outcome(kind, until: .after(nanoseconds: 60_000_000_000)) == .ticket)
                hasBegun.open()
            }
            #expect(eventually { set.sleeperCount == 1 })
            set.invalidateRangeEnd(first)
            let unwatched = try opened(set.invalidateRangeStart(.blockable(20..<30)))
            set.invalidateRangeEnd(second)
            #expect(!hasBegun.waitInVain())
            set.invalidateRangeEnd(unwatched)
            #expect(eventually { hasBegun.isOpen })
            reader.join()
            #expect(set.sleeperCount == 0)
        }
    }

    @Test("Invariant 14: nobody waits for sections over other ranges", arguments: ReadBeginKind.allCases)
    func invariant14OtherRanges(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber(over: 0..<8).subscription
            _ = try set.subscriber(over: 8..<16)
            // The second time with a sequence that a section has left behind.
            for _ in 0..<2 {
                let section = try opened(set.invalidateRangeStart(.blockable(8..<16)))
                let ticket = try #require(subscription.ticket(kind))
                set.invalidateRangeEnd(section)
                #expect(!subscription.retries(ticket))
                set.startsAndEnds(.blockable(0..<16))
            }
        }
    }

    @Test(
        "Invariant 14: a reader that was woken does not look again, and so waits once",
        arguments: ReadBeginKind.allCases)
    func invariant14WaitsOnce(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            for _ in 0..<20 {
                let hasBegun = Gate()
                let first = try opened(set.invalidateRangeStart(.blockable()))
                let reader = RegisteredThread {
                    if subscription.outcome(kind) == .ticket { hasBegun.open() }
                }
                #expect(eventually { set.sleeperCount == 1 })
                set.invalidateRangeEnd(first)
                let second = try opened(set.invalidateRangeStart(.blockable()))
                #expect(eventually { hasBegun.isOpen })
                set.invalidateRangeEnd(second)
                reader.join()
            }
        }
    }

    @Test("Invariant 8: a reader that waited collides with a section that began before it went on")
    func invariant8AfterTheWait() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            let first = try opened(set.invalidateRangeStart(.blockable()))
            let waitedFor = set.sequenceNow
            set.invalidateRangeEnd(first)
            let second = try opened(set.invalidateRangeStart(.blockable()))
            let begin = set.readBeginSlow(subscription.node, own: waitedFor, space: waitedFor, until: .never)
            guard case .ticket(let ticket) = begin else {
                Issue.record("no ticket after the wait: \(begin)")
                return set.invalidateRangeEnd(second)
            }
            #expect(subscription.retries(ticket))
            set.invalidateRangeEnd(second)
            #expect(subscription.retries(ticket))
        }
    }

    @Test(
        "Invariant 34: a reader is told busy at its deadline, though nobody ends the section",
        arguments: ReadBeginKind.allCases)
    func invariant34(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            let section = try opened(set.invalidateRangeStart(.blockable()))
            #expect(subscription.outcome(kind, until: .after(nanoseconds: 0)) == .busy)
            #expect(subscription.outcome(kind, until: .after(nanoseconds: 2_000_000)) == .busy)
            #expect(set.sleeperCount == 0)
            set.invalidateRangeEnd(section)
        }
    }

    @Test(
        "Invariant 15: where the sequence wraps around, idle readers go on and waiting ones wake",
        arguments: ReadBeginKind.allCases)
    func invariant15(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            // The last even number below the dead bit.
            let set = IntervalNotifiers(sequence: IntervalNode.deadBit - 2)
            let old = try set.subscriber(over: 0..<8).subscription
            for wrapped in [0, 2, 4] as [UInt64] {
                let ticket = try #require(old.ticket(kind))
                let section = try opened(set.invalidateRangeStart(.blockable(0..<8)))
                #expect(old.retries(ticket))
                let reader = RegisteredThread { #expect(old.outcome(kind) == .ticket) }
                #expect(eventually { set.sleeperCount == 1 })
                set.invalidateRangeEnd(section)
                reader.join()
                #expect(set.sequenceNow == wrapped)
                #expect(old.beginsAtOnce(kind) == .ticket)
                // One that comes right behind the wrap is as good.
                let young = try set.subscriber(over: 8..<16).subscription
                #expect(young.beginsAtOnce(kind) == .ticket)
                #expect(young.sequenceNow % 2 == 1)
                set.remove(young)
            }
        }
    }

    @Test("Invariant 35: while readers and a remover wait, callbacks can take the readers' lock")
    func invariant35() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscriber = try set.subscriber(over: 0..<8)
            let leaving = try set.subscriber(over: 0..<8).subscription
            let section = try opened(set.invalidateRangeStart(.blockable(0..<8)))
            let waiters = [
                RegisteredThread { #expect(subscriber.subscription.outcome(.locked) == .ticket) },
                RegisteredThread { #expect(subscriber.subscription.outcome(.lockFree) == .ticket) },
                RegisteredThread { set.remove(leaving) },
            ]
            #expect(eventually { set.sleeperCount == 3 })
            #expect(set.startsAndEnds(.nonBlockable(0..<8)))
            #expect(subscriber.starts.value == 2)
            set.invalidateRangeEnd(section)
            for waiter in waiters { waiter.join() }
        }
    }
}
