import Testing

@testable import NotifierDispatch

/// What unregister and release do in the phases of a section and of each other. While idle: see NotifierListTests.
@Suite("Leaving a list or a space")
struct LeavingTests {
    /// The ways out.
    enum Ending: CaseIterable {
        case unregister, unregisterDeferred, release

        /// Goes this way out, and waits until that is complete.
        func complete(_ subscription: Subscription, of list: NotifierList) {
            switch self {
            case .unregister: list.unregister(subscription)
            case .release: list.release()
            case .unregisterDeferred:
                let isComplete = Gate()
                list.unregisterDeferred(subscription) { isComplete.open() }
                #expect(eventually { isComplete.isOpen })
            }
        }
    }

    /// AddressSpace on their way into a callback.
    final class Subscribed: @unchecked Sendable {
        // @unchecked: set before the walk, on the walk's own thread.
        var all: [Subscription] = []
    }

    @Test(
        "Invariants 21 and 25: leaving inside another thread's section waits for no end, leaves no count, no sleeper",
        arguments: Ending.allCases)
    func insideAnotherThreadsSection(ending: Ending) throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let invLock = InvLock(space: AddressSpace())
            let subscriber = RecordingSubscriber()
            subscriber.answer = {
                invLock.invalidationStarted($0.range) { _ in }
                return .done
            }
            subscriber.onEnd = { invLock.invalidationEnded($0.range) }
            subscriber.onReleased = { invLock.markDead() }
            let subscription = try list.register(subscriber)
            let isOpen = Gate()
            let hasLeft = Gate()
            let invalidator = RegisteredThread {
                guard let section = list.invalidateRangeStart(.blockable()) else { return }
                isOpen.open()
                hasLeft.wait()
                list.invalidateRangeEnd(section)
            }
            isOpen.wait()
            let outcomes = EventCounter()
            let reader = RegisteredThread {
                if case .dead = invLock.readBegin(until: .after(nanoseconds: 20_000_000_000)) { outcomes.count() }
            }
            #expect(eventually { invLock.sleeperCount == 1 })
            ending.complete(subscription, of: list)
            reader.join()
            #expect(outcomes.value == 1)
            #expect(invLock.activeCount == 0)
            hasLeft.open()
            invalidator.join()
            #expect(subscriber.ends.value == 0)
            #expect(invLock.activeCount == 0)
            #expect(list.startsAndEnds(.blockable()))
            #expect(subscriber.starts.value == 1)
        }
    }

    /// Every way out behind every other one.
    static let pairs = Ending.allCases.flatMap { first in Ending.allCases.map { (first, $0) } }

    @Test(
        "Invariants 21 and 22: who leaves while another thread is ending the same subscription waits for its callback",
        arguments: pairs)
    func twiceAtOnce(first: Ending, second: Ending) throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            let isInside = Gate()
            let secondReturned = Gate()
            let hasLeft = Gate()
            subscriber.onReleased = {
                isInside.open()
                _ = secondReturned.waitInVain()
                hasLeft.open()
            }
            let subscription = try list.register(subscriber)
            let thread = RegisteredThread { first.complete(subscription, of: list) }
            isInside.wait()
            second.complete(subscription, of: list)
            #expect(hasLeft.isOpen)
            secondReturned.open()
            thread.join()
            #expect(subscriber.releases.value == 1)
        }
    }

    @Test("Invariants 21 and 22: a second release waits for a start outside of read sections, as the first does")
    func twoReleasesWaitForOneStart() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            let isInside = Gate()
            let mayReturn = Gate()
            subscriber.capabilities = [.receivesEnd, .mayWaitForSections]
            subscriber.answer = { _ in
                if RCU.isReading { return .wouldBlock }
                isInside.open()
                mayReturn.wait()
                return .done
            }
            _ = try list.register(subscriber)
            let section = RegisteredThread {
                guard let section = list.invalidateRangeStart(.blockable()) else { return }
                list.invalidateRangeEnd(section)
            }
            isInside.wait()
            let first = RegisteredThread { list.release() }
            #expect(eventually { list.head.load(ordering: .relaxed) == nil })
            let secondBegins = Gate()
            let secondReturned = Gate()
            let second = RegisteredThread {
                secondBegins.open()
                list.release()
                secondReturned.open()
            }
            secondBegins.wait()
            // A release takes a grace period at least: the wait below is for one that needs nothing else.
            RCU.synchronize()
            #expect(!secondReturned.waitInVain())
            mayReturn.open()
            for thread in [section, first, second] { thread.join() }
            #expect(subscriber.releases.value == 1)
        }
    }

    @Test("Who has left can leave again in every way: it is told nothing more, and completions run", arguments: pairs)
    func twice(first: Ending, second: Ending) throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            let subscription = try list.register(subscriber)
            first.complete(subscription, of: list)
            #expect(log.take() == [.released(0)])
            second.complete(subscription, of: list)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [])
        }
    }

    @Test("Invariant 21: an end may unregister itself and its neighbours, deferred")
    func insideEnds() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let completions = EventCounter()
            let subscribed = Subscribed()
            let subscribers = RecordingSubscriber.inAddressOrder(4, log: log)
            subscribers[1].onEnd = { _ in
                for leaving in [0, 1, 2] {
                    list.unregisterDeferred(subscribed.all[leaving]) { completions.count() }
                }
            }
            subscribed.all = try subscribers.map { try list.register($0) }
            #expect(list.startsAndEnds(.blockable()))
            // The entry of 1 still leads to 2, which may be called until a grace period has passed.
            #expect(
                log.take().filter { $0 != .end(2) } == (0..<4).map { .start($0) } + [
                    .end(0), .end(1), .released(0), .released(1), .released(2), .end(3),
                ])
            RCU.barrier()
            #expect(completions.value == 3)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(3), .end(3)])
        }
    }

    @Test("Invariant 22: a subscriber that is told of the release may unregister others, which are told once")
    func insideReleased() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let completions = EventCounter()
            let subscribed = Subscribed()
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            subscribers[1].onReleased = {
                for subscription in subscribed.all {
                    list.unregisterDeferred(subscription) { completions.count() }
                }
            }
            subscribed.all = try subscribers.map { try list.register($0) }
            list.release()
            RCU.barrier()
            #expect(completions.value == 3)
            #expect(subscribers.map(\.releases.value) == [1, 1, 1])
        }
    }

    @Test("Invariant 19: who comes and goes inside one section is only told that it is over")
    func comingAndGoingInsideASection() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscribers = RecordingSubscriber.inAddressOrder(3, log: log)
            _ = try list.register(subscribers[1])
            let section = try opened(list.invalidateRangeStart(.blockable()))
            for newcomer in [0, 2] { list.unregister(try list.register(subscribers[newcomer])) }
            list.invalidateRangeEnd(section)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(1), .released(0), .released(2), .end(1), .start(1), .end(1)])
        }
    }

    @Test("Invariant 36: who registers inside an end takes part from the next section on")
    func registeringInsideEnds() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscribers = RecordingSubscriber.inAddressOrder(3, log: log)
            let turns = EventCounter()
            subscribers[1].onEnd = { _ in
                turns.count()
                guard turns.value == 1 else { return }
                for newcomer in [0, 2] { #expect((try? list.register(subscribers[newcomer])) != nil) }
            }
            _ = try list.register(subscribers[1])
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(1), .end(1)])
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == (0..<3).map { .start($0) } + (0..<3).map { .end($0) })
        }
    }

    @Test("A subscriber that is told of its end can register another on the list, unless the list itself is released")
    func registeringInsideReleased() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let successor = RecordingSubscriber()
            let refusals = EventCounter()
            let register: @Sendable () -> Void = {
                do { _ = try list.register(successor) } catch { refusals.count() }
            }
            let subscribers = RecordingSubscriber.inAddressOrder(2)
            for subscriber in subscribers { subscriber.onReleased = register }
            list.unregister(try list.register(subscribers[0]))
            #expect(refusals.value == 0)
            #expect(list.startsAndEnds(.blockable()))
            #expect(successor.starts.value == 1)
            _ = try list.register(subscribers[1])
            list.release()
            #expect(refusals.value == 1)
            #expect(successor.releases.value == 1)
        }
    }

    @Test("A space registers somebody inside released too, uncovered where no section is open")
    func registeringInASpaceInsideReleased() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            let successor = RecordingSubscriber()
            subscriber.onReleased = { [unowned space] in
                #expect((try? space.register(successor)) != nil)
            }
            space.unregister(try space.register(subscriber))
            #expect(space.startsAndEnds(.blockable()))
            #expect(subscriber.releases.value == 1)
            #expect(successor.starts.value == 1)
            #expect(successor.coversStarted.value == 0)
        }
    }

    @Test("A subscriber is told of its end outside of read sections, unless that was put off inside one")
    func releasedOutsideOfReadSections() throws {
        try RCU.withRegisteredThread {
            for ending in Ending.allCases {
                let list = NotifierList()
                let subscriber = RecordingSubscriber()
                let wasReading = EventCounter()
                subscriber.onReleased = { if RCU.isReading { wasReading.count() } }
                ending.complete(try list.register(subscriber), of: list)
                #expect(subscriber.releases.value == 1)
                #expect(wasReading.value == 0)
            }
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            let wasReading = EventCounter()
            subscriber.onReleased = { if RCU.isReading { wasReading.count() } }
            let subscription = try list.register(subscriber)
            RCU.read { list.unregisterDeferred(subscription) }
            #expect(subscriber.releases.value == 1)
            #expect(wasReading.value == 1)
        }
    }

    @Test("A subscription that is handed to another list traps")
    func anotherListsSubscription() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let list = NotifierList()
                NotifierList().unregister(try list.register(RecordingSubscriber()))
            }
        }
        #expect(result?.trapped(saying: "a subscription was handed to another list than its own") == true)
    }

    @Test("Invariant 25: a space that is released inside a section ends the section with no count raised")
    func releaseInsideASection() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            _ = try space.register(subscriber)
            let section = try opened(space.invalidateRangeStart(.blockable()))
            space.release()
            #expect(subscriber.releases.value == 1)
            space.invalidateRangeEnd(section)
            #expect(subscriber.ends.value == 0)
            #expect(space.activeCount == 0)
            #expect(space.startsAndEnds(.nonBlockable()))
            #expect(subscriber.starts.value == 1)
        }
    }
}
