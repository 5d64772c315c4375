import Testing

@testable import NotifierDispatch

@Suite("Both halves of a space")
struct AddressSpaceIntervalTests {
    /// A space with one subscriber in each half, which log.
    struct BothHalves {
        let space = AddressSpace()
        let log = IntervalCallLog()
        let finish = RecordingFinish()
        let interval: RecordingIntervalSubscriber
        let list = RecordingSubscriber()

        init(listAnswer: StartResponse = .done) throws {
            interval = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            interval.log = log
            finish.log = log
            interval.answer = { [finish] _ in finish.claim() ? .finishLater(finish) : .done }
            list.capabilities = [.mayWouldBlock, .receivesEnd]
            list.answer = { [log] in
                log.append(.listStart)
                return $0.isBlockable ? .done : listAnswer
            }
            list.onEnd = { [log] _ in log.append(.listEnd) }
            _ = try space.register(list)
            try space.insert(interval.subscription, for: interval)
        }
    }

    @Test("A start calls intervals, then their second passes, then the list; an end the list")
    func order() throws {
        try RCU.withRegisteredThread {
            let halves = try BothHalves()
            let section = try opened(halves.space.invalidateRangeStart(.blockable()))
            #expect(halves.log.take() == [.start(0), .finish(0), .listStart])
            #expect(halves.space.intervals.activeCount == 1)
            #expect(halves.interval.subscription.beginsAtOnce() == .busy)
            halves.space.invalidateRangeEnd(section)
            #expect(halves.log.take() == [.listEnd])
            #expect(halves.space.intervals.activeCount == 0)
            #expect(halves.interval.subscription.beginsAtOnce() == .ticket)
            #expect(halves.space.startsAndEnds(.blockable(100..<101)))
            #expect(halves.log.take() == [.listStart, .listEnd])
        }
    }

