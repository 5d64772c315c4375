import Testing

@testable import NotifierDispatch

@Suite("NotifierList")
struct NotifierListTests {
    /// One way for a start to go: under a policy, blockable or not, with the failing subscriber in one place or none.
    struct Combination: CustomTestStringConvertible {
        let pairing: PairingPolicy
        let isBlockable: Bool
        let failing: Int?

        static let all: [Combination] = PairingPolicy.allCases.flatMap { pairing in
            [true, false].flatMap { isBlockable in
                [nil, 0, 1, 2, 3].map { Combination(pairing: pairing, isBlockable: isBlockable, failing: $0) }
            }
        }

        var testDescription: String {
            let blocking = isBlockable ? "blockable" : "non-blockable"
            return "\(pairing.rawValue), \(blocking), " + (failing.map { "\($0) of 4 fails" } ?? "none fails")
        }

        /// Four subscribers of which the failing one is the only one that may, registered in descending order.
        func makeList(log: CallLog) throws -> (list: NotifierList, subscribers: [RecordingSubscriber]) {
            let list = NotifierList(pairing: pairing)
            let subscribers = RecordingSubscriber.inAddressOrder(4, log: log)
            if let failing {
                subscribers[failing].capabilities =
                    pairing == .targetedUndo ? [.mayWouldBlock, .receivesEnd] : .mayWouldBlock
                subscribers[failing].answer = { _ in .wouldBlock }
            }
            for subscriber in subscribers.reversed() { _ = try list.register(subscriber) }
            return (list, subscribers)
        }

        var invalidation: Invalidation { isBlockable ? .blockable() : .nonBlockable() }
    }

    @Test("Subscribers are called in the order of their addresses, whatever the order of registration")
    func addressOrder() throws {
        try RCU.withRegisteredThread {
            var random = SeededRandom(seed: 1)
            for _ in 0..<20 {
                let log = CallLog()
                let list = NotifierList()
                let subscribers = RecordingSubscriber.inAddressOrder(6, log: log)
                for subscriber in subscribers.shuffled(using: &random) { _ = try list.register(subscriber) }
                #expect(list.startsAndEnds(.blockable()))
                #expect(log.take() == (0..<6).map { .start($0) } + (0..<6).map { .end($0) })
            }
        }
    }

