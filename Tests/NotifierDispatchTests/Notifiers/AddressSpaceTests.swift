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

    @Test("A non-blockable start is refused under a claim before any subscriber is told")
    func claimRefusesNonBlockableStarts() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            _ = try space.register(subscriber)
            #expect(space.claim())
            RegisteredThread { #expect(!space.startsAndEnds(.nonBlockable())) }.join()
            #expect(subscriber.starts.value == 0)
            space.releaseClaim()
            #expect(space.startsAndEnds(.nonBlockable()))
            #expect(subscriber.starts.value == 1)
        }
    }

    @Test("Invariant 36: register waits for open sections, so nobody joins in the middle of one")
    func invariant36() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            let hasRegistered = Gate()
            let isRegistering = Gate()
            let section = try opened(space.invalidateRangeStart(.blockable()))
            let thread = RegisteredThread {
                isRegistering.open()
                #expect((try? space.register(subscriber)) != nil)
                hasRegistered.open()
            }
            isRegistering.wait()
            #expect(!hasRegistered.waitInVain())
            space.invalidateRangeEnd(section)
            thread.join()
            #expect(subscriber.starts.value == 0)
            #expect(subscriber.ends.value == 0)
            #expect(!space.isClaimed)
            #expect(space.startsAndEnds(.blockable()))
            #expect(subscriber.starts.value == 1)
            #expect(subscriber.ends.value == 1)
        }
    }

    @Test("A registration that is refused leaves the space open")
    func refusedRegistrationGivesTheClaimBack() {
        RCU.withRegisteredThread {
            let space = AddressSpace(pairing: .callAll)
            let subscriber = RecordingSubscriber()
            subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
            #expect(throws: RegistrationError.mayFailAndHasEnd) { try space.register(subscriber) }
            #expect(space.startsAndEnds(.nonBlockable()))
            space.release()
            subscriber.capabilities = []
            #expect(throws: RegistrationError.released) { try space.register(subscriber) }
            #expect(space.startsAndEnds(.nonBlockable()))
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

    @Test("register inside a callback traps")
    func registerTrapsInsideCallback() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let space = AddressSpace()
                let subscriber = RecordingSubscriber()
                subscriber.answer = { _ in
                    _ = try? space.register(RecordingSubscriber())
                    return .done
                }
                _ = try space.register(subscriber)
                _ = space.startsAndEnds(.blockable())
            }
        }
        #expect(result?.trapped(saying: "register inside a callback or read section can wait for itself") == true)
    }
}