    @Test(
        "Invariant 3: where the list half would block, the interval half is closed again",
        arguments: ReadBeginKind.allCases)
    func invariant3(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let halves = try BothHalves(listAnswer: .wouldBlock)
            let subscription = halves.interval.subscription
            #expect(!halves.space.startsAndEnds(.nonBlockable()))
            #expect(halves.log.take() == [.start(0), .finish(0), .listStart])
            #expect(halves.space.intervals.activeCount == 0)
            #expect(halves.space.activeCount == 0)
            #expect(halves.space.intervals.sequenceNow % 2 == 0)
            #expect(subscription.beginsAtOnce(kind) == .ticket)
            #expect(halves.space.startsAndEnds(.blockable()))
            halves.space.remove(subscription)
        }
    }

    @Test(
        "Invariant 3: where the list half would block, a reader that fell asleep meanwhile wakes",
        arguments: ReadBeginKind.allCases)
    func invariant3Sleeper(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let halves = try BothHalves()
            let space = halves.space
            let isInside = Gate()
            let mayFail = Gate()
            halves.list.answer = { _ in
                isInside.open()
                mayFail.wait()
                return .wouldBlock
            }
            let subscription = halves.interval.subscription
            let leaving = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            try space.insert(leaving.subscription, for: leaving)
            let invalidator = RegisteredThread { #expect(!space.startsAndEnds(.nonBlockable())) }
            isInside.wait()
            let waiters = [
                RegisteredThread { #expect(subscription.outcome(kind) == .ticket) },
                RegisteredThread { space.remove(leaving.subscription) },
            ]
            #expect(eventually { space.intervals.sleeperCount == 2 })
            mayFail.open()
            invalidator.join()
            for waiter in waiters { waiter.join() }
            #expect(space.intervals.activeCount == 0)
        }
    }

    @Test("Invariant 3: where the interval half would block, the list is not called and nothing stays raised")
    func invariant3Interval() throws {
        try RCU.withRegisteredThread {
            let halves = try BothHalves()
            let failing = RecordingIntervalSubscriber(over: 4..<8, in: halves.space.intervals)
            failing.answer = { $0.isBlockable ? .done : .wouldBlock }
            try halves.space.insert(failing.subscription, for: failing)
            #expect(!halves.space.startsAndEnds(.nonBlockable()))
            #expect(halves.log.take() == [.start(0), .finish(0)])
            #expect(halves.space.activeCount == 0)
            #expect(halves.space.intervals.activeCount == 0)
        }
    }

    @Test("Invariant 5: the failures of both halves are counted together")
    func invariant5() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            for _ in 0..<2 {
                let failing = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
                failing.answer = { _ in .wouldBlock }
                try space.insert(failing.subscription, for: failing)
            }
            let subscribers = RecordingSubscriber.inAddressOrder(2)
            subscribers[0].answer = { _ in .wouldBlock }
            for subscriber in subscribers { _ = try space.register(subscriber) }
            let section = try opened(space.invalidateRangeStart(.blockable()))
            #expect(section.failedStarts == 3)
            space.invalidateRangeEnd(section)
            #expect(subscribers.map(\.ends.value) == [0, 1])
            #expect(space.intervals.activeCount == 0)
        }
    }

    @Test("A space without interval subscriptions does not touch that half")
    func untouched() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let hasEnded = Gate()
            // Whoever went there would stand at the lock.
            space.intervals.state.pointee.lock.lock()
            let invalidator = RegisteredThread {
                #expect(space.startsAndEnds(.blockable()))
                hasEnded.open()
            }
            #expect(eventually { hasEnded.isOpen })
            space.intervals.state.pointee.lock.unlock()
            invalidator.join()
        }
    }

    @Test("The first insert waits for no section: readers are kept out until those that were open have ended")
    func firstInsert() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let first = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            let section = try opened(space.invalidateRangeStart(.blockable(100..<101)))
            let other = try opened(space.invalidateRangeStart(.blockable()))
            RegisteredThread { #expect((try? space.insert(first.subscription, for: first)) != nil) }.join()
            #expect(space.activeCount == 2)
            #expect(first.subscription.beginsAtOnce() == .busy)
            space.invalidateRangeEnd(section)
            #expect(first.subscription.beginsAtOnce() == .busy)
            // What is open since goes through both halves; here it touches pages that nobody watches.
            let elsewhere = try opened(space.invalidateRangeStart(.blockable(100..<101)))
            space.invalidateRangeEnd(other)
            #expect(space.intervals.activeCount == 1)
            space.invalidateRangeEnd(elsewhere)
            #expect(first.subscription.beginsAtOnce() == .ticket)
            #expect(first.calls == 0)
            #expect(space.intervals.activeCount == 0)
            #expect(!space.isClaimed)
        }
    }

    @Test("A second insert, beside the sections that the first one met, is covered with it, and waits for none")
    func secondInsert() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscribers = (0..<3).map { _ in RecordingIntervalSubscriber(over: 0..<16, in: space.intervals) }
            let section = try opened(space.invalidateRangeStart(.blockable()))
            try space.insert(subscribers[0].subscription, for: subscribers[0])
            try space.insert(subscribers[1].subscription, for: subscribers[1])
            #expect(subscribers[1].subscription.beginsAtOnce() == .busy)
            space.invalidateRangeEnd(section)
            #expect(subscribers[0].subscription.beginsAtOnce() == .ticket)
            #expect(subscribers[1].subscription.beginsAtOnce() == .ticket)
            let next = try opened(space.invalidateRangeStart(.blockable()))
            #expect(subscribers.map(\.calls) == [1, 1, 0])
            try space.insert(subscribers[2].subscription, for: subscribers[2])
            #expect(subscribers[2].subscription.beginsAtOnce() == .busy)
            space.invalidateRangeEnd(next)
            #expect(space.startsAndEnds(.blockable()))
            #expect(subscribers.map(\.calls) == [2, 2, 1])
            #expect(space.intervals.activeCount == 0)
        }
    }

    @Test("A reader that sleeps under the cover of the first insert wakes when it ends")
    func sleeperUnderTheCover() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let first = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            let section = try opened(space.invalidateRangeStart(.blockable()))
            try space.insert(first.subscription, for: first)
            let reader = RegisteredThread { #expect(first.subscription.outcome() == .ticket) }
            #expect(eventually { space.intervals.sleeperCount == 1 })
            space.invalidateRangeEnd(section)
            reader.join()
        }
    }

    @Test("The first insert may come inside a callback of the list, and leaves that half as it finds it")
    func firstInsertInsideACallback() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let first = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            let subscriber = RecordingSubscriber()
            subscriber.onEnd = { [unowned space] _ in
                if !space.hasIntervals.load(ordering: .relaxed) {
                    #expect((try? space.insert(first.subscription, for: first)) != nil)
                }
            }
            _ = try space.register(subscriber)
            #expect(space.startsAndEnds(.blockable()))
            #expect(space.intervals.activeCount == 0)
            #expect(first.subscription.beginsAtOnce() == .ticket)
            #expect(space.startsAndEnds(.blockable()))
            #expect(first.calls == 1)
        }
    }

    @Test("The list and the intervals of an owner are passed by together")
    func owners() throws {
        try RCU.withRegisteredThread {
            let halves = try BothHalves()
            let mine = RecordingIntervalSubscriber(over: 0..<16, in: halves.space.intervals)
            mine.owner = InvalidationOwner()
            try halves.space.insert(mine.subscription, for: mine)
            for (event, calls) in [(InvalidationEvent.migrate, 0), (.exclusive, 0), (.unmap, 1), (.clear, 2)] {
                let invalidation = Invalidation(range: .of(0..<4), event: event, owner: mine.owner)
                #expect(halves.space.startsAndEnds(invalidation))
                #expect(mine.calls == calls)
            }
            #expect(halves.interval.calls == 4)
        }
    }

    @Test("Release and removal reach the interval half")
    func endings() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let completions = EventCounter()
            let subscribers = (0..<3).map { _ in RecordingIntervalSubscriber(over: 0..<16, in: space.intervals) }
            for subscriber in subscribers { try space.insert(subscriber.subscription, for: subscriber) }
            space.remove(subscribers[0].subscription)
            space.removeDeferred(subscribers[1].subscription) { completions.count() }
            #expect(completions.value == 1)
            space.release()
            #expect(subscribers.map(\.releases.value) == [0, 0, 1])
            #expect(subscribers.allSatisfy { $0.subscription.beginsAtOnce() == .dead })
            let late = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            #expect(throws: RegistrationError.released) { try space.insert(late.subscription, for: late) }
            #expect(space.startsAndEnds(.blockable()))
        }
    }

    @Test("A space that goes away lets go of its interval subscribers, and their readers are told")
    func spaceGoesAway() throws {
        try RCU.withRegisteredThread {
            let deaths = EventCounter()
            var subscriptions: [IntervalSubscription] = []
            do {
                let space = AddressSpace()
                for _ in 0..<3 {
                    let subscriber = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
                    subscriber.deaths = deaths
                    try space.insert(subscriber.subscription, for: subscriber)
                    subscriptions.append(subscriber.subscription)
                }
            }
            #expect(deaths.value == 3)
            #expect(subscriptions.allSatisfy { $0.beginsAtOnce() == .dead })
        }
    }
}
