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

    /// Who it belongs to: it gets neither start nor end of the migrate and exclusive invalidations that name this
    /// owner, and sees to its translations itself. Read once, at registration; `nil`, the default, for nobody.
    var owner: InvalidationOwner? { get }

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

    /// Whether any page of the range was used through the translations since it was last cleared; clears that, and
    /// flushes it from the device, so that the next use is seen.
    func clearFlushYoung(_ range: InvalidationRange) -> Bool

    /// ``clearFlushYoung(_:)`` without the flush: uses that the device does not report meanwhile may be missed.
    func clearYoung(_ range: InvalidationRange) -> Bool

    /// Whether the page was used through the translations since it was last cleared; clears nothing.
    func testYoung(_ page: Int) -> Bool

    /// The list's way to ``invalidationStarted(_:)``; not to be implemented.
    static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>
    ) -> StartResponse
    /// The list's way to ``invalidationEnded(_:)``; not to be implemented.
    static func _invalidationEnded(_ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>)
    /// The list's way to ``released()``; not to be implemented.
    static func _released(_ subscriber: UnsafeRawPointer)
    /// The list's way to ``clearFlushYoung(_:)``; not to be implemented.
    static func _clearFlushYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool
    /// The list's way to ``clearYoung(_:)``; not to be implemented.
    static func _clearYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool
    /// The list's way to ``testYoung(_:)``; not to be implemented.
    static func _testYoung(_ subscriber: UnsafeRawPointer, _ page: Int) -> Bool
}

/// What a subscriber says that belongs to nobody and does not watch how its translations are used.
extension InvalidationSubscriber {
    /// `nil`: nobody.
    public var owner: InvalidationOwner? { nil }

    /// `false`: not that it knew.
    public func clearFlushYoung(_ range: InvalidationRange) -> Bool { false }

    /// `false`: not that it knew.
    public func clearYoung(_ range: InvalidationRange) -> Bool { false }

    /// `false`: not that it knew.
    public func testYoung(_ page: Int) -> Bool { false }
}

/// The callbacks as the list makes them, with nothing but the subscriber's address: an indirect call, and no reference
/// counted. They are requirements so that the compiler makes one of each for every type of subscriber; the default is
/// the only implementation.
extension InvalidationSubscriber {
    @inlinable
    public static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>
    ) -> StartResponse {
        // Safe: the list calls with an object of this type only, which its entry holds.
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.invalidationStarted(invalidation.pointee) }
    }

    @inlinable
    public static func _invalidationEnded(_ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>) {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.invalidationEnded(invalidation.pointee) }
    }

    @inlinable
    public static func _released(_ subscriber: UnsafeRawPointer) {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.released() }
    }

    @inlinable
    public static func _clearFlushYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.clearFlushYoung(range) }
    }

    @inlinable
    public static func _clearYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.clearYoung(range) }
    }

    @inlinable
    public static func _testYoung(_ subscriber: UnsafeRawPointer, _ page: Int) -> Bool {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.testYoung(page) }
    }
}
