import NotifierDispatch

/// An interval subscriber that does nothing but what it must: it records the sequence.
final class IdleIntervalSubscriber: IntervalSubscriber {
    private let subscription: IntervalSubscription

    init(_ subscription: IntervalSubscription) { self.subscription = subscription }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        subscription.lock()
        subscription.record(sequence)
        subscription.unlock()
        return .done
    }
}
