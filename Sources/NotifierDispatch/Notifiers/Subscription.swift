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
        list: NotifierList, box: SubscriberBox, address: UInt, capabilities: SubscriberCapabilities, serial: UInt64
    ) {
        self.list = ObjectIdentifier(list)
        node = .allocate(capacity: 1)
        node.initialize(
            to: NotifierNode(box: box, address: address, capabilities: capabilities, serial: serial))
    }

    // Runs after the list has let go: once unlinked and a grace period later (unregister, release), or with the list.
    deinit {
        node.pointee.box.release()
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
    let box: Unmanaged<SubscriberBox>
    /// The subscriber object's address: the order of the list.
    let address: UInt
    let capabilities: SubscriberCapabilities
    /// The how-manieth registration of the list this is, from 1. A section that opened before it skips it.
    let serial: UInt64
    private let releaseCalled = Atomic<Bool>(false)

    init(box: SubscriberBox, address: UInt, capabilities: SubscriberCapabilities, serial: UInt64) {
        self.box = Unmanaged.passRetained(box)
        self.address = address
        self.capabilities = capabilities
        self.serial = serial
    }

    /// Calls `released()` unless it was called before, by whichever of unregister and release came first.
    func callReleasedOnce() {
        // Relaxed: only one caller may win; both then wait for a grace period, which orders the callback before them.
        guard !releaseCalled.exchange(true, ordering: .relaxed) else { return }
        box._withUnsafeGuaranteedRef { $0.released() }
    }
}
