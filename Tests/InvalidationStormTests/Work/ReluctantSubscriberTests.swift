import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct ReluctantSubscriberTests {
    let range = InvalidationRange(pages: 0..<1)!

    @Test("It refuses every second non-blockable start, and no blockable one")
    func refusesHalf() {
        let subscriber = ReluctantSubscriber()
        let nonBlockable = Invalidation(range: range, event: .clear, isBlockable: false)
        let answers = (0..<6).map { _ in subscriber.invalidationStarted(nonBlockable) }
        #expect(answers == [.done, .wouldBlock, .done, .wouldBlock, .done, .wouldBlock])
        let blockable = Invalidation(range: range, event: .clear)
        #expect((0..<6).allSatisfy { _ in subscriber.invalidationStarted(blockable) == .done })
    }
}
