import Testing

@testable import NotifierDispatch

@Suite("What traps in the interval half")
struct IntervalTrapTests {
    /// Starts an invalidation of a space in which one interval callback does `work`.
    static func runInCallback(_ work: @escaping @Sendable (AddressSpace) -> Void) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
            subscriber.answer = { [unowned space] _ in
                work(space)
                return .done
            }
            try space.insert(subscriber.subscription, for: subscriber)
            _ = space.startsAndEnds(.blockable())
        }
    }

    @Test("remove inside an interval callback traps")
    func removeTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try IntervalTrapTests.runInCallback {
                $0.remove(IntervalSubscription(over: .of(0..<4), in: $0))
            }
        }
        #expect(result?.trapped(saying: "use removeDeferred") == true)
    }

    @Test("remove inside a list callback traps")
    func removeTrapsInListCallback() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let space = AddressSpace()
                let watching = RecordingIntervalSubscriber(over: 0..<16, in: space.intervals)
                try space.insert(watching.subscription, for: watching)
                let subscriber = RecordingSubscriber()
                subscriber.answer = { _ in
                    space.remove(IntervalSubscription(over: .of(0..<4), in: space))
                    return .done
                }
                _ = try space.register(subscriber)
                _ = space.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "use removeDeferred") == true)
    }

    @Test("remove inside a second pass traps")
    func removeTrapsInSecondPass() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let set = IntervalNotifiers()
                let finish = RecordingFinish()
                let leaving = try set.subscriber(over: 100..<101).subscription
                finish.onFinish = { _ in set.remove(leaving) }
                _ = try set.subscriber { $0.answer = { _ in finish.claim() ? .finishLater(finish) : .done } }
                set.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "use removeDeferred") == true)
    }

    @Test("After a start the thread is outside callbacks again, also where the start would have blocked")
    func outsideAgain() throws {
        try RCU.withRegisteredThread {
            let set = IntervalNotifiers()
            let subscriber = try set.subscriber { $0.answer = { $0.isBlockable ? .done : .wouldBlock } }
            #expect(set.startsAndEnds(.blockable()))
            #expect(!set.startsAndEnds(.nonBlockable()))
            set.remove(subscriber.subscription)
            set.release()
        }
    }

    @Test("release inside an interval callback traps, of the space and of the set")
    func releaseTraps() async {
        let ofSpace = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try IntervalTrapTests.runInCallback { $0.release() }
        }
        #expect(ofSpace?.trapped(saying: "release inside a callback or read section can wait for itself") == true)
        let ofSet = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try IntervalTrapTests.runInCallback { $0.intervals.release() }
        }
        #expect(ofSet?.trapped(saying: "release waits for the section that the callback belongs to") == true)
    }

    @Test("register and the first insert of another space work inside an interval callback")
    func registrationsDoNotTrap() async {
        await #expect(processExitsWith: .success) {
            try IntervalTrapTests.runInCallback { space in
                let other = AddressSpace()
                let late = RecordingIntervalSubscriber(over: 0..<4, in: other.intervals)
                let isInserted = (try? other.insert(late.subscription, for: late)) != nil
                let isRegistered = (try? space.register(RecordingSubscriber())) != nil
                precondition(isInserted && isRegistered)
            }
        }
    }

    @Test("Recording an even sequence traps")
    func evenSequenceTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            IntervalSubscription(over: .of(0..<4), in: IntervalNotifiers()).record(4)
        }
        #expect(result?.trapped(saying: "this is not a sequence that a callback was handed: it is even") == true)
    }

    @Test("A callback that does not record its sequence traps")
    func notRecordingTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let set = IntervalNotifiers()
                _ = try set.subscriber { $0.records = false }
                set.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "did not record the sequence that it was handed") == true)
    }

    @Test("Inserting a subscription of another set traps")
    func otherSetTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let subscriber = RecordingIntervalSubscriber(over: 0..<4, in: IntervalNotifiers())
                try IntervalNotifiers().insert(subscriber.subscription, for: subscriber)
            }
        }
        #expect(result?.trapped(saying: "a subscription was handed to another set than its own") == true)
    }

    @Test("Inserting a subscription twice traps, also after its end", arguments: [true, false])
    func insertingTwiceTraps(isOver: Bool) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [isOver] in
            try RCU.withRegisteredThread {
                let set = IntervalNotifiers()
                let subscriber = try set.subscriber()
                if isOver { set.remove(subscriber.subscription) }
                try set.insert(subscriber.subscription, for: subscriber)
            }
        }
        #expect(result?.trapped(saying: "a subscription is added once") == true)
    }
}
