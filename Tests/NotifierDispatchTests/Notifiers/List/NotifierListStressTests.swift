import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("NotifierList under load")
struct NotifierListStressTests {
    /// A number that moves up and down, and must not fall below zero.
    final class Balance: Sendable {
        private let atomic = Atomic<Int>(0)
        let underflows = EventCounter()
        var value: Int { atomic.load(ordering: .acquiring) }
        func rise() { atomic.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        func fall() {
            if atomic.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue < 0 { underflows.count() }
        }
    }

    @Test(
        "Invariant 1: ends equal successful starts for each subscriber, whoever fails how often",
        arguments: PairingPolicy.allCases)
    func invariant1(pairing: PairingPolicy) throws {
        try RCU.withRegisteredThread {
            let list = NotifierList(pairing: pairing)
            let subscribers = RecordingSubscriber.inAddressOrder(5)
            // 1 and 3 fail every now and then, 3 also where it must not.
            for failing in [1, 3] {
                let turns = EventCounter()
                subscribers[failing].capabilities =
                    pairing == .targetedUndo ? [.mayWouldBlock, .receivesEnd] : .mayWouldBlock
                subscribers[failing].answer = { invalidation in
                    turns.count()
                    let mayFail = !invalidation.isBlockable || failing == 3
                    return mayFail && turns.value % 3 == 0 ? .wouldBlock : .done
                }
            }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            let succeeded = EventCounter()
            runThreads(3) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<2_000 {
                    if list.startsAndEnds(random.oneIn(2) ? .blockable() : .nonBlockable()) { succeeded.count() }
                }
            }
            #expect(succeeded.value > 0)
            for subscriber in subscribers where subscriber.capabilities.contains(.receivesEnd) {
                #expect(subscriber.starts.value > 0)
                #expect(subscriber.ends.value == subscriber.starts.value)
            }
        }
    }

