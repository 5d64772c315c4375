import Testing

@testable import NotifierDispatch

@Suite("InvalidationSection")
struct InvalidationSectionTests {
    @Test("A section is four words, so that it travels in registers")
    func size() {
        #expect(MemoryLayout<InvalidationSection>.size == 4 * MemoryLayout<Int>.size)
        #expect(MemoryLayout<InvalidationSection?>.size == 4 * MemoryLayout<Int>.size)
    }

    @Test("Invariant 36: a section in which somebody failed owes those no end who register while it is open")
    func invariant36() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let list = NotifierList()
            let subscribers = RecordingSubscriber.inAddressOrder(4, log: log)
            subscribers[1].capabilities = [.mayWouldBlock, .receivesEnd]
            subscribers[1].answer = { _ in .wouldBlock }
            _ = try list.register(subscribers[1])
            _ = try list.register(subscribers[2])
            let section = try opened(list.invalidateRangeStart(.blockable()))
            _ = try list.register(subscribers[0])
            _ = try list.register(subscribers[3])
            #expect(section.failedStarts == 1)
            list.invalidateRangeEnd(section)
            #expect(log.take() == [.start(1), .start(2), .end(2)])
        }
    }

    @Test("A section that was words for a while ends as it would have: who failed is owed no end")
    func words() throws {
        try RCU.withRegisteredThread {
            let log = CallLog()
            let space = AddressSpace()
            let subscribers = RecordingSubscriber.inAddressOrder(2, log: log)
            subscribers[1].capabilities = [.mayWouldBlock, .receivesEnd]
            subscribers[1].answer = { _ in .wouldBlock }
            for subscriber in subscribers { _ = try space.register(subscriber) }
            let words = try opened(space.invalidateRangeStart(.blockable())).intoWords()
            #expect(space.counter.activeCount == 1)
            #expect(log.take() == [.start(0), .start(1)])
            let section = InvalidationSection(words)
            #expect(section.failedStarts == 1)
            space.invalidateRangeEnd(section)
            #expect(space.counter.activeCount == 0)
            #expect(log.take() == [.end(0)])
        }
    }
}
