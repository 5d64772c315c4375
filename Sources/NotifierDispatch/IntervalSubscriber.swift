/// A holder of translations that is told only of the invalidations that touch its range. Its faults find out by a
/// sequence number that they collided with one. It corresponds to `struct mmu_interval_notifier_ops` of Linux.
///
/// Every thread that invalidates calls these, several at once. A callback may sleep if the invalidation is blockable.
/// It must not wait for a section of the same space to end, so it must not remove or release.
public protocol IntervalSubscriber: AnyObject, Sendable {
    /// Its owner: the migrate and exclusive sections that name this owner pass it by, see ``Invalidation/owner``. Read
    /// once, at insertion.
    var owner: InvalidationOwner? { get }

    /// Take the lock under which the subscription's readers check, hand `sequence` to
    /// ``IntervalSubscription/record(_:)``, drop every translation of the pages that lie in both ranges, and give the
    /// lock back. The engine keeps readers out until the last section ends: there is no call at the end.
    ///
    /// ``IntervalResponse/wouldBlock`` promises nothing and is only allowed if the invalidation is not blockable. If
    /// the event is ``InvalidationEvent/release``, the space ends: call ``IntervalSubscription/markDead()``, too.
    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse

    /// The process has forked, and this is the child: drop every translation, and make one's own locks as new. The
    /// subscription's lock is. As for ``InvalidationSubscriber/processForked()``. The default does nothing.
    func processForked()

    /// The set calls ``invalidationStarted(_:sequence:)`` through this. Do not implement it.
    static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>, sequence: UInt64
    ) -> IntervalResponse
}

extension IntervalSubscriber {
    /// `nil`: no section passes it by.
    public var owner: InvalidationOwner? { nil }

    /// Nothing.
    public func processForked() {}

    /// As in ``InvalidationSubscriber``: an indirect call that counts no reference.
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
    /// The sequence is recorded, and the device has been asked to drop the translations. It has done so when the
    /// object's ``InvalidationFinish/finish(_:)`` returns. Several devices then work at the same time.
    case finishLater(InvalidationFinish)
    /// Nothing was dropped and nothing is promised: the subscriber would have had to wait.
    case wouldBlock
}

/// The calls of one invalidation to the interval subscribers that it touches, and the second passes that they owe.
struct IntervalStarts: ~Copyable, IntervalVisitor {
    private let invalidation: UnsafePointer<Invalidation>
    private let sequence: UInt64
    private let exemptOwner: UInt32
    private var failures = 0
    private var finishes = FinishQueue()

    /// `sequence` is the odd one of the set that the invalidation found or made. `invalidation` must outlive this.
    init(_ invalidation: UnsafePointer<Invalidation>, sequence: UInt64) {
        self.invalidation = invalidation
        self.sequence = sequence
        exemptOwner = invalidation.pointee.exemptOwner
    }

    /// Calls a subscriber, unless it is exempt. Returns `false` if it would block and the invalidation may not.
    @inline(__always)
    mutating func visit(_ node: IntervalTree.Node) -> Bool {
        if exemptOwner != 0, node.pointee.owner == exemptOwner { return true }
        guard let type = node.pointee.type, let subscriber = node.pointee.subscriber else {
            preconditionFailure("an interval in the tree has no subscriber")
        }
        switch type._invalidationStarted(subscriber, invalidation, sequence: sequence) {
        case .done: break
        case .finishLater(let finish): finishes.append(finish)
        case .wouldBlock:
            failures += 1
            return invalidation.pointee.isBlockable
        }
        // Relaxed: this thread's callback wrote it, or another thread's, with the same value.
        let recorded = node.pointee.sequence.load(ordering: .relaxed)
        precondition(
            recorded == sequence || recorded & IntervalNode.deadBit != 0,
            "an interval subscriber did not record the sequence that it was handed")
        return true
    }

    /// Runs the second passes. Returns how many subscribers failed.
    consuming func finish() -> Int {
        finishes.run(invalidation.pointee)
        return failures
    }
}
