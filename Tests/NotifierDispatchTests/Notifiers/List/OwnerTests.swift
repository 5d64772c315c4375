import Testing

@testable import NotifierDispatch

@Suite("Owners of invalidations")
struct OwnerTests {
    /// Subscribers in address order, of which each belongs to the owner in its place.
    static func subscribers(of owners: [InvalidationOwner?], log: CallLog? = nil) -> [RecordingSubscriber] {
        let subscribers = RecordingSubscriber.inAddressOrder(owners.count, log: log)
        for (subscriber, owner) in zip(subscribers, owners) { subscriber.owner = owner }
        return subscribers
    }

    static func invalidation(
        _ event: InvalidationEvent, by owner: InvalidationOwner?, isBlockable: Bool = true
    ) -> Invalidation {
        Invalidation(range: .of(0..<16), event: event, isBlockable: isBlockable, owner: owner)
    }

    @Test("Only migrate and exclusive exempt anybody, and only the owner", arguments: InvalidationEvent.allCases)
    func eventsThatExempt(event: InvalidationEvent) throws {
        let (first, second) = (InvalidationOwner(), InvalidationOwner())
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            for subscriber in Self.subscribers(of: [first, second, nil, first], log: log) {
                _ = try list.register(subscriber)
            }
            let isExempting = [.migrate, .exclusive].contains(event)
            for (owner, told) in [(first, [1, 2]), (second, [0, 2, 3]), (nil, [0, 1, 2, 3])] {
                #expect(list.startsAndEnds(Self.invalidation(event, by: owner)))
                let expected = isExempting ? told : [0, 1, 2, 3]
                #expect(log.take() == expected.map { .start($0) } + expected.map { .end($0) })
            }
        }
    }

    @Test("In sections that nest, each end goes where its start went")
    func nestedSections() throws {
        let (first, second) = (InvalidationOwner(), InvalidationOwner())
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            for subscriber in Self.subscribers(of: [first, second], log: log) {
                _ = try list.register(subscriber)
            }
            let outer = try opened(list.invalidateRangeStart(Self.invalidation(.migrate, by: first)))
            let inner = try opened(list.invalidateRangeStart(Self.invalidation(.exclusive, by: second)))
            #expect(log.take() == [.start(1), .start(0)])
            list.invalidateRangeEnd(outer)
            #expect(log.take() == [.end(1)])
            list.invalidateRangeEnd(inner)
            #expect(log.take() == [.end(0)])
        }
    }

    @Test("Where a start fails, the exempt one is not ended", arguments: PairingPolicy.allCases)
    func failedStart(pairing: PairingPolicy) throws {
        let (first, second) = (InvalidationOwner(), InvalidationOwner())
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList(pairing: pairing)
            let subscribers = Self.subscribers(of: [second, first, nil, first, nil], log: log)
            subscribers[2].capabilities = .mayWouldBlock
            subscribers[2].answer = { _ in .wouldBlock }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            #expect(!list.startsAndEnds(Self.invalidation(.migrate, by: first, isBlockable: false)))
            switch pairing {
            case .targetedUndo: #expect(log.take() == [.start(0), .start(2), .end(0)])
            case .callAll: #expect(log.take() == [.start(0), .start(2), .start(4), .end(0), .end(4)])
            }
        }
    }

    @Test("An exempt subscriber fails no start", arguments: PairingPolicy.allCases)
    func exemptSubscriberThatWouldBlock(pairing: PairingPolicy) throws {
        let device = InvalidationOwner()
        try RCU.withRegisteredThread {
            let list = NotifierList(pairing: pairing)
            let subscribers = Self.subscribers(of: [device, nil])
            subscribers[0].capabilities = .mayWouldBlock
            subscribers[0].answer = { _ in .wouldBlock }
            for subscriber in subscribers { _ = try list.register(subscriber) }
            #expect(list.startsAndEnds(Self.invalidation(.migrate, by: device, isBlockable: false)))
            #expect(!list.startsAndEnds(Self.invalidation(.clear, by: device, isBlockable: false)))
            #expect(subscribers[0].failedStarts.value == 1)
            #expect(subscribers[1].starts.value == subscribers[1].ends.value)
        }
    }

    @Test("The owner counts as it was at the registration")
    func ownerIsReadOnce() throws {
        let (first, second) = (InvalidationOwner(), InvalidationOwner())
        try RCU.withRegisteredThread {
            let list = NotifierList()
            let subscriber = RecordingSubscriber()
            subscriber.owner = first
            _ = try list.register(subscriber)
            subscriber.owner = second
            let section = try opened(list.invalidateRangeStart(Self.invalidation(.migrate, by: second)))
            subscriber.owner = first
            list.invalidateRangeEnd(section)
            #expect(subscriber.starts.value == 1)
            #expect(subscriber.ends.value == 1)
        }
    }

    @Test("A space exempts like its list, and its counter rises all the same")
    func space() throws {
        let device = InvalidationOwner()
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let subscribers = Self.subscribers(of: [device, nil])
            for subscriber in subscribers { _ = try space.register(subscriber) }
            space.invalidate(.of(0..<4), event: .exclusive, owner: device) { #expect(space.activeCount == 1) }
            #expect(subscribers.map(\.starts.value) == [0, 1])
            #expect(subscribers.map(\.ends.value) == [0, 1])
        }
    }

    @Test(
        "Invariant 1: ends equal starts whoever causes, fails and nests; the cause is never told",
        arguments: PairingPolicy.allCases)
    func invariant1(pairing: PairingPolicy) throws {
        let (first, second) = (InvalidationOwner(), InvalidationOwner())
        let owners: [InvalidationOwner?] = [first, nil, second, first]
        let toldTheCause = EventCounter()
        try RCU.withRegisteredThread {
            let list = NotifierList(pairing: pairing)
            let subscribers = Self.subscribers(of: owners)
            let turns = EventCounter()
            for subscriber in subscribers {
                let owner = subscriber.owner
                let mayFail = subscriber.name == 2
                @Sendable func note(_ invalidation: Invalidation) {
                    if [.migrate, .exclusive].contains(invalidation.event), owner != nil, invalidation.owner == owner {
                        toldTheCause.count()
                    }
                }
                if mayFail {
                    subscriber.capabilities =
                        pairing == .targetedUndo ? [.mayWouldBlock, .receivesEnd] : .mayWouldBlock
                }
                subscriber.answer = { invalidation in
                    note(invalidation)
                    turns.count()
                    return mayFail && !invalidation.isBlockable && turns.value % 3 == 0 ? .wouldBlock : .done
                }
                subscriber.onEnd = note
                _ = try list.register(subscriber)
            }
            runThreads(3) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<1_000 {
                    let event: InvalidationEvent = random.oneIn(2) ? .migrate : random.oneIn(2) ? .exclusive : .unmap
                    let owner = owners[Int.random(in: 0..<owners.count, using: &random)]
                    let isBlockable = random.oneIn(2)
                    guard
                        let section = list.invalidateRangeStart(
                            Self.invalidation(event, by: owner, isBlockable: isBlockable))
                    else { continue }
                    if random.oneIn(4) { _ = list.startsAndEnds(Self.invalidation(.migrate, by: second)) }
                    list.invalidateRangeEnd(section)
                }
            }
            for subscriber in subscribers {
                #expect(subscriber.starts.value > 0)
                let expected = subscriber.capabilities.contains(.receivesEnd) ? subscriber.starts.value : 0
                #expect(subscriber.ends.value == expected)
            }
        }
        #expect(toldTheCause.value == 0)
    }
}
