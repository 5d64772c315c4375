import NotifierDispatch
import Synchronization

/// A subscriber that holds nothing and says "would block" to every second non-blockable start.
final class ReluctantSubscriber: InvalidationSubscriber {
    private let asked = Atomic<UInt64>(0)

    var capabilities: SubscriberCapabilities { .mayWouldBlock }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        guard !invalidation.isBlockable else { return .done }
        // Relaxed: only the count matters.
        return asked.wrappingAdd(1, ordering: .relaxed).oldValue.isMultiple(of: 2) ? .done : .wouldBlock
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func released() {}
}

/// Stands in the notifier list for another subscriber, so that two subscribers can be put in an order of one's choice:
/// the list goes by the objects' addresses, and nobody chooses those.
final class OrderedSubscriber: InvalidationSubscriber, @unchecked Sendable {
    // @unchecked: `target` is set before the object is shared.
    private var target: any InvalidationSubscriber

    private init(_ target: any InvalidationSubscriber) { self.target = target }

    /// Two subscribers that stand for `first` and `second`, and come in that order in a notifier list.
    static func pair(
        _ first: any InvalidationSubscriber, _ second: any InvalidationSubscriber
    ) -> [OrderedSubscriber] {
        let pair = [OrderedSubscriber(first), OrderedSubscriber(second)]
            .sorted { ObjectIdentifier($0) < ObjectIdentifier($1) }
        pair[0].target = first
        pair[1].target = second
        return pair
    }

    var capabilities: SubscriberCapabilities { target.capabilities }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        target.invalidationStarted(invalidation)
    }

    func invalidationEnded(_ invalidation: Invalidation) { target.invalidationEnded(invalidation) }

    func released() { target.released() }
}
