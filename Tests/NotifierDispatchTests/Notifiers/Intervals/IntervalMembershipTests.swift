import Testing

@testable import NotifierDispatch

@Suite("Insertion into and removal from the interval half")
struct IntervalMembershipTests {
    @Test("Invariant 16: while the sequence is odd the tree does not change, and the same are called")
    func invariant16() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let log = IntervalCallLog()
            let subscribers = try (0..<3).map { name in
                try set.subscriber {
                    $0.name = name
                    $0.log = log
                }
            }
            let nodes = set.nodesInTree
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let first = log.take()
            let late = try set.subscriber {
                $0.name = 3
                $0.log = log
            }
            set.removeDeferred(subscribers[1].subscription)
            #expect(set.nodesInTree == nodes)
            #expect(set.startsAndEnds(.blockable()))
            #expect(log.take() == first)
            #expect(set.nodesInTree == nodes)
            set.invalidateRangeEnd(section)
            #expect(set.nodesInTree.contains(late.subscription.node))
            #expect(!set.nodesInTree.contains(subscribers[1].subscription.node))
            #expect(!set.hasDeferred)
            #expect(set.startsAndEnds(.blockable()))
            #expect(Set(subscribers.map(\.calls)) == [2, 3])
            #expect(late.calls == 1)
        }
    }

    @Test("Invariant 17: what a remover put off is done before it returns")
    func invariant17() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            _ = try set.subscriber()
            for _ in 0..<50 {
                let leaving = try set.subscriber()
                let section = try opened(set.invalidateRangeStart(.blockable()))
                let isOff = Gate()
                let remover = RegisteredThread {
                    set.remove(leaving.subscription)
                    if leaving.subscription.node.pointee.place == .outside, !set.hasDeferred { isOff.open() }
                }
                #expect(eventually { set.hasDeferred })
                set.invalidateRangeEnd(section)
                remover.join()
                #expect(isOff.isOpen)
            }
        }
    }

    @Test("Invariant 17: a remover that is woken while the last end is at work waits until that is done")
    func invariant17WhileTheEndIsAtWork() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let leaving = try set.subscriber()
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let isBack = Gate()
            let remover = RegisteredThread {
                set.remove(leaving.subscription)
                isBack.open()
            }
            #expect(eventually { set.sleeperCount == 1 })
            // What the end does, with a pause in which others that leave wake every sleeper.
            set.state.pointee.lock.lock()
            set.state.pointee.sequence.wrappingAdd(1, ordering: .sequentiallyConsistent)
            RegisteredThread { set.wakeReaders() }.join()
            #expect(!isBack.waitInVain())
            _ = set.applyDeferred()
            set.state.pointee.lock.unlock()
            remover.join()
            #expect(set.nodesInTree.isEmpty)
            set.invalidateRangeEnd(section)
        }
    }

    @Test(
        "Invariant 18: an insertion into an open section behaves as covered by it, whether it is watched or not",
        arguments: [true, false], ReadBeginKind.allCases)
    func invariant18(isWatched: Bool, kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            if isWatched { _ = try set.subscriber(over: 0..<8) }
            let section = try opened(set.invalidateRangeStart(.blockable(0..<8)))
            #expect(set.sequenceNow % 2 == (isWatched ? 1 : 0))
            // Where the section does not lie over it: the set does not know that any more.
            let late = try set.subscriber(over: 100..<108)
            #expect(set.sequenceNow % 2 == 1)
            #expect(set.hasDeferred == isWatched)
            #expect(set.nodesInTree.contains(late.subscription.node) == !isWatched)
            #expect(late.subscription.beginsAtOnce(kind) == .busy)
            let hasBegun = Gate()
            let reader = RegisteredThread {
                #expect(late.subscription.outcome(kind) == .ticket)
                hasBegun.open()
            }
            #expect(!hasBegun.waitInVain())
            #expect(late.calls == 0)
            set.invalidateRangeEnd(section)
            reader.join()
            #expect(set.sequenceNow % 2 == 0)
            #expect(set.startsAndEnds(.blockable(100..<101)))
            #expect(late.calls == 1)
        }
    }

    @Test("Invariant 18: several that are inserted together, the first of which freezes the tree")
    func invariant18Together() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscribers = (0..<3).map { RecordingIntervalSubscriber(over: $0 * 8..<$0 * 8 + 8, in: set) }
            let section = try opened(set.invalidateRangeStart(.blockable()))
            var remaining = subscribers.makeIterator()
            try set.insert(subscribers.map(\.subscription)) { _ in remaining.next() ?? subscribers[0] }
            #expect(set.nodesInTree.count == 1)
            for subscriber in subscribers { #expect(subscriber.subscription.beginsAtOnce() == .busy) }
            set.invalidateRangeEnd(section)
            #expect(set.nodesInTree.count == 3)
            for subscriber in subscribers { #expect(subscriber.subscription.beginsAtOnce() == .ticket) }
            set.remove(subscribers.map(\.subscription))
            #expect(set.nodesInTree.isEmpty)
            for subscriber in subscribers { #expect(subscriber.subscription.beginsAtOnce() == .dead) }
        }
    }

    @Test("Invariant 19: after remove no callback runs or will, and the others are still called")
    func invariant19() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscribers = try (0..<4).map { _ in try set.subscriber() }
            set.remove(subscribers[2].subscription)
            #expect(set.startsAndEnds(.blockable()))
            set.remove(subscribers[2].subscription)
            #expect(set.startsAndEnds(.nonBlockable()))
            #expect(subscribers.map(\.calls) == [2, 2, 0, 2])
        }
    }

    @Test("Invariant 19: remove waits for a callback that runs, and for the last section, not only its own")
    func invariant19Waits() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let isInside = Gate()
            let mayLeave = Gate()
            let hasEnded = Gate()
            let hasRemoved = Gate()
            let subscriber = try set.subscriber {
                $0.answer = { _ in
                    isInside.open()
                    mayLeave.wait()
                    return .done
                }
            }
            let unwatched = try opened(set.invalidateRangeStart(.blockable(100..<101)))
            let invalidator = RegisteredThread {
                set.startsAndEnds(.blockable())
                hasEnded.open()
            }
            isInside.wait()
            let remover = RegisteredThread {
                set.remove(subscriber.subscription)
                #expect(subscriber.starts.value == 1)
                hasRemoved.open()
            }
            #expect(eventually { set.sleeperCount == 1 })
            #expect(!hasRemoved.waitInVain())
            mayLeave.open()
            invalidator.join()
            #expect(!hasRemoved.waitInVain())
            set.invalidateRangeEnd(unwatched)
            remover.join()
            #expect(set.startsAndEnds(.blockable()))
            #expect(subscriber.calls == 1)
        }
    }

    @Test("Invariant 19: insert and remove inside one section", arguments: [true, false])
    func invariant19InOneSection(isDeferred: Bool) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            _ = try set.subscriber()
            let completions = EventCounter()
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let passing = try set.subscriber()
            if isDeferred {
                set.removeDeferred(passing.subscription) { completions.count() }
                #expect(completions.value == 1)
            } else {
                set.remove(passing.subscription)
            }
            #expect(!set.hasDeferred)
            #expect(set.startsAndEnds(.blockable()))
            set.invalidateRangeEnd(section)
            #expect(set.startsAndEnds(.blockable()))
            #expect(passing.calls == 0)
            #expect(passing.subscription.beginsAtOnce() == .dead)
            #expect(set.nodesInTree.count == 1)
        }
    }

    @Test("Invariant 19: removeDeferred in a callback: called until the last end, which runs the completion once")
    func invariant19Deferred() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let completions = EventCounter()
            let leaving = try set.subscriber()
            let subscription = leaving.subscription
            let once = Gate()
            _ = try set.subscriber {
                $0.answer = { _ in
                    guard !once.isOpen else { return .done }
                    once.open()
                    set.removeDeferred(subscription) { completions.count() }
                    return .done
                }
            }
            let outer = try opened(set.invalidateRangeStart(.blockable()))
            #expect(set.startsAndEnds(.blockable()))
            #expect(leaving.calls == 2)
            #expect(completions.value == 0)
            set.invalidateRangeEnd(outer)
            #expect(completions.value == 1)
            #expect(subscription.beginsAtOnce() == .dead)
            #expect(set.startsAndEnds(.blockable()))
            #expect(leaving.calls == 2)
            #expect(completions.value == 1)
        }
    }

    @Test("Every completion runs once, in the order of the removals, and at once where no section is open")
    func completions() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let log = IntervalCallLog()
            let subscriptions = try (0..<4).map { _ in try set.subscriber().subscription }
            set.removeDeferred(subscriptions[0]) { log.append(.finish(0)) }
            set.removeDeferred(subscriptions[0]) { log.append(.finish(1)) }
            #expect(log.take() == [.finish(0), .finish(1)])
            let section = try opened(set.invalidateRangeStart(.blockable()))
            set.removeDeferred(subscriptions[1]) { log.append(.finish(2)) }
            set.removeDeferred(subscriptions[2]) { log.append(.finish(3)) }
            set.removeDeferred([subscriptions[3], subscriptions[0]]) { log.append(.finish(4)) }
            set.removeDeferred(subscriptions[3]) { log.append(.finish(5)) }
            #expect(log.take() == [])
            set.invalidateRangeEnd(section)
            #expect(log.take() == [.finish(2), .finish(3), .finish(4), .finish(5)])
            #expect(set.startsAndEnds(.blockable()))
            #expect(log.take() == [])
        }
    }

    @Test("A removal that waits and one that does not meet: both are told, once")
    func removalsMeet() throws {
        try RCU.withRegisteredThread {
            for isWaitingFirst in [true, false] {
                let set = IntervalNotifiers()
                let completions = EventCounter()
                let subscription = try set.subscriber().subscription
                let section = try opened(set.invalidateRangeStart(.blockable()))
                let hasRemoved = Gate()
                if !isWaitingFirst { set.removeDeferred(subscription) { completions.count() } }
                let removers = (0..<2).map { _ in
                    RegisteredThread {
                        set.remove(subscription)
                        hasRemoved.open()
                    }
                }
                #expect(eventually { set.sleeperCount == 2 })
                if isWaitingFirst { set.removeDeferred(subscription) { completions.count() } }
                #expect(!hasRemoved.waitInVain())
                #expect(completions.value == 0)
                set.invalidateRangeEnd(section)
                for remover in removers { remover.join() }
                #expect(completions.value == 1)
                #expect(set.nodesInTree.isEmpty)
            }
        }
    }

    @Test(
        "Invariant 25: leaving in the middle of a section leaves no sleeper and no raised count",
        arguments: ReadBeginKind.allCases, [true, false])
    func invariant25(kind: ReadBeginKind, isDeferred: Bool) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let hasWoken = Gate()
            let reader = RegisteredThread {
                #expect(subscription.outcome(kind, until: .never) == .dead)
                hasWoken.open()
            }
            #expect(eventually { set.sleeperCount == 1 })
            subscription.lock()
            subscription.markDead()
            subscription.unlock()
            let remover = RegisteredThread { isDeferred ? set.removeDeferred(subscription) : set.remove(subscription) }
            #expect(eventually { hasWoken.isOpen })
            #expect(set.activeCount == 1)
            set.invalidateRangeEnd(section)
            reader.join()
            remover.join()
            #expect(set.sleeperCount == 0)
            #expect(set.activeCount == 0)
            #expect(set.sequenceNow % 2 == 0)
        }
    }

    @Test("Invariant 25: a reader of one that leaves before it is in wakes at once", arguments: [true, false])
    func invariant25BeforeItIsIn(isDeferred: Bool) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            _ = try set.subscriber()
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let passing = try set.subscriber().subscription
            let hasWoken = Gate()
            let reader = RegisteredThread {
                #expect(passing.outcome(until: .never) == .dead)
                hasWoken.open()
            }
            #expect(eventually { set.sleeperCount == 1 })
            set.state.pointee.lock.lock()
            let remover = RegisteredThread { isDeferred ? set.removeDeferred(passing) : set.remove(passing) }
            // Time for it to come to the lock: whom it has woken by then finds nothing changed.
            _ = hasWoken.waitInVain()
            set.state.pointee.lock.unlock()
            remover.join()
            #expect(eventually { hasWoken.isOpen })
            set.invalidateRangeEnd(section)
            reader.join()
        }
    }

    @Test(
        "Invariant 37: after its removal readers are told dead, and what is recorded later does not revive it",
        arguments: ReadBeginKind.allCases)
    func invariant37(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscriptions = try (0..<3).map { _ in try set.subscriber().subscription }
            let ticket = try #require(subscriptions[0].ticket(kind))
            subscriptions[0].markDead()
            // Called once more, which records.
            #expect(set.startsAndEnds(.blockable()))
            #expect(subscriptions[0].beginsAtOnce(kind) == .dead)
            #expect(subscriptions[0].retries(ticket))
            set.remove(subscriptions[1])
            set.removeDeferred(subscriptions[2])
            for subscription in subscriptions { #expect(subscription.beginsAtOnce(kind) == .dead) }
        }
    }

    @Test("A subscriber is freed when its subscription is over, though it holds the subscription", arguments: 0..<4)
    func subscribersAreFreed(way: Int) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let deaths = EventCounter()
            do {
                let subscription = try set.subscriber { $0.deaths = deaths }.subscription
                #expect(deaths.value == 0)
                switch way {
                case 0: set.remove(subscription)
                case 1: set.removeDeferred(subscription)
                case 2: set.release()
                default:
                    let section = try opened(set.invalidateRangeStart(.blockable()))
                    set.removeDeferred(subscription)
                    #expect(deaths.value == 0)
                    set.invalidateRangeEnd(section)
                }
            }
            #expect(deaths.value == 1)
        }
    }

    @Test("Invariant 37: when the last section has ended, all that left in it are dead before anything else happens")
    func invariant37Together() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let (first, second) = (try set.subscriber(), try set.subscriber())
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let deaths = EventCounter()
            for (one, other) in [(first, second), (second, first)] {
                set.removeDeferred(one.subscription) {
                    if other.subscription.beginsAtOnce() == .dead { deaths.count() }
                }
            }
            set.invalidateRangeEnd(section)
            #expect(deaths.value == 2)
        }
    }
}
