import Testing

@testable import NotifierDispatch

@Suite("Release of the interval half")
struct IntervalReleaseTests {
    @Test("Invariant 21: release tells everyone once, over all pages, second passes included, and nobody afterwards")
    func invariant21() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let finish = RecordingFinish()
            let seen = EventCounter()
            let subscribers = try [0..<1, 4..<100, 1_000_000..<Int.max].map { pages in
                try set.subscriber(over: pages) {
                    $0.answer = {
                        if $0.event == .release, $0.isBlockable, $0.range == .everything { seen.count() }
                        return finish.claim() ? .finishLater(finish) : .done
                    }
                }
            }
            set.release()
            #expect(seen.value == 3)
            #expect(finish.finishes.value == 1)
            #expect(set.activeCount == 0)
            #expect(set.sequenceNow % 2 == 0)
            #expect(set.startsAndEnds(Invalidation(range: .everything, event: .unmap)))
            set.release()
            #expect(subscribers.map(\.calls) == [1, 1, 1])
            #expect(set.nodesInTree.isEmpty)
        }
    }

    @Test("Invariant 22: a second release, at the same time, returns after the first one's work")
    func invariant22() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let isInside = Gate()
            let mayLeave = Gate()
            let hasReturned = Gate()
            let subscriber = try set.subscriber {
                $0.answer = { _ in
                    isInside.open()
                    mayLeave.wait()
                    return .done
                }
            }
            let first = RegisteredThread { set.release() }
            isInside.wait()
            let second = RegisteredThread {
                set.release()
                #expect(subscriber.releases.value == 1)
                hasReturned.open()
            }
            #expect(!hasReturned.waitInVain())
            mayLeave.open()
            first.join()
            second.join()
            #expect(subscriber.calls == 1)
        }
    }

    @Test(
        "Invariant 22: release waits for the sections that are open, and tells also who is not in the tree yet",
        arguments: ReadBeginKind.allCases)
    func invariant22InsideASection(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let early = try set.subscriber()
            let section = try opened(set.invalidateRangeStart(.blockable()))
            let late = try set.subscriber()
            let reader = RegisteredThread { _ = late.subscription.outcome(kind) }
            let hasReleased = Gate()
            let releaser = RegisteredThread {
                set.release()
                hasReleased.open()
            }
            #expect(!hasReleased.waitInVain())
            set.invalidateRangeEnd(section)
            releaser.join()
            reader.join()
            #expect(early.releases.value == 1)
            #expect(late.releases.value == 1)
            #expect(set.sleeperCount == 0)
            #expect(set.nodesInTree.isEmpty)
            #expect(!set.hasDeferred)
        }
    }

    @Test(
        "Invariant 37: after release readers are told dead, and nothing can be inserted",
        arguments: ReadBeginKind.allCases)
    func invariant37(kind: ReadBeginKind) throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscription = try set.subscriber().subscription
            set.release()
            #expect(subscription.beginsAtOnce(kind) == .dead)
            let late = RecordingIntervalSubscriber(over: 0..<8, in: set)
            // Twice: the first refusal leaves it as it was.
            for _ in 0..<2 {
                #expect(throws: RegistrationError.released) { try set.insert(late.subscription, for: late) }
            }
            #expect(set.startsAndEnds(.blockable()))
            #expect(late.calls == 0)
            set.remove(subscription)
            set.removeDeferred(subscription)
        }
    }

    @Test("A release and removals meet: everyone is told at most once, and nobody is left")
    func releaseMeetsRemovals() throws {
        try RCU.withRegisteredThread {
            for _ in 0..<40 {
                let set = IntervalNotifiers()
                let completions = EventCounter()
                let subscribers = try (0..<6).map { _ in try set.subscriber() }
                runThreads(4) { number in
                    switch number {
                    case 0: set.release()
                    case 1: for subscriber in subscribers.prefix(3) { set.remove(subscriber.subscription) }
                    case 2:
                        for subscriber in subscribers.suffix(4) {
                            set.removeDeferred(subscriber.subscription) { completions.count() }
                        }
                    default: set.startsAndEnds(.blockable())
                    }
                }
                #expect(set.nodesInTree.isEmpty)
                #expect(subscribers.allSatisfy { $0.releases.value <= 1 })
                #expect(subscribers.allSatisfy { $0.subscription.beginsAtOnce() == .dead })
                #expect(completions.value == 4)
                #expect(set.sleeperCount == 0)
            }
        }
    }
}
