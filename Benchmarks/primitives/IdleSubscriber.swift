import NotifierDispatch

/// A subscriber that does nothing, and wants its ends.
final class IdleSubscriber: InvalidationSubscriber {
    /// So many of them.
    static func make(_ count: Int) -> [IdleSubscriber] { (0..<count).map { _ in IdleSubscriber() } }

    var capabilities: SubscriberCapabilities { .receivesEnd }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse { .done }

    func invalidationEnded(_ invalidation: Invalidation) {}

    func released() {}
}
