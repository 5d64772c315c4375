/// A holder of translations that is told only of the invalidations that touch its range, and whose faults find out by a
/// sequence number that they collided with one. It corresponds to `struct mmu_interval_notifier_ops` of Linux.
///
/// Callbacks come from whichever threads invalidate, several at once. They may sleep in a blockable invalidation, but
/// must not wait for a section of the same space to end: not remove, not release, not register.
public protocol IntervalSubscriber: AnyObject, Sendable {
    /// Whom it stands for: sections that this one caused pass it by, see ``Invalidation/owner``. Read once, at
    /// insertion.
    var owner: InvalidationOwner? { get }

    /// Take the lock that the subscription's readers check under, hand `sequence` to
    /// ``IntervalSubscription/record(_:)``, drop every translation of the range that lies in one's own, give the lock
    /// back. Readers are kept out until the last section ends: there is no call at the end.
    ///
    /// ``IntervalResponse/wouldBlock`` promises nothing and is only allowed where the invalidation is not blockable.
    /// Where the event is ``InvalidationEvent/release`` the space ends: ``IntervalSubscription/markReleased()`` too.
    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse

    /// The set's way to ``invalidationStarted(_:sequence:)``; not to be implemented.
    static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>, sequence: UInt64
    ) -> IntervalResponse
}

extension IntervalSubscriber {
    /// Nobody: no section passes it by.
    public var owner: InvalidationOwner? { nil }

    /// As in ``InvalidationSubscriber``: an indirect call, and no reference counted.
    @inlinable
    public static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>, sequence: UInt64
    ) -> IntervalResponse {
        // Safe: the set calls with an object of this type only, which the subscription holds.
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef {
            $0.invalidationStarted(invalidation.pointee, sequence: sequence)
        }
    }
}

/// A subscriber's answer to the start of an invalidation of its range.
public enum IntervalResponse: Sendable {
    /// The sequence is recorded and every translation of the range is dropped.
    case done
    /// The sequence is recorded, and the device has been asked to drop the translations: it will have when the object's
    /// ``InvalidationFinish/finish(_:)`` returns. Several devices then work at the same time.
    case finishLater(InvalidationFinish)
    /// Nothing was dropped and nothing is promised: the subscriber would have had to wait.
    case wouldBlock
}
