/// What a subscriber declares about itself when it registers.
public struct SubscriberCapabilities: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    /// The set with these raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Its start may answer ``StartResponse/wouldBlock`` on a non-blockable invalidation.
    public static let mayWouldBlock = SubscriberCapabilities(rawValue: 1)
    /// It wants ``InvalidationSubscriber/invalidationEnded(_:)``.
    public static let receivesEnd = SubscriberCapabilities(rawValue: 2)
}

/// A holder of translations that must drop them before the pages go away.
///
/// Callbacks come from whichever threads invalidate, several at once, inside an RCU read section: they may sleep in a
/// blockable invalidation, but must not wait for a grace period, and must not unregister (other than deferred).
public protocol InvalidationSubscriber: AnyObject, Sendable {
    /// Read once, at registration.
    var capabilities: SubscriberCapabilities { get }

    /// Drop every translation of the range, and let none come back before the end. Answering
    /// ``StartResponse/wouldBlock`` promises nothing and is owed no end; only allowed where the invalidation is not
    /// blockable and ``SubscriberCapabilities/mayWouldBlock`` was declared.
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse

    /// The change is done. Called once for each start that answered ``StartResponse/done``, where
    /// ``SubscriberCapabilities/receivesEnd`` was declared and the subscriber is still registered.
    func invalidationEnded(_ invalidation: Invalidation)

    /// The subscription is over: the space was released or the subscriber is being unregistered. Runs exactly once a
    /// registration, while other callbacks may still be running; drop every translation and install no more.
    func released()
}

/// A subscriber behind a class with a method table, so that the list calls any type with one indirect call and without
/// reference counting. The generic subclass calls the subscriber directly.
@usableFromInline
class SubscriberBox: @unchecked Sendable {
    // @unchecked: the only state is the subclass's constant subscriber, which is Sendable itself.
    @usableFromInline
    init() {}

    @usableFromInline
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse { .done }

    @usableFromInline
    func invalidationEnded(_ invalidation: Invalidation) {}

    @usableFromInline
    func released() {}
}

@usableFromInline
final class TypedSubscriberBox<Subscriber: InvalidationSubscriber>: SubscriberBox, @unchecked Sendable {
    @usableFromInline
    let subscriber: Subscriber

    @inlinable
    init(_ subscriber: Subscriber) { self.subscriber = subscriber }

    @inlinable
    override func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        subscriber.invalidationStarted(invalidation)
    }

    @inlinable
    override func invalidationEnded(_ invalidation: Invalidation) { subscriber.invalidationEnded(invalidation) }

    @inlinable
    override func released() { subscriber.released() }
}
