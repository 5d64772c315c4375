import Testing

@testable import NotifierDispatch

@Suite("IntervalNotifiers")
struct IntervalNotifiersTests {
    @Test(
        "Invariant 3: after a start that would block nothing is raised, and readers and removers get through",
        arguments: 0..<4, ReadBeginKind.allCases)
    func invariant3(failing: Int, kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let log = IntervalCallLog()
            let subscribers = try (0..<4).map { name in
                try set.subscriber(over: name..<8) {
                    $0.name = name
                    $0.log = log
                    if name == failing { $0.answer = { $0.isBlockable ? .done : .wouldBlock } }
                }
            }
            #expect(!set.startsAndEnds(.nonBlockable(0..<8)))
            #expect(log.take() == (0...failing).map { .start($0) })
            #expect(set.activeCount == 0)
            #expect(set.sequenceNow % 2 == 0)
            #expect(subscribers.allSatisfy { $0.subscription.beginsAtOnce(kind) == .ticket })
            #expect(set.startsAndEnds(.blockable(0..<8)))
            set.remove(subscribers.map(\.subscription))
        }
    }

    @Test("Invariant 3: a start that would block wakes who went to sleep meanwhile, and does what was put off")
    func invariant3Sleepers() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let isInside = Gate()
            let mayFail = Gate()
            let completions = EventCounter()
            let early = try set.subscriber(over: 0..<8).subscription
            let leaving = try set.subscriber(over: 0..<8).subscription
            _ = try set.subscriber(over: 4..<8) {
                $0.answer = { _ in
                    isInside.open()
                    mayFail.wait()
                    return .wouldBlock
                }
            }
            let invalidator = RegisteredThread { #expect(!set.startsAndEnds(.nonBlockable(0..<8))) }
            isInside.wait()
            let reader = RegisteredThread { #expect(early.outcome() == .ticket) }
            set.removeDeferred(leaving) { completions.count() }
            #expect(eventually { set.sleeperCount == 1 })
            mayFail.open()
            invalidator.join()
            reader.join()
            #expect(completions.value == 1)
            #expect(set.activeCount == 0)
        }
    }

    @Test("Invariant 3: a start that would block inside an open section undoes only itself")
    func invariant3Inside() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscriber = try set.subscriber { $0.answer = { $0.isBlockable ? .done : .wouldBlock } }
            let section = try opened(set.invalidateRangeStart(.blockable()))
            #expect(!set.startsAndEnds(.nonBlockable()))
            #expect(set.activeCount == 1)
            #expect(subscriber.subscription.beginsAtOnce() == .busy)
            set.invalidateRangeEnd(section)
            #expect(subscriber.subscription.beginsAtOnce() == .ticket)
        }
    }

    @Test("Invariant 5: a blockable start succeeds whoever fails, counts them, and calls everyone")
    func invariant5() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscribers = try (0..<5).map { name in
                try set.subscriber(over: name..<8) { if name % 2 == 0 { $0.answer = { _ in .wouldBlock } } }
            }
            let section = try opened(set.invalidateRangeStart(.blockable(0..<8)))
            #expect(section.failedStarts == 3)
            set.invalidateRangeEnd(section)
            #expect(subscribers.map(\.failedStarts.value) == [1, 0, 1, 0, 1])
            #expect(subscribers.map(\.starts.value) == [0, 1, 0, 1, 0])
            #expect(set.activeCount == 0)
        }
    }

    @Test("Invariant 6: while a callback stands still, what must not sleep gets through: start, finish, end")
    func invariant6() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let finish = RecordingFinish()
            let isInside = Gate()
            let mayLeave = Gate()
            let subscriber = try set.subscriber {
                $0.answer = { invalidation in
                    guard invalidation.isBlockable else { return finish.claim() ? .finishLater(finish) : .done }
                    isInside.open()
                    mayLeave.wait()
                    return .done
                }
            }
            let stuck = RegisteredThread { set.startsAndEnds(.blockable()) }
            isInside.wait()
            let others = RegisteredThread {
                #expect(set.startsAndEnds(.nonBlockable()))
                set.removeDeferred(subscriber.subscription)
                #expect((try? set.subscriber()) != nil)
            }
            others.join()
            #expect(finish.finishes.value == 1)
            mayLeave.open()
            stuck.join()
        }
    }

    @Test("Invariant 7: the active count counts open sections and is zero when idle")
    func invariant7() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            _ = try set.subscriber()
            #expect(set.activeCount == 0)
            let first = try opened(set.invalidateRangeStart(.blockable()))
            let second = try opened(set.invalidateRangeStart(.nonBlockable(100..<200)))
            #expect(set.activeCount == 2)
            set.invalidateRangeEnd(first)
            #expect(set.activeCount == 1)
            set.invalidateRangeEnd(second)
            #expect(set.activeCount == 0)
        }
    }

    @Test("Invariant 7: an end without a start traps")
    func invariant7Trap() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread { IntervalNotifiers().closeHalf().dispose() }
        }
        #expect(result?.trapped(saying: "an invalidation ended that had not started") == true)
    }

    @Test("Invariant 20: exactly those that share a page are called, in the order of their first pages")
    func invariant20() throws {
        #expect(InvalidationRange(pages: 4..<4) == nil)
        try RCU.withRegisteredThread {
            var random = SeededRandom(seed: 20)
            let set = IntervalNotifiers()
            let log = IntervalCallLog()
            let ranges = (0..<40).map { 3 * $0..<3 * $0 + Int.random(in: 1...20, using: &random) }
            for name in ranges.indices.shuffled(using: &random) {
                _ = try set.subscriber(over: ranges[name]) {
                    $0.name = name
                    $0.log = log
                }
            }
            for start in 0..<140 {
                let asked = start..<start + Int.random(in: 1...10, using: &random)
                #expect(set.startsAndEnds(.blockable(asked)))
                #expect(log.take() == ranges.indices.filter { ranges[$0].overlaps(asked) }.map { .start($0) })
            }
        }
    }

    @Test("Subscribers are told the whole invalidation, not only what lies in their range")
    func subscribersAreToldTheInvalidation() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let seen = EventCounter()
            let expected = Invalidation(range: .of(3..<90), event: .protectionVMA, isBlockable: false)
            _ = try set.subscriber {
                $0.answer = {
                    if $0 == expected { seen.count() }
                    return .done
                }
            }
            #expect(set.startsAndEnds(expected))
            #expect(seen.value == 1)
        }
    }

    @Test(
        "An owner is passed by when it migrates or takes pages for itself, and for no other event",
        arguments: InvalidationEvent.allCases)
    func owners(event: InvalidationEvent) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let mine = InvalidationOwner()
            let owners = [mine, InvalidationOwner(), nil]
            let subscribers = try owners.map { owner in try set.subscriber { $0.owner = owner } }
            let tickets = try subscribers.map { try #require($0.subscription.ticket()) }
            let invalidation = Invalidation(range: .of(0..<4), event: event, owner: mine)
            let section = try opened(set.invalidateRangeStart(invalidation))
            let isExempt = event == .migrate || event == .exclusive
            #expect(subscribers.map(\.calls) == [isExempt ? 0 : 1, 1, 1])
            // Who was passed by goes on with its faults.
            #expect(subscribers[0].subscription.retries(tickets[0]) == !isExempt)
            #expect((subscribers[0].subscription.ticket() != nil) == isExempt || event == .release)
            set.invalidateRangeEnd(section)
            #expect(subscribers[1].subscription.retries(tickets[1]))
            // An owner is passed by only where the section has one.
            #expect(set.startsAndEnds(Invalidation(range: .of(0..<4), event: event)))
            #expect(subscribers.map(\.calls) == [isExempt ? 1 : 2, 2, 2])
        }
    }
}
