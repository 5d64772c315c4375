import NotifierDispatch
import Synchronization

/// A subscriber that holds nothing and says "would block" to every second non-blockable start.
final class ReluctantSubscriber: InvalidationSubscriber {
    private let asked = Atomic<UInt64>(0)

    var capabilities: SubscriberCapabilities { .mayWouldBlock }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        guard !invalidation.isBlockable else { return .done }
        // Relaxed: only the count matters.
        return asked.add(1, ordering: .relaxed).oldValue.isMultiple(of: 2) ? .done : .wouldBlock
    }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func released() {}

    /// Creates one that stands behind `subscriber` in address order, so that a targeted undo has something to undo.
    static func behind(_ subscriber: AnyObject) -> ReluctantSubscriber {
        var refused: [ReluctantSubscriber] = []
        while true {
            let candidate = ReluctantSubscriber()
            if ObjectIdentifier(candidate) > ObjectIdentifier(subscriber) { return candidate }
            // Kept until the end, so that the next one gets another address.
            refused.append(candidate)
        }
    }
}
