import Testing

@testable import NotifierDispatch

@Suite("AddressSpace")
struct AddressSpaceTests {
    @Test("The counter is up while a section is open, and subscribers are told after it went up")
    func counterIsRaisedFirst() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            let raised = EventCounter()
            subscriber.answer = { _ in
                raised.add(space.activeCount)
                return .done
            }
            subscriber.onEnd = { _ in raised.add(space.activeCount) }
            let subscription = try space.register(subscriber)
            let section = try opened(space.invalidateRangeStart(.blockable()))
            #expect(space.activeCount == 1)
            space.invalidateRangeEnd(section)
            #expect(space.activeCount == 0)
            // Once at the start, once at the end: it goes down after the last end.
            #expect(raised.value == 2)
            space.unregister(subscription)
        }
    }

    @Test(
        "Invariant 3: after a start that would block no counter stays raised and no end is owed",
        arguments: PairingPolicy.allCases)
    func invariant3(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            for failing in 0..<4 {
                let space = AddressSpace(pairing: pairing)
                #expect(space.pairing == pairing)
                let invLocks = (0..<4).map { _ in InvLock(space: space) }
                let subscribers = RecordingSubscriber.inAddressOrder(4)
                for (subscriber, invLock) in zip(subscribers, invLocks) where subscriber.name != failing {
                    subscriber.answer = {
                        invLock.invalidationStarted($0.range) { _ in }
                        return .done
                    }
                    subscriber.onEnd = { invLock.invalidationEnded($0.range) }
                }
                subscribers[failing].capabilities = .mayWouldBlock
                subscribers[failing].answer = { _ in .wouldBlock }
                for subscriber in subscribers { _ = try space.register(subscriber) }
                #expect(!space.startsAndEnds(.nonBlockable()))
                #expect(space.activeCount == 0)
                #expect(invLocks.map(\.activeCount) == [0, 0, 0, 0])
                #expect(invLocks.allSatisfy { $0.readBeginIfIdle() != nil })
                #expect(subscribers.allSatisfy { $0.name == failing || $0.starts.value == $0.ends.value })
            }
        }
    }

    @Test("A non-blockable start is not refused under another thread's claim")
    func claimRefusesNobody() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            _ = try space.register(subscriber)
            let claim = space.claim()
            RegisteredThread { #expect(space.startsAndEnds(.nonBlockable())) }.join()
            #expect(subscriber.starts.value == 1)
            #expect(subscriber.ends.value == 1)
            #expect(space.isClaimed)
            space.giveBack(claim)
        }
    }

    @Test(
        "Invariant 36: who registers while a section is open does not wait, is not in it, and is covered until its end")
    func invariant36() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let log = CallLog()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            let section = try opened(space.invalidateRangeStart(.blockable()))
            RegisteredThread { #expect((try? space.register(subscriber)) != nil) }.join()
            #expect(log.take() == [.coverStarted(0)])
            #expect(space.activeCount == 1)
            space.invalidateRangeEnd(section)
            #expect(log.take() == [.coverEnded(0)])
            #expect(!space.isClaimed)
            #expect(space.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(0), .end(0)])
        }
    }

    @Test("A cover lasts until the last section that was open at the registration has ended, whatever came since")
    func coverOfOverlappingSections() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let log = CallLog()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            let first = try opened(space.invalidateRangeStart(.blockable(0..<4)))
            let second = try opened(space.invalidateRangeStart(.blockable(2..<8)))
            _ = try space.register(subscriber)
            #expect(log.take() == [.coverStarted(0)])
            let later = try opened(space.invalidateRangeStart(.blockable(0..<4)))
            #expect(log.take() == [.start(0)])
            space.invalidateRangeEnd(first)
            #expect(log.take() == [])
            let latest = try opened(space.invalidateRangeStart(.blockable(4..<8)))
            #expect(log.take() == [.start(0)])
            space.invalidateRangeEnd(second)
            #expect(log.take() == [.coverEnded(0)])
            #expect(space.activeCount == 2)
            space.invalidateRangeEnd(later)
            space.invalidateRangeEnd(latest)
            #expect(log.take() == [.end(0), .end(0)])
        }
    }

    @Test("Subscribers that register one after the other are covered each by the sections of its time")
    func coversOfSeveral() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            let first = try opened(space.invalidateRangeStart(.blockable()))
            _ = try space.register(subscribers[0])
            let second = try opened(space.invalidateRangeStart(.blockable()))
            _ = try space.register(subscribers[1])
            space.invalidateRangeEnd(first)
            #expect(subscribers.map(\.coversEnded.value) == [1, 0, 0])
            space.invalidateRangeEnd(second)
            #expect(subscribers.map(\.coversEnded.value) == [1, 1, 0])
            _ = try space.register(subscribers[2])
            #expect(subscribers.map(\.coversStarted.value) == [1, 1, 0])
            #expect(subscribers.map(\.coversEnded.value) == [1, 1, 0])
            // The second one's section started it; the first one's did not.
            #expect(subscribers.map(\.starts.value) == [1, 0, 0])
            #expect(subscribers.map(\.ends.value) == [1, 0, 0])
        }
    }

    @Test("A cover ends also after the subscription has")
    func coverAfterUnregister() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let log = CallLog()
            let subscriber = RecordingSubscriber()
            subscriber.log = log
            let section = try opened(space.invalidateRangeStart(.blockable()))
            space.unregister(try space.register(subscriber))
            #expect(log.take() == [.coverStarted(0), .released(0)])
            space.invalidateRangeEnd(section)
            #expect(log.take() == [.coverEnded(0)])
        }
    }

    @Test("A start that would block ends covers like any other section")
    func refusedStartEndsCovers() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let newcomer = RecordingSubscriber()
            let reluctant = RecordingSubscriber()
            reluctant.capabilities = .mayWouldBlock
            reluctant.answer = { [unowned space] _ in
                if newcomer.coversStarted.value == 0 { #expect((try? space.register(newcomer)) != nil) }
                return .wouldBlock
            }
            _ = try space.register(reluctant)
            #expect(!space.startsAndEnds(.nonBlockable()))
            #expect(newcomer.coversStarted.value == 1)
            #expect(newcomer.coversEnded.value == 1)
        }
    }

    @Test("A registration that is refused leaves the space open, and covers nobody")
    func refusedRegistration() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace(pairing: .callAll)
            let subscriber = RecordingSubscriber()
            subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
            let section = try opened(space.invalidateRangeStart(.blockable()))
            #expect(throws: RegistrationError.mayFailAndHasEnd) { try space.register(subscriber) }
            #expect(space.startsAndEnds(.nonBlockable()))
            space.invalidateRangeEnd(section)
            space.release()
            subscriber.capabilities = []
            #expect(throws: RegistrationError.released) { try space.register(subscriber) }
            #expect(space.startsAndEnds(.nonBlockable()))
            #expect(subscriber.coversStarted.value == 0)
        }
    }

    @Test("invalidate changes inside the section, passes the result on, and ends the section also when it throws")
    func invalidate() throws {
        struct Failure: Error {}
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            _ = try space.register(subscriber)
            let result = space.invalidate(.of(0..<4), event: .unmap) {
                #expect(subscriber.starts.value == 1)
                #expect(subscriber.ends.value == 0)
                #expect(space.activeCount == 1)
                return 7
            }
            #expect(result == 7)
            #expect(subscriber.ends.value == 1)
            #expect(throws: Failure.self) {
                try space.invalidate(.of(0..<4), event: .unmap) { throw Failure() }
            }
            #expect(subscriber.ends.value == 2)
            #expect(space.activeCount == 0)
        }
    }

    @Test("Unregistering, deferred or not, and release reach the subscribers")
    func endings() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            let subscriptions = try subscribers.map { try space.register($0) }
            let completions = EventCounter()
            space.unregister(subscriptions[0])
            space.unregisterDeferred(subscriptions[1]) { completions.count() }
            space.release()
            RCU.barrier()
            #expect(subscribers.map(\.releases.value) == [1, 1, 1])
            #expect(completions.value == 1)
        }
    }

    @Test("register inside a callback does not wait: the newcomer is covered until the section has ended")
    func registeringInsideACallback() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let log = CallLog()
            let newcomers = RecordingSubscriber.inAddressOrder(2, log: log)
            let subscriber = RecordingSubscriber()
            subscriber.answer = { [unowned space] _ in
                if newcomers[0].coversStarted.value == 0 { #expect((try? space.register(newcomers[0])) != nil) }
                return .done
            }
            subscriber.onEnd = { [unowned space] _ in
                if newcomers[1].coversStarted.value == 0 { #expect((try? space.register(newcomers[1])) != nil) }
            }
            _ = try space.register(subscriber)
            let section = try opened(space.invalidateRangeStart(.blockable()))
            #expect(log.take() == [.coverStarted(0)])
            space.invalidateRangeEnd(section)
            // Whose cover ends first is nobody's affair.
            let calls = log.take()
            #expect(calls.first == .coverStarted(1))
            #expect(calls.count == 3 && calls.contains(.coverEnded(0)) && calls.contains(.coverEnded(1)))
            #expect(space.startsAndEnds(.blockable()))
            #expect(log.take() == [.start(0), .start(1), .end(0), .end(1)])
        }
    }

    @Test("A section that is ended on another space traps")
    func sectionOfAnotherSpaceTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let space = AddressSpace()
                let other = AddressSpace()
                let section = try opened(space.invalidateRangeStart(.blockable()))
                other.invalidateRangeEnd(section)
            }
        }
        #expect(result?.trapped(saying: "a section is ended on another space than the one that opened it") == true)
    }
}