    @Test("The calls that a start and its end make, one by one", arguments: Combination.all)
    func callsOfEveryCombination(combination: Combination) throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let (list, _) = try combination.makeList(log: log)
            let others = (0..<4).filter { $0 != combination.failing }
            let allStarts = (0..<4).map { ListCall.start($0) }
            let othersEnds = others.map { ListCall.end($0) }
            let started = list.invalidateRangeStart(combination.invalidation)
            switch (combination.isBlockable, combination.failing, combination.pairing) {
            case (false, .some(let failing), .targetedUndo):
                #expect(log.take() == (0...failing).map { .start($0) } + (0..<failing).map { .end($0) })
            case (false, .some, .callAll):
                #expect(log.take() == allStarts + othersEnds)
            default:
                #expect(log.take() == allStarts)
            }
            guard let section = started else {
                #expect(!combination.isBlockable && combination.failing != nil)
                return
            }
            #expect(combination.isBlockable || combination.failing == nil)
            #expect(section.failedStarts == (combination.failing == nil ? 0 : 1))
            list.invalidateRangeEnd(section)
            #expect(log.take() == othersEnds)
        }
    }

    @Test("Invariant 2: a subscriber that may fail and has an end is refused, unless targeted undo is on")
    func invariant2() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
            let callAll = NotifierList(pairing: .callAll)
            #expect(throws: RegistrationError.mayFailAndHasEnd) { try callAll.register(subscriber) }
            #expect(callAll.startsAndEnds(.blockable()))
            #expect(log.take() == [])
            for capabilities: SubscriberCapabilities in [[], .mayWouldBlock, .receivesEnd] {
                subscriber.capabilities = capabilities
                callAll.unregister(try callAll.register(subscriber))
            }
            subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
            let targetedUndo = NotifierList(pairing: .targetedUndo)
            targetedUndo.unregister(try targetedUndo.register(subscriber))
        }
    }

    @Test(
        "Invariant 4: after a failure, call-all still runs every start once, and targeted undo runs none",
        arguments: Combination.all.filter { !$0.isBlockable && $0.failing != nil })
    func invariant4(combination: Combination) throws {
        try RCU.withRegisteredThread {
            let failing = try #require(combination.failing)
            let (list, subscribers) = try combination.makeList(log: CallLog())
            #expect(!list.startsAndEnds(combination.invalidation))
            let calls = subscribers.map { $0.starts.value + $0.failedStarts.value }
            switch combination.pairing {
            case .callAll: #expect(calls == [1, 1, 1, 1])
            case .targetedUndo: #expect(calls == (0..<4).map { $0 <= failing ? 1 : 0 })
            }
        }
    }

    @Test(
        "Invariant 5: a blockable start succeeds whoever fails, reports it, and goes on",
        arguments: PairingPolicy.allCases)
    func invariant5(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            let list = NotifierList(pairing: pairing)
            let subscribers = RecordingSubscriber.inAddressOrder(5)
            for failing in [0, 2, 4] { subscribers[failing].answer = { _ in .wouldBlock } }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            let section = try opened(list.invalidateRangeStart(.blockable()))
            #expect(section.failedStarts == 3)
            list.invalidateRangeEnd(section)
            #expect(subscribers.map { $0.starts.value + $0.failedStarts.value } == [1, 1, 1, 1, 1])
            // Those that failed are owed no end.
            #expect(subscribers.map(\.ends.value) == [0, 1, 0, 1, 0])
        }
    }

    @Test("A subscriber without receivesEnd gets none", arguments: PairingPolicy.allCases)
    func noEndUnlessAskedFor(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            let list = NotifierList(pairing: pairing)
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            subscribers[0].capabilities = []
            subscribers[2].capabilities = .mayWouldBlock
            subscribers[2].answer = { $0.isBlockable ? .done : .wouldBlock }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            #expect(list.startsAndEnds(.blockable()))
            #expect(!list.startsAndEnds(.nonBlockable()))
            #expect(subscribers.map(\.ends.value) == [0, 2, 0])
        }
    }

    @Test("Subscribers are told the range, the event and whether they may block, at the start and at the end")
    func subscribersAreToldTheInvalidation() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            let seen = EventCounter()
            let expected = Invalidation(range: .of(3..<9), event: .migrate, isBlockable: false)
            subscriber.answer = { invalidation in
                if invalidation == expected { seen.count() }
                return .done
            }
            subscriber.onEnd = { if $0 == expected { seen.count() } }
            _ = try list.register(subscriber)
            #expect(list.startsAndEnds(expected))
            #expect(seen.value == 2)
        }
    }

    @Test("One object that is registered twice is called twice, and told of the end of each registration")
    func duplicates() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            let first = try list.register(subscriber)
            let second = try list.register(subscriber)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(0), .start(0), .end(0), .end(0)])
            list.unregister(first)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.released(0), .start(0), .end(0)])
            list.unregister(second)
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [.released(0)])
        }
    }

    @Test("When the second registration of one object fails, the first one's start is undone and nothing else")
    func duplicatesAreUndoneOneByOne() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            let answers = EventCounter()
            subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
            subscriber.answer = { _ in
                answers.count()
                return answers.value == 2 ? .wouldBlock : .done
            }
            _ = try list.register(subscriber)
            _ = try list.register(subscriber)
            #expect(!list.startsAndEnds(.nonBlockable()))
            #expect(subscriber.starts.value == 1)
            #expect(subscriber.ends.value == 1)
        }
    }

    @Test("Unregistering takes one entry out, wherever it stands, and a second time does nothing")
    func unregister() throws {
        try RCU.withRegisteredThread {
            for leaving in 0..<4 {
                let log = CallLog()
                let list = NotifierList()
                let subscribers = RecordingSubscriber.inAddressOrder(4, log: log)
                let subscriptions = try subscribers.map { try list.register($0) }
                list.unregister(subscriptions[leaving])
                #expect(log.take() == [.released(leaving)])
                #expect(list.startsAndEnds(.blockable()))
                let others = (0..<4).filter { $0 != leaving }
                #expect(log.take() == others.map { .start($0) } + others.map { .end($0) })
                list.unregister(subscriptions[leaving])
                list.unregisterDeferred(subscriptions[leaving])
                #expect(log.take() == [])
                list.release()
                #expect(log.take() == others.map { .released($0) })
                list.unregister(subscriptions[(leaving + 1) % 4])
                #expect(log.take() == [])
            }
        }
    }

    @Test("After release nobody is called and nobody can register")
    func releasedList() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            for subscriber in RecordingSubscriber.inAddressOrder(3, log: log) { _ = try list.register(subscriber) }
            list.release()
            #expect(log.take() == [.released(0), .released(1), .released(2)])
            list.release()
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == [])
            #expect(throws: RegistrationError.released) { try list.register(RecordingSubscriber()) }
        }
    }

    @Test("Invariant 36: who registers inside an open section gets no end without its start")
    func invariant36() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscribers = RecordingSubscriber.inAddressOrder(3, log: log)
            _ = try list.register(subscribers[1])
            let section = try opened(list.invalidateRangeStart(.blockable()))
            // One before and one after the entry that has been started.
            _ = try list.register(subscribers[0])
            _ = try list.register(subscribers[2])
            list.invalidateRangeEnd(section)
            #expect(log.take() == [.start(1), .end(1)])
            #expect(list.startsAndEnds(.blockable()))
            #expect(log.take() == (0..<3).map { .start($0) } + (0..<3).map { .end($0) })
        }
    }

    @Test(
        "Invariant 36: who registers inside a start's walk takes no part in it, nor in its undoing",
        arguments: PairingPolicy.allCases)
    func invariant36InsideTheWalk(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList(pairing: pairing)
            let subscribers = RecordingSubscriber.inAddressOrder(5, log: log)
            let newcomers = [subscribers[0], subscribers[2], subscribers[4]]
            // 1 registers its neighbours inside its start; then 3 fails.
            subscribers[1].answer = { _ in
                for newcomer in newcomers { _ = try? list.register(newcomer) }
                return .done
            }
            subscribers[3].capabilities = .mayWouldBlock
            subscribers[3].answer = { _ in .wouldBlock }
            _ = try list.register(subscribers[1])
            _ = try list.register(subscribers[3])
            #expect(!list.startsAndEnds(.nonBlockable()))
            #expect(log.take() == [.start(1), .start(3), .end(1)])
        }
    }

    @Test("A callback may unregister itself and its neighbours, deferred: the walk goes on over the gaps")
    func unregisterDeferredInsideCallbacks() throws {
        final class AddressSpace: @unchecked Sendable {
            // @unchecked: set before the walk, on the walk's own thread.
            var all: [Subscription] = []
        }
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let completions = EventCounter()
            let subscriptions = AddressSpace()
            let subscribers = RecordingSubscriber.inAddressOrder(4, log: log)
            subscribers[1].answer = { _ in
                for leaving in [0, 1, 2] {
                    list.unregisterDeferred(subscriptions.all[leaving]) { completions.count() }
                }
                return .done
            }
            subscriptions.all = try subscribers.map { try list.register($0) }
            let section = try opened(list.invalidateRangeStart(.blockable()))
            // The entry of 1 still leads to 2, which may be called until a grace period has passed.
            #expect(
                log.take().filter { $0 != .start(2) } == [
                    .start(0), .start(1), .released(0), .released(1), .released(2), .start(3),
                ])
            list.invalidateRangeEnd(section)
            #expect(log.take() == [.end(3)])
            RCU.barrier()
            #expect(completions.value == 3)
        }
    }

    @Test("An end that was owed to somebody who left inside the section is owed no more")
    func leavingInsideASection() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscribers = RecordingSubscriber.inAddressOrder(3, log: log)
            let subscriptions = try subscribers.map { try list.register($0) }
            let section = try opened(list.invalidateRangeStart(.blockable()))
            list.unregister(subscriptions[1])
            list.invalidateRangeEnd(section)
            #expect(log.take() == [.start(0), .start(1), .start(2), .released(1), .end(0), .end(2)])
        }
    }

    @Test("A subscriber that has left is passed by when the starts before a failure are undone")
    func leavingBeforeTheUndo() throws {
        final class AddressSpace: @unchecked Sendable {
            // @unchecked: set before the walk, on the walk's own thread.
            var leaving: Subscription?
        }
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriptions = AddressSpace()
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            subscribers[2].capabilities = .mayWouldBlock
            subscribers[2].answer = { _ in
                if let leaving = subscriptions.leaving { list.unregisterDeferred(leaving) }
                return .wouldBlock
            }
            _ = try list.register(subscribers[0])
            subscriptions.leaving = try list.register(subscribers[1])
            _ = try list.register(subscribers[2])
            #expect(!list.startsAndEnds(.nonBlockable()))
            #expect(subscribers.map(\.ends.value) == [1, 0, 0])
            #expect(subscribers[1].releases.value == 1)
        }
    }

    @Test("A subscriber is freed once: after unregister, deferred, release, or with the list", arguments: 0..<4)
    func subscribersAreFreedOnce(way: Int) throws {
        let deaths = EventCounter()
        func subscriber() -> RecordingSubscriber {
            let subscriber = RecordingSubscriber()
            subscriber.deaths = deaths
            return subscriber
        }
        try RCU.withRegisteredThread {
            var list: NotifierList? = NotifierList()
            do {
                let first = try list?.register(subscriber())
                let second = try list?.register(subscriber())
                #expect(deaths.value == 0)
                for subscription in [first, second].compactMap(\.self) where way < 2 {
                    way == 0 ? list?.unregister(subscription) : list?.unregisterDeferred(subscription)
                }
                if way == 2 { list?.release() }
            }
            if way == 3 {
                #expect(deaths.value == 0)
                list = nil
            }
            RCU.barrier()
            #expect(eventually { deaths.value == 2 })
            withExtendedLifetime(list) {}
        }
        #expect(deaths.value == 2)
    }

    @Test("A subscription that somebody keeps after its end keeps its subscriber alive, and nothing else does")
    func keptSubscription() throws {
        let deaths = EventCounter()
        try RCU.withRegisteredThread {
            let list = NotifierList()
            do {
                let subscriber = RecordingSubscriber()
                subscriber.deaths = deaths
                let subscription = try list.register(consume subscriber)
                list.unregister(subscription)
                #expect(deaths.value == 0)
                withExtendedLifetime(subscription) {}
            }
            #expect(deaths.value == 1)
        }
    }

    @Test("unregister inside a callback traps")
    func unregisterTrapsInsideCallback() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let list = NotifierList()
                let subscriber = RecordingSubscriber()
                let other = try list.register(RecordingSubscriber())
                subscriber.answer = { _ in
                    list.unregister(other)
                    return .done
                }
                _ = try list.register(subscriber)
                _ = list.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "use unregisterDeferred") == true)
    }

    @Test("release inside a callback traps")
    func releaseTrapsInsideCallback() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let list = NotifierList()
                let subscriber = RecordingSubscriber()
                subscriber.onEnd = { _ in list.release() }
                _ = try list.register(subscriber)
                _ = list.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "release inside a callback or read section waits for itself") == true)
    }

    @Test("Dropping an open section traps")
    func droppedSectionTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread { _ = NotifierList().invalidateRangeStart(.blockable()) }
        }
        #expect(result?.trapped(saying: "an invalidation section was dropped without invalidateRangeEnd") == true)
    }

    @Test("The errors of registration say what to do")
    func errorsAreDescribed() {
        #expect(RegistrationError.mayFailAndHasEnd.description.contains("targeted-undo"))
        #expect(RegistrationError.released.description.contains("released"))
        #expect(RegistrationError.beyondGuard(pages: 77).description.contains("77 pages"))
        #expect(RegistrationError.guardInUse.description.contains("make a guard for each registration"))
    }
}
