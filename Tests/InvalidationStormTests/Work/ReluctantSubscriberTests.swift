import NotifierDispatch
import Synchronization
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

    @Test("Two subscribers can be put in either order, and are called in it")
    func orderOfAPair() throws {
        let reluctant = ReluctantSubscriber()
        let counting = CountingSubscriber()
        for (pair, starts) in [
            (OrderedSubscriber.pair(counting, reluctant), 4), (OrderedSubscriber.pair(reluctant, counting), 2),
        ] {
            let list = NotifierList()
            try RCU.withRegisteredThread {
                let subscriptions = try pair.map { try list.register($0) }
                let before = counting.starts.load(ordering: .relaxed)
                for _ in 0..<4 {
                    let section = list.invalidateRangeStart(
                        Invalidation(range: range, event: .clear, isBlockable: false))
                    if let section { list.invalidateRangeEnd(section) }
                }
                // Behind the reluctant one it is only reached by the starts that the reluctant one lets pass.
                #expect(counting.starts.load(ordering: .relaxed) - before == starts)
                subscriptions.forEach(list.unregister)
            }
        }
        #expect(counting.ends.load(ordering: .relaxed) == counting.starts.load(ordering: .relaxed))
    }
}

private final class CountingSubscriber: InvalidationSubscriber {
    let starts = Atomic<Int>(0)
    let ends = Atomic<Int>(0)
    var capabilities: SubscriberCapabilities { .receivesEnd }
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        starts.add(1, ordering: .relaxed)
        return .done
    }
    func invalidationEnded(_ invalidation: Invalidation) { ends.add(1, ordering: .relaxed) }
    func released() {}
}
