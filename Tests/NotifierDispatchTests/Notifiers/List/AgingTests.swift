import Testing

@testable import NotifierDispatch

@Suite("Aging")
struct AgingTests {
    /// The places of the young ones among four subscribers, in every combination.
    static let combinations = (0..<16).map { bits in (0..<4).filter { bits & 1 << $0 != 0 } }

    /// Four subscribers of a space, in address order, of which those in the places `young` say that pages were used.
    static func makeSpace(young: [Int], log: CallLog) throws -> AddressSpace {
        let space = AddressSpace()
        for subscriber in RecordingSubscriber.inAddressOrder(4, log: log) {
            let answer = young.contains(subscriber.name)
            subscriber.isYoung = { _ in answer }
            _ = try space.register(subscriber)
        }
        return space
    }

    @Test("Invariant 33: clearing asks every subscriber, and is true where any was young", arguments: combinations)
    func invariant33(young: [Int]) throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let space = try Self.makeSpace(young: young, log: log)
            #expect(space.clearFlushYoung(.of(0..<16)) == !young.isEmpty)
            #expect(log.take() == (0..<4).map { .clearFlushYoung($0) })
            #expect(space.clearYoung(.of(0..<16)) == !young.isEmpty)
            #expect(log.take() == (0..<4).map { .clearYoung($0) })
        }
    }

    @Test("Invariant 33: testing stops at the first subscriber that says young", arguments: combinations)
    func invariant33Testing(young: [Int]) throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let space = try Self.makeSpace(young: young, log: log)
            #expect(space.testYoung(7) == !young.isEmpty)
            #expect(log.take() == (0...(young.first ?? 3)).map { .testYoung($0) })
        }
    }

    @Test("Subscribers are asked about the pages that the caller asks about")
    func pages() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            subscriber.isYoung = { $0 == 3..<9 || $0 == 5..<6 }
            _ = try space.register(subscriber)
            #expect(space.clearFlushYoung(.of(3..<9)))
            #expect(!space.clearFlushYoung(.of(3..<8)))
            #expect(space.clearYoung(.of(3..<9)))
            #expect(!space.clearYoung(.of(4..<9)))
            #expect(space.testYoung(5))
            #expect(!space.testYoung(6))
        }
    }

    @Test("A subscriber that does not watch its uses is never young, and belongs to nobody")
    func defaults() throws {
        final class PlainSubscriber: InvalidationSubscriber {
            let capabilities: SubscriberCapabilities = []
            func invalidationStarted(_ invalidation: Invalidation) -> StartResponse { .done }
            func invalidationEnded(_ invalidation: Invalidation) {}
            func released() {}
        }
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(PlainSubscriber().owner == nil)
            _ = try space.register(PlainSubscriber())
            #expect(!space.clearFlushYoung(.of(0..<4)))
            #expect(!space.clearYoung(.of(0..<4)))
            #expect(!space.testYoung(0))
        }
    }

    @Test("Invariant 21: unregister waits for those that ask about age, and nobody is asked after it")
    func invariant21() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscriber = RecordingSubscriber()
            let isInside = Gate()
            let hasUnregistered = Gate()
            let hasLeft = Gate()
            subscriber.isYoung = { _ in
                isInside.open()
                _ = hasUnregistered.waitInVain()
                hasLeft.open()
                return true
            }
            let subscription = try space.register(subscriber)
            let asking = RegisteredThread { #expect(space.clearFlushYoung(.of(0..<4))) }
            isInside.wait()
            space.unregister(subscription)
            #expect(hasLeft.isOpen)
            hasUnregistered.open()
            asking.join()
            #expect(!space.testYoung(0))
        }
    }
}
