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
}
