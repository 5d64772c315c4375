import Testing

@testable import NotifierDispatch

/// The defects of the June 2019 sketch, one by one: what each would do, and that this lock does not.
@Suite("InvLock: defects of the sketch")
struct InvLockDefectTests {
    @Test("Sketch defect 1: an end lowers the count")
    func sketchDefect1() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start()
            invLock.start()
            #expect(invLock.activeCount == 2)
            invLock.end()
            #expect(invLock.activeCount == 1)
            invLock.end()
            #expect(invLock.activeCount == 0)
        }
    }

    @Test("Sketch defect 1: an end without a start traps")
    func sketchDefect1Trap() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread { InvLock(space: AddressSpace()).end() }
        }
        #expect(result?.trapped(saying: "an interesting invalidation ended that had not started") == true)
    }

    @Test("Sketch defect 2: a reader that waited holds the idle sequence from after the wait")
    func sketchDefect2() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start()
            let reader = RegisteredThread {
                guard let ticket = invLock.ticket() else {
                    Issue.record("no ticket")
                    return
                }
                #expect(ticket.sequence & 1 == 0)
                #expect(ticket.sequence == invLock.sequenceNow)
                #expect(!invLock.retries(ticket))
                invLock.start()
                #expect(invLock.retries(ticket))
                invLock.end()
            }
            #expect(eventually { invLock.sleeperCount == 1 })
            invLock.end()
            reader.join()
        }
    }

    @Test("Sketch defect 3: an uninteresting first start does not hide a later interesting one")
    func sketchDefect3() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start(interesting: false)
            let ticket = try #require(invLock.readBeginIfIdle())
            #expect(!invLock.retries(ticket))
            invLock.start(interesting: true)
            #expect(invLock.retries(ticket))
            #expect(invLock.beginsAtOnce() == .busy)
            invLock.end(interesting: true)
            #expect(invLock.retries(ticket))
            #expect(invLock.beginsAtOnce() == .ticket)
            invLock.end(interesting: false)
        }
    }

    @Test("Sketch defect 4: true means retry, so a reader that was not disturbed walks once")
    func sketchDefect4() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            let ticket = try #require(invLock.readBeginIfIdle())
            #expect(!invLock.retries(ticket))
            invLock.start()
            #expect(invLock.retries(ticket))
            invLock.end()
            // Also where the space is shut: that is where the sketch looped.
            let translationGuard = InvLockGuard(space: space, budget: RetryBudget(collisions: 1))
            let walks = EventCounter()
            let outcome = translationGuard.fault(
                at: 3,
                walk: { () -> Int? in
                    walks.count()
                    if walks.value == 1 { translationGuard.scheme.startAndEnd() }
                    return walks.value
                }, install: { #expect($0 == 2) })
            #expect(outcome.status == .installed)
            #expect(outcome.usedFallback)
            #expect(walks.value == 2)
        }
    }

    @Test("Sketch defect 5: after an exclusive read nothing is left of it")
    func sketchDefect5() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            let exclusive = invLock.exclusiveOutcome { #expect(space.isClaimed) }
            #expect(exclusive == .ticket)
            #expect(!space.isClaimed)
            #expect(space.startsAndEnds(.nonBlockable()))
            // The next optimistic read is checked like any other.
            let ticket = try #require(invLock.readBeginIfIdle())
            invLock.startAndEnd()
            #expect(invLock.retries(ticket))
            #expect(!space.isClaimed)
        }
    }

    @Test("Sketch defect 6: all attempts share one deadline, and when it has passed the fallback is taken")
    func sketchDefect6() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let budget = RetryBudget(collisions: .max, nanoseconds: 1_000_000)
            let translationGuard = InvLockGuard(space: space, budget: budget)
            let walks = EventCounter()
            // Every walk is disturbed, until the fallback shuts the space, or the test has failed.
            let outcome = translationGuard.fault(
                at: 3,
                walk: { () -> Int? in
                    walks.count()
                    if !space.isClaimed, walks.value < 1_000_000 { translationGuard.scheme.startAndEnd() }
                    return 1
                }, install: { _ in })
            #expect(outcome.status == .installed)
            #expect(outcome.usedFallback)
        }
    }

    @Test("Sketch defect 7: collisions reach the slow path, though no time is used up")
    func sketchDefect7() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let budget = RetryBudget(collisions: 3, nanoseconds: .max)
            let translationGuard = InvLockGuard(space: space, budget: budget)
            let walks = EventCounter()
            let outcome = translationGuard.fault(
                at: 3,
                walk: { () -> Int? in
                    walks.count()
                    if !space.isClaimed, walks.value < 1_000 { translationGuard.scheme.startAndEnd() }
                    return 1
                }, install: { _ in })
            #expect(outcome.status == .installed)
            #expect(outcome.usedFallback)
            #expect(outcome.retries == 3)
            #expect(walks.value == 4)
        }
    }

    @Test("Sketch defect 8: an exclusive read holds every start that may block back before any subscriber is called")
    func sketchDefect8() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            let starts = OrderedLog<UInt64>()
            let callbacks = OrderedLog<UInt64>()
            let subscriber = RecordingSubscriber()
            subscriber.answer = { _ in
                callbacks.append(MonotonicClock.now())
                return .done
            }
            _ = try space.register(subscriber)
            let outcome = invLock.exclusiveOutcome {
                RegisteredThread {
                    starts.append(MonotonicClock.now())
                    // It is a lease: the start comes although nobody has given the claim back.
                    #expect(space.startsAndEnds(.blockable()))
                }.join()
                #expect(space.isClaimed)
            }
            #expect(outcome == .ticket)
            let start = try #require(starts.take().first)
            let called = callbacks.take()
            #expect(called.count == 1)
            #expect(called.allSatisfy { $0 >= start + LeaseGate.courtesyNanoseconds })
        }
    }

    @Test("Sketch defect 8: a section that comes into an exclusive read in spite of it is seen under the lock")
    func sketchDefect8Collision() {
        RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            for disturb in [{}, { invLock.startAndEnd() }, { invLock.start() }] {
                guard case .granted(let ticket) = invLock.readBeginExclusive(until: .never) else {
                    Issue.record("no section is open")
                    return
                }
                let atOnce = invLock.retries(ticket)
                #expect(!atOnce)
                let before = invLock.sequenceNow
                disturb()
                let afterwards = invLock.retries(ticket)
                #expect(afterwards == (invLock.sequenceNow != before))
                invLock.readEndExclusive(ticket)
            }
            #expect(invLock.activeCount == 1)
            invLock.end()
        }
    }

    @Test("Sketch defect 8: a walk that invalidates under the exclusive read waits for nobody, and is thrown away")
    func sketchDefect8OwnSection() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            let subscriber = RecordingSubscriber()
            subscriber.answer = {
                invLock.invalidationStarted($0.range) { _ in }
                return .done
            }
            subscriber.onEnd = { invLock.invalidationEnded($0.range) }
            _ = try space.register(subscriber)
            guard case .granted(let ticket) = invLock.readBeginExclusive(until: .never) else {
                Issue.record("no section is open")
                return
            }
            #expect(!space.alwaysWaits(.blockable()))
            let isDue = invLock.retries(ticket)
            #expect(isDue)
            invLock.readEndExclusive(ticket)
            #expect(!space.isClaimed)
        }
    }

    @Test("Sketch defect 8: the lease ends with the ticket, consumed or dropped, also on another thread")
    func sketchDefect8Lease() {
        final class Handover: @unchecked Sendable {
            // @unchecked: written before the thread starts, taken by it.
            var ticket: InvLock.ExclusiveTicket?
        }
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            let handover = Handover()
            for way in 0..<3 {
                guard case .granted(let ticket) = invLock.readBeginExclusive(until: .never) else {
                    Issue.record("no section is open")
                    return
                }
                #expect(space.isClaimed)
                switch way {
                case 0: invLock.readEndExclusive(ticket)
                case 1: _ = consume ticket
                default:
                    handover.ticket = consume ticket
                    RegisteredThread { handover.ticket = nil }.join()
                }
                #expect(!space.isClaimed)
            }
        }
    }

    @Test("Sketch defect 8: an exclusive read that is asked for on another lock traps")
    func sketchDefect8AnotherLock() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread {
                let space = AddressSpace()
                guard case .granted(let ticket) = InvLock(space: space).readBeginExclusive(until: .never) else {
                    return
                }
                _ = InvLock(space: space).retries(ticket)
            }
        }
        #expect(result?.trapped(saying: "an exclusive read is asked for on another lock than its own") == true)
    }

    @Test("Sketch defect 9: sections nest, overlap, change threads, and the sequence stays odd until the last end")
    func sketchDefect9() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let ticket = try #require(invLock.readBeginIfIdle())
            invLock.start(0..<4)
            RegisteredThread { invLock.start(2..<8) }.join()
            invLock.start(0..<2)
            for remaining in [2, 1, 0] {
                #expect(invLock.beginsAtOnce() == .busy)
                #expect(invLock.sequenceNow & 1 == 1)
                RegisteredThread { invLock.end(0..<4) }.join()
                #expect(invLock.activeCount == remaining)
            }
            #expect(invLock.beginsAtOnce() == .ticket)
            #expect(invLock.sequenceNow & 1 == 0)
            #expect(invLock.retries(ticket))
        }
    }

    @Test("Sketch defect 10: a waiting reader looks at the sequence again, and then sees the change of the pages")
    func sketchDefect10() {
        /// What a page table holds, in plain memory: ThreadSanitizer reports a reader that was not ordered after it.
        final class Page: @unchecked Sendable {
            // @unchecked: written inside a section, read after its end.
            var value = 0
        }
        RCU.withRegisteredThread {
            let failures = EventCounter()
            for round in 0..<50 where failures.value == 0 {
                let invLock = InvLock(space: AddressSpace())
                let page = Page()
                let isWaiting = Gate()
                invLock.start()
                let reader = RegisteredThread {
                    isWaiting.open()
                    guard case .ticket = invLock.readBegin(until: .after(nanoseconds: 10_000_000_000)) else {
                        return failures.count()
                    }
                    if page.value != round + 1 { failures.count() }
                }
                isWaiting.wait()
                page.value = round + 1
                invLock.end()
                reader.join()
            }
            #expect(failures.value == 0)
        }
    }

    @Test("Sketch defect 11: an open section that is not interesting keeps no reader out")
    func sketchDefect11() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start(interesting: false)
            #expect(invLock.beginsAtOnce() == .ticket)
            invLock.start(interesting: true)
            invLock.start(interesting: false)
            #expect(invLock.beginsAtOnce() == .busy)
            invLock.end(interesting: true)
            // Two that are not interesting are still open.
            #expect(invLock.activeCount == 0)
            let ticket = try #require(invLock.readBeginIfIdle())
            invLock.end(interesting: false)
            invLock.end(interesting: false)
            #expect(!invLock.retries(ticket))
        }
    }

    @Test("Sketch defect 12: when another subscriber fails a non-blockable start, the count is lowered again")
    func sketchDefect12() throws {
        try RCU.withRegisteredThread {
            for failing in 0..<2 {
                let space = AddressSpace()
                let invLock = InvLock(space: space)
                let subscribers = RecordingSubscriber.inAddressOrder(2)
                subscribers[failing].capabilities = .mayWouldBlock
                subscribers[failing].answer = { _ in .wouldBlock }
                subscribers[1 - failing].answer = {
                    invLock.invalidationStarted($0.range) { _ in }
                    return .done
                }
                subscribers[1 - failing].onEnd = { invLock.invalidationEnded($0.range) }
                for subscriber in subscribers { _ = try space.register(subscriber) }
                #expect(!space.startsAndEnds(.nonBlockable()))
                #expect(subscribers[1 - failing].starts.value == failing)
                #expect(invLock.activeCount == 0)
                #expect(invLock.beginsAtOnce() == .ticket)
            }
        }
    }

    @Test("Sketch defect 13: tearing down inside a section wakes the sleepers, and readers see dead")
    func sketchDefect13() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            let ticket = try #require(invLock.readBeginIfIdle())
            invLock.start()
            let outcomes = EventCounter()
            let readers = (0..<2).map { _ in
                RegisteredThread {
                    if case .dead = invLock.readBegin(until: .after(nanoseconds: 20_000_000_000)) { outcomes.count() }
                }
            }
            #expect(eventually { invLock.sleeperCount == 2 })
            invLock.markDead()
            for reader in readers { reader.join() }
            #expect(outcomes.value == 2)
            #expect(invLock.activeCount == 0)
            #expect(invLock.retries(ticket))
            #expect(invLock.beginsAtOnce() == .dead)
            #expect(invLock.exclusiveOutcome() == .dead)
            // The end of the section that was open, and later sections, pass by.
            invLock.end()
            invLock.startAndEnd()
            #expect(invLock.activeCount == 0)
            #expect(invLock.beginsAtOnce() == .dead)
        }
    }

    @Test("Sketch defect 14: the last end, and the teardown, wake the readers after unlocking")
    func sketchDefect14() async {
        // In a process of its own: waking under the lock traps in debug builds.
        await #expect(processExitsWith: .success) {
            RCU.withRegisteredThread {
                for tearsDown in [false, true] {
                    let invLock = InvLock(space: AddressSpace())
                    invLock.start()
                    let reader = RegisteredThread {
                        guard let ticket = invLock.ticket() else { return precondition(tearsDown) }
                        precondition(!tearsDown && !invLock.retries(ticket))
                    }
                    precondition(eventually { invLock.sleeperCount == 1 })
                    tearsDown ? invLock.markDead() : invLock.end()
                    reader.join()
                }
            }
        }
    }

    @Test("Sketch defect 15: an exclusive read still works when the space is gone, which the lock does not keep alive")
    func sketchDefect15() {
        RCU.withRegisteredThread {
            weak var weakSpace: AddressSpace?
            weak var weakSections: OpenSections?
            func makeLock() -> InvLock {
                let space = AddressSpace()
                weakSpace = space
                weakSections = space.sections
                return InvLock(space: space)
            }
            let invLock = makeLock()
            #expect(weakSpace == nil)
            let exclusive = invLock.exclusiveOutcome { #expect(weakSections?.gate.isClaimed == true) }
            #expect(exclusive == .ticket)
            #expect(weakSections?.gate.isClaimed == false)
        }
    }

    @Test("Sketch defect 16: every optimistic reader speaks of readBegin and readRetry, and means the same")
    func sketchDefect16() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let invLock = InvLock(space: space)
            guard case .ticket(let ofLock) = invLock.readBegin(until: .never) else {
                Issue.record("no ticket")
                return
            }
            let ofCounter = space.readBegin()
            #expect(!invLock.retries(ofLock))
            #expect(!space.readRetry(ofCounter))
            space.raise()
            invLock.start()
            #expect(invLock.retries(ofLock))
            #expect(space.readRetry(ofCounter))
            invLock.end()
            space.lower()
            #expect(invLock.retries(ofLock))
            #expect(space.readRetry(ofCounter))
        }
    }

    @Test("Sketch defect 17: a reader that gives its range is not kept by sections elsewhere")
    func sketchDefect17() throws {
        try RCU.withRegisteredThread {
            let invLock = InvLock(space: AddressSpace())
            invLock.start(8..<16)
            #expect(invLock.beginsAtOnce() == .busy)
            #expect(invLock.beginsAtOnce(range: .of(8..<9)) == .busy)
            #expect(invLock.beginsAtOnce(range: .of(15..<20)) == .busy)
            // Adjacent ranges share no page.
            #expect(invLock.beginsAtOnce(range: .of(16..<20)) == .ticket)
            let ticket = try #require(invLock.ticket(range: .of(0..<8)))
            #expect(!invLock.retries(ticket))
            invLock.start(16..<24)
            #expect(!invLock.retries(ticket))
            invLock.start(7..<8)
            #expect(invLock.retries(ticket))
            for pages in [8..<16, 16..<24, 7..<8] { invLock.end(pages) }
            #expect(invLock.retries(ticket))
        }
    }
}

extension InvLock {
    func startAndEnd() {
        start()
        end()
    }
}
