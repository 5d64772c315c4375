import Testing

@testable import NotifierDispatch

@Suite("InvLock")
struct InvLockTests {
    @Test("Invariant 7: the count is zero when idle, and a section over after a teardown does not count")
    func invariant7() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            #expect(invLock.activeCount == 0)
            invLock.startAndEnd()
            #expect(invLock.activeCount == 0)
            invLock.start()
            invLock.markDead()
            #expect(invLock.activeCount == 0)
            invLock.end()
            #expect(invLock.activeCount == 0)
        }
    }

    @Test("Invariant 8: a retry is due for every section since begin, whole ones too, and for every open one")
    func invariant8() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            for isOpen in [false, true] {
                let ticket = try #require(invLock.ticket())
                #expect(!invLock.retries(ticket))
                invLock.start()
                if !isOpen { invLock.end() }
                #expect(invLock.retries(ticket))
                if isOpen { invLock.end() }
            }
        }
    }

    @Test("Invariant 8: the teardown runs under the lock, for interesting ranges and others, and for the dead")
    func invariant8Teardown() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let teardowns = EventCounter()
            func start(interesting: Bool) {
                invLock.invalidationStarted(.of(3..<5), interesting: interesting) {
                    #expect($0 == .of(3..<5))
                    #expect(invLock.isHeldByThisThread)
                    teardowns.count()
                }
                #expect(!invLock.isHeldByThisThread)
            }
            start(interesting: true)
            start(interesting: false)
            invLock.markDead()
            start(interesting: true)
            #expect(teardowns.value == 3)
        }
    }

    @Test("Invariant 9: once collided, a ticket stays so: idle ones, and those that gave a range inside a section")
    func invariant9() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let idle = try #require(invLock.ticket())
            invLock.start(8..<16)
            let ranged = try #require(invLock.ticket(range: .of(0..<4)))
            #expect(!invLock.retries(ranged))
            invLock.start(3..<4)
            #expect(invLock.retries(ranged))
            // Another one elsewhere makes the hull no smaller.
            invLock.start(20..<24)
            #expect(invLock.retries(ranged))
            #expect(invLock.beginsAtOnce(range: .of(3..<4)) == .busy)
            invLock.end(20..<24)
            // The one that it collided with ends; the first is still open.
            invLock.end(3..<4)
            #expect(invLock.retries(ranged))
            invLock.end(8..<16)
            for _ in 0..<100 {
                #expect(invLock.retries(idle))
                #expect(invLock.retries(ranged))
                invLock.start(20..<24)
                #expect(invLock.retries(idle))
                #expect(invLock.retries(ranged))
                invLock.end(20..<24)
            }
        }
    }

    @Test("Invariant 9: a section below the others makes the hull no smaller above")
    func invariant9HullEnd() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start(8..<16)
            let ranged = try #require(invLock.ticket(range: .of(20..<24)))
            #expect(!invLock.retries(ranged))
            invLock.start(23..<26)
            #expect(invLock.retries(ranged))
            invLock.start(0..<4)
            #expect(invLock.retries(ranged))
            #expect(invLock.beginsAtOnce(range: .of(23..<24)) == .busy)
        }
    }

    @Test("Invariant 10: the check without the lock finds no collision that is none")
    func invariant10() {
        RCU.withRegisteredThread {
            var random = SeededRandom(seed: 10)
            var hits = 0
            for _ in 0..<200 {
                let invLock = InvLock(space: AddressSpace())
                var tickets: [InvLock.Ticket] = []
                var open: [Range<Int>] = []
                for _ in 0..<20 {
                    let start = Int.random(in: 0..<12, using: &random)
                    let pages = start..<start + 1 + Int.random(in: 0..<4, using: &random)
                    if !open.isEmpty, random.oneIn(2) {
                        invLock.end(open.removeLast())
                    } else {
                        invLock.start(pages)
                        open.append(pages)
                    }
                    let range = random.oneIn(3) ? nil : InvalidationRange(pages: start..<start + 2)
                    if case .ticket(let ticket) = invLock.readBegin(range: range, until: .after(nanoseconds: 0)) {
                        tickets.append(ticket)
                    }
                    for ticket in tickets where invLock.checkRetry(ticket) {
                        hits += 1
                        #expect(invLock.retries(ticket))
                    }
                }
            }
            #expect(hits > 0)
        }
    }

    @Test("Invariant 11: an open range that is not interesting masks no interesting one, in whatever order they end")
    func invariant11() throws {
        try RCU.withRegisteredThread {
            for startsInteresting in [false, true] {
                for endsInteresting in [false, true] {
                    let invLock = InvLock(space: AddressSpace())
                    let ticket = try #require(invLock.ticket())
                    invLock.start(interesting: startsInteresting)
                    invLock.start(interesting: !startsInteresting)
                    #expect(invLock.retries(ticket))
                    #expect(invLock.beginsAtOnce() == .busy)
                    invLock.end(interesting: endsInteresting)
                    #expect(invLock.retries(ticket))
                    #expect(invLock.beginsAtOnce() == (endsInteresting ? .ticket : .busy))
                    invLock.end(interesting: !endsInteresting)
                    #expect(invLock.retries(ticket))
                    #expect(invLock.beginsAtOnce() == .ticket)
                }
            }
        }
    }

    @Test("Invariant 12: the sequence is even when nothing is open, and odd when something is")
    func invariant12() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            var random = SeededRandom(seed: 12)
            var open = 0
            for _ in 0..<1_000 {
                if open > 0, random.oneIn(2) {
                    invLock.end()
                    open -= 1
                } else {
                    invLock.start()
                    open += 1
                }
                #expect(invLock.activeCount == open)
                #expect((invLock.sequenceNow & 1 == 1) == (open > 0))
            }
        }
    }

    @Test("Invariant 13: start, end and teardown write the sequence with the lock held", arguments: 0..<3)
    func invariant13(call: Int) {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            if call == 1 { invLock.start() }
            let hasWritten = Gate()
            invLock.lock()
            let before = invLock.sequenceNow
            let writer = RegisteredThread {
                switch call {
                case 0: invLock.start()
                case 1: invLock.end()
                default: invLock.markDead()
                }
                hasWritten.open()
            }
            #expect(!hasWritten.waitInVain())
            #expect(invLock.sequenceNow == before)
            invLock.unlock()
            writer.join()
            #expect(invLock.sequenceNow != before)
        }
    }

    @Test("Invariant 14: a reader sleeps through ends that are not the last, and wakes at the last one")
    func invariant14() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let hasBegun = Gate()
            invLock.start()
            invLock.start()
            let reader = RegisteredThread {
                #expect(invLock.ticket() != nil)
                hasBegun.open()
            }
            #expect(eventually { invLock.sleeperCount == 1 })
            invLock.end()
            invLock.start(interesting: false)
            #expect(!hasBegun.waitInVain())
            invLock.end()
            reader.join()
            #expect(invLock.sleeperCount == 0)
            invLock.end(interesting: false)
        }
    }

    @Test("Invariant 15: where the sequence wraps around, idle readers go on and waiting ones wake")
    func invariant15() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            // The last even number below the dead bit.
            invLock.state.pointee.sequence.store(InvLock.deadBit - 2, ordering: .relaxed)
            let ticket = try #require(invLock.ticket())
            invLock.start()
            #expect(invLock.retries(ticket))
            let reader = RegisteredThread { #expect(invLock.ticket() != nil) }
            #expect(eventually { invLock.sleeperCount == 1 })
            invLock.end()
            reader.join()
            #expect(invLock.retries(ticket))
            #expect(invLock.beginsAtOnce() == .ticket)
            invLock.start()
            #expect(invLock.beginsAtOnce() == .busy)
            invLock.end()
            #expect(invLock.beginsAtOnce() == .ticket)
        }
    }

    @Test("Invariant 34: a reader is told busy at its deadline, though nobody ends the section")
    func invariant34() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            space.raise()
            invLock.start()
            for deadline in [Deadline.after(nanoseconds: 0), .after(nanoseconds: 2_000_000)] {
                guard case .busy = invLock.readBegin(until: deadline) else {
                    Issue.record("the section is still open")
                    return
                }
            }
            #expect(invLock.sleeperCount == 0)
            #expect(invLock.exclusiveOutcome(until: .after(nanoseconds: 2_000_000)) == .busy)
            #expect(!space.isClaimed)
            invLock.end()
            space.lower()
        }
    }

    @Test("Invariant 35: while readers wait, optimistic or exclusive, callbacks can take the lock")
    func invariant35() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            space.raise()
            invLock.start(0..<8)
            let readers = [
                RegisteredThread { #expect(invLock.ticket() != nil) },
                RegisteredThread { #expect(invLock.ticket(range: .of(0..<2)) != nil) },
                RegisteredThread { #expect(invLock.exclusiveOutcome() == .ticket) },
            ]
            #expect(eventually { invLock.sleeperCount == 3 && space.isClaimed })
            invLock.start(4..<6)
            invLock.end(4..<6)
            invLock.end(0..<8)
            space.lower()
            for reader in readers { reader.join() }
        }
    }

    @Test("A ticket may be asked for without waiting: nil while a section is open or the lock is dead")
    func readBeginIfIdle() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            #expect(invLock.readBeginIfIdle() != nil)
            invLock.start()
            #expect(invLock.readBeginIfIdle() == nil)
            invLock.end()
            #expect(invLock.readBeginIfIdle(range: .of(2..<5))?.startPage == 2)
            invLock.markDead()
            #expect(invLock.readBeginIfIdle() == nil)
        }
    }
}

extension InvLock {
    var isHeldByThisThread: Bool { state.pointee.lock.isHeldByThisThread }
}
