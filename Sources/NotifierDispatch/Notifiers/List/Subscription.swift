import Synchronization

/// A registered subscriber's place in a ``NotifierList``; hand it to `unregister` to end the subscription.
///
/// Dropping it leaves the subscriber registered for as long as the list lives.
public final class Subscription: @unchecked Sendable {
    // @unchecked: the node is written by the list under its lock, and read by dispatching threads through atomics.
    let node: UnsafeMutablePointer<NotifierNode>
    /// The list that it was made by.
    let list: ObjectIdentifier

    init(
        list: NotifierList, subscriber: any InvalidationSubscriber, capabilities: SubscriberCapabilities,
        behind other: Subscription?, serial: UInt64
    ) {
        self.list = ObjectIdentifier(list)
        node = .allocate(capacity: 1)
        node.initialize(
            to: NotifierNode(
                subscriber: subscriber, capabilities: capabilities, address: other?.node.pointee.address,
                serial: serial))
    }

    // Runs after the list has let go: once unlinked and a grace period later (unregister, release), or with the list.
    deinit {
        node.pointee.subscriber.release()
        node.deinitialize(count: 1)
        node.deallocate()
    }
}

/// One entry of the list, as dispatching threads see it. Reached through pointers only, so that a walk counts no
/// references.
struct NotifierNode: ~Copyable {
    /// The next entry in address order. Written under the list's lock; an unlinked entry keeps its `next`, so that a
    /// walk that stands on it still finds its way.
    let next = Atomic<UnsafeMutablePointer<NotifierNode>?>(nil)
    /// Held until the subscription goes.
    let subscriber: Unmanaged<AnyObject>
    /// The subscriber's type, whose static functions are the way to its callbacks: a metatype counts no references.
    private let type: any InvalidationSubscriber.Type
    /// The place in the list: the subscriber object's address, or that of the one it was put behind.
    let address: UInt
    /// The how-manieth registration of the list this is, from 1. A section that opened before it skips it.
    let serial: UInt64
    /// The same, for ends; above every section's where the subscriber wants none.
    let endSerial: UInt64
    /// Whom the subscriber belongs to; 0 for nobody.
    private let owner: UInt32
    private let releaseCalled = Atomic<Bool>(false)

    init(
        subscriber: any InvalidationSubscriber, capabilities: SubscriberCapabilities, address: UInt?, serial: UInt64
    ) {
        self.subscriber = Unmanaged.passRetained(subscriber)
        type = Swift.type(of: subscriber)
        self.address = address ?? UInt(bitPattern: self.subscriber.toOpaque())
        self.serial = serial
        endSerial = capabilities.contains(.receivesEnd) ? serial : .max
        owner = subscriber.owner?.number ?? 0
    }

    /// Address order; equal ones in the order in which they came.
    func isBefore(_ other: borrowing NotifierNode) -> Bool {
        (address, serial) < (other.address, other.serial)
    }

    /// Whether a section that exempts this owner passes the entry by. Without one, nothing of the entry is read.
    @inline(__always)
    func belongs(to exemptOwner: UInt32) -> Bool { exemptOwner != 0 && owner == exemptOwner }

    /// Calls the subscriber's start.
    @inline(__always)
    func start(_ invalidation: UnsafePointer<Invalidation>) -> StartResponse {
        type._invalidationStarted(subscriber.toOpaque(), invalidation)
    }

    /// Calls the subscriber's end.
    @inline(__always)
    func end(_ invalidation: UnsafePointer<Invalidation>) {
        type._invalidationEnded(subscriber.toOpaque(), invalidation)
    }

    /// Asks the subscriber, and makes the pages old.
    func clearFlushYoung(_ range: InvalidationRange) -> Bool { type._clearFlushYoung(subscriber.toOpaque(), range) }

    /// Asks the subscriber, and makes the pages old without a flush.
    func clearYoung(_ range: InvalidationRange) -> Bool { type._clearYoung(subscriber.toOpaque(), range) }

    /// Asks the subscriber.
    func testYoung(_ page: Int) -> Bool { type._testYoung(subscriber.toOpaque(), page) }

    /// Calls `released()` unless it was called before, by whichever of unregister and release came first.
    func callReleasedOnce() {
        // Relaxed: only one caller may win; both then wait for a grace period, which orders the callback before them.
        guard !releaseCalled.exchange(true, ordering: .relaxed) else { return }
        type._released(subscriber.toOpaque())
    }
}