    @Test("Subscribers that come and go during walks get no end without a start, and are freed once")
    func churn() throws {
        let deaths = EventCounter()
        let births = EventCounter()
        let lateCalls = EventCounter()
        let underflows = EventCounter()
        RCU.withRegisteredThread {
            let list = NotifierList()
            runThreads(4) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<400 {
                    if number < 2 {
                        _ = list.startsAndEnds(random.oneIn(2) ? .blockable() : .nonBlockable())
                        continue
                    }
                    let subscriber = RecordingSubscriber()
                    let balance = Balance()
                    let isOver = Gate()
                    births.count()
                    subscriber.deaths = deaths
                    subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
                    let mayFail = random.oneIn(2)
                    subscriber.answer = { invalidation in
                        if isOver.isOpen { lateCalls.count() }
                        if mayFail, !invalidation.isBlockable { return .wouldBlock }
                        balance.rise()
                        return .done
                    }
                    subscriber.onEnd = { _ in
                        if isOver.isOpen { lateCalls.count() }
                        balance.fall()
                    }
                    guard let subscription = try? list.register(subscriber) else { return }
                    if random.oneIn(2) { sched_yield() }
                    if random.oneIn(2) {
                        list.unregister(subscription)
                        isOver.open()
                    } else {
                        list.unregisterDeferred(subscription) { isOver.open() }
                    }
                    underflows.add(balance.underflows.value)
                }
            }
            RCU.barrier()
        }
        #expect(lateCalls.value == 0)
        #expect(underflows.value == 0)
        #expect(eventually { deaths.value == births.value })
    }

    /// A subscriber whose start stays inside until a gate opens, and what an ending of its subscription may find.
    struct SlowStart {
        let subscriber = RecordingSubscriber()
        let isInside = Gate()
        let endingReturned = Gate()
        let hasLeft = Gate()

        init() {
            subscriber.answer = { [isInside, endingReturned, hasLeft] _ in
                isInside.open()
                _ = endingReturned.waitInVain()
                hasLeft.open()
                return .done
            }
        }
    }

    @Test("Invariant 21: unregister returns after the callbacks that run, and none comes later")
    func invariant21() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let slow = SlowStart()
            let subscription = try list.register(slow.subscriber)
            let dispatcher = RegisteredThread { [isInside = slow.isInside] in
                _ = list.startsAndEnds(.blockable())
                #expect(isInside.isOpen)
            }
            slow.isInside.wait()
            list.unregister(subscription)
            #expect(slow.hasLeft.isOpen)
            slow.endingReturned.open()
            dispatcher.join()
            let calls = slow.subscriber.starts.value + slow.subscriber.ends.value
            #expect(list.startsAndEnds(.blockable()))
            #expect(slow.subscriber.starts.value + slow.subscriber.ends.value == calls)
        }
    }

    @Test("Invariant 21: a deferred unregister completes after the callbacks that run, and none comes later")
    func invariant21Deferred() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let slow = SlowStart()
            let hadLeft = Gate()
            let subscription = try list.register(slow.subscriber)
            let dispatcher = RegisteredThread { _ = list.startsAndEnds(.blockable()) }
            slow.isInside.wait()
            list.unregisterDeferred(subscription) { [hasLeft = slow.hasLeft, endingReturned = slow.endingReturned] in
                if hasLeft.isOpen { hadLeft.open() }
                endingReturned.open()
            }
            dispatcher.join()
            RCU.barrier()
            #expect(hadLeft.isOpen)
            let calls = slow.subscriber.starts.value + slow.subscriber.ends.value
            #expect(list.startsAndEnds(.blockable()))
            #expect(slow.subscriber.starts.value + slow.subscriber.ends.value == calls)
        }
    }

    @Test("Invariant 22: a second, concurrent release returns after every subscriber has been told, each once")
    func invariant22() throws {
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let isInside = Gate()
            let secondReturned = Gate()
            let subscribers = RecordingSubscriber.inAddressOrder(3)
            subscribers[1].onReleased = {
                isInside.open()
                _ = secondReturned.waitInVain()
            }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            let first = RegisteredThread {
                list.release()
                #expect(subscribers.map(\.releases.value) == [1, 1, 1])
            }
            isInside.wait()
            list.release()
            #expect(subscribers.map(\.releases.value) == [1, 1, 1])
            secondReturned.open()
            first.join()
        }
    }

    @Test("Invariant 22: release, unregister and starts that meet tell each subscriber once and free it once")
    func invariant22UnderLoad() throws {
        let deaths = EventCounter()
        let wrongCounts = EventCounter()
        let rounds = 100
        RCU.withRegisteredThread {
            for _ in 0..<rounds {
                let list = NotifierList()
                let subscribers = RecordingSubscriber.inAddressOrder(3)
                for subscriber in subscribers { subscriber.deaths = deaths }
                guard let first = try? list.register(subscribers[0]), let second = try? list.register(subscribers[1]),
                    (try? list.register(subscribers[2])) != nil
                else { return wrongCounts.count() }
                runThreads(4) { number in
                    switch number {
                    case 0:
                        list.unregister(first)
                        if subscribers[0].releases.value != 1 { wrongCounts.count() }
                    case 1:
                        list.unregisterDeferred(second)
                        _ = list.startsAndEnds(.blockable())
                    default:
                        _ = list.startsAndEnds(.blockable())
                        list.release()
                        if subscribers.map(\.releases.value) != [1, 1, 1] { wrongCounts.count() }
                    }
                }
            }
            RCU.barrier()
        }
        #expect(wrongCounts.value == 0)
        #expect(eventually { deaths.value == 3 * rounds })
    }

    @Test("Sections may end on another thread than the one that opened them")
    func sectionsSpanThreads() throws {
        /// A section on its way from one thread to another.
        final class Handover: @unchecked Sendable {
            // @unchecked: written before the gate opens, taken after.
            var section: InvalidationSection?
        }
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            _ = try list.register(subscriber)
            let handover = Handover()
            handover.section = try opened(list.invalidateRangeStart(.blockable()))
            RegisteredThread {
                guard let section = handover.section.take() else { return }
                list.invalidateRangeEnd(section)
            }.join()
            #expect(subscriber.ends.value == 1)
        }
    }
}
