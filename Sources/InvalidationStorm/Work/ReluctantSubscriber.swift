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
