import Synchronization

/// Why a registration was refused.
public enum RegistrationError: Error, Equatable, CustomStringConvertible {
    /// Under ``PairingPolicy/callAll`` a subscriber that may fail must have no end (invariant 2).
    case mayFailAndHasEnd
    /// The address space has been released.
    case released

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .mayFailAndHasEnd:
            "a subscriber that may answer wouldBlock and receives ends needs the targeted-undo pairing policy"
        case .released: "the address space has been released: nothing can subscribe to it any more"
        }
    }
}

/// The subscribers of one address space, in the order of their addresses.
///
/// Dispatch reads the list under RCU and takes no lock. Registration, removal and release are serialised by a small
/// lock. Source: `mm/mmu_notifier.c`; address order and targeted undo: Gunthorpe, linux-mm, July 2019.
///
/// A subscriber that registers while a section is open must neither be owed an end without a start (invariant 36), nor
/// miss the start of a section that opens after `register` returned. The race, with the outcome that it must have:
///
///     register                              invalidateRangeStart
///     link the entry        (release)       serial = lastSerial           (acquire)
///     lastSerial = serial   (release)       walk the list; skip entries above `serial`
///
/// If the start reads the new `lastSerial`, its walk sees the entry, because the link was released before; if it reads
/// the old one, it skips the entry, and so does the end, which carries the same `serial`.
public final class NotifierList: @unchecked Sendable {
    // @unchecked: `subscriptions` and `isReleased` are only touched with `lock` held.

    /// How starts and ends are kept paired.
    public let pairing: PairingPolicy

    private let lock = SmallLock()
    /// Keeps the entries that are linked alive; in no particular order.
    private var subscriptions: [ObjectIdentifier: Subscription] = [:]
    private var isReleased = false
    /// The first entry, or nil. Written with `lock` held, by release stores; read by dispatch with acquire loads.
    private let head = Atomic<UnsafeMutablePointer<NotifierNode>?>(nil)
    /// The serial of the newest entry that is linked. Written with `lock` held; rises by one a registration.
    private let lastSerial = Atomic<UInt64>(0)

    /// An empty list.
    public init(pairing: PairingPolicy = .targetedUndo) { self.pairing = pairing }

    /// Adds a subscriber. It takes part in every section that opens after the return, and in none that is open now.
    ///
    /// Any registered thread may call it, also inside a callback. Adding one object twice gives two subscriptions.
    @inlinable
    public func register<Subscriber: InvalidationSubscriber>(
        _ subscriber: Subscriber
    ) throws(RegistrationError) -> Subscription {
        try register(
            TypedSubscriberBox(subscriber), address: UInt(bitPattern: ObjectIdentifier(subscriber)),
            capabilities: subscriber.capabilities)
    }

    @usableFromInline
    func register(
        _ box: SubscriberBox, address: UInt, capabilities: SubscriberCapabilities
    ) throws(RegistrationError) -> Subscription {
        guard pairing == .targetedUndo || !capabilities.isSuperset(of: [.mayWouldBlock, .receivesEnd]) else {
            throw .mayFailAndHasEnd
        }
        lock.lock()
        defer { lock.unlock() }
        guard !isReleased else { throw .released }
        // Relaxed: only written with the lock held, which this thread holds.
        let serial = lastSerial.load(ordering: .relaxed) + 1
        let subscription = Subscription(
            list: self, box: box, address: address, capabilities: capabilities, serial: serial)
        subscriptions[ObjectIdentifier(subscription)] = subscription
        link(subscription.node)
        // Releasing: the link above comes before the serial; pairs with the acquiring load in invalidateRangeStart.
        lastSerial.store(serial, ordering: .releasing)
        return subscription
    }

    /// Ends a subscription and waits: after the return no callback of it runs or will run (invariant 21).
    ///
    /// A second call, or one after ``release()``, waits as well and does nothing else. Traps inside a read section,
    /// which includes every callback: use ``unregisterDeferred(_:completion:)`` there.
    public func unregister(_ subscription: Subscription) {
        precondition(
            !RCU.isReading, "unregister inside a callback or read section waits for itself: use unregisterDeferred")
        let removed = unlink(subscription)
        RCU.synchronize()
        _ = consume removed
    }

    /// Ends a subscription without waiting: callbacks that are running may go on until a grace period has passed; then
    /// `completion` runs, on liburcu's thread. May be called inside a callback.
    public func unregisterDeferred(
        _ subscription: Subscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        let removed = unlink(subscription)
        RCU.afterGracePeriod {
            _ = removed
            completion()
        }
    }

    /// The address space ends: every subscriber is told once, and every subscription is over when this returns.
    ///
    /// A second call, also a concurrent one, returns after the first one's work is done (invariant 22). Traps inside a
    /// read section.
    public func release() {
        precondition(!RCU.isReading, "release inside a callback or read section waits for itself")
        lock.lock()
        isReleased = true
        lock.unlock()
        RCU.read {
            var node = head.load(ordering: .acquiring)
            while let current = node {
                current.pointee.callReleasedOnce()
                node = current.pointee.next.load(ordering: .acquiring)
            }
        }
        lock.lock()
        // Releasing: nothing is published, but a reader must not see a later reuse of this memory before the nil.
        head.store(nil, ordering: .releasing)
        let removed = subscriptions
        subscriptions = [:]
        lock.unlock()
        // Also waits for a concurrent release or unregister that won callReleasedOnce and is still in the callback.
        RCU.synchronize()
        _ = consume removed
    }

    /// Calls the end of every subscriber that `section` owes one.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        RCU.read {
            var node = head.load(ordering: .acquiring)
            while let current = node {
                if section.owesEnd(to: current.pointee) {
                    current.pointee.box._withUnsafeGuaranteedRef { $0.invalidationEnded(section.invalidation) }
                }
                node = current.pointee.next.load(ordering: .acquiring)
            }
        }
        section.close()
    }

    /// Calls the start of every subscriber in address order. Returns the open section; or `nil`, with nothing owed and
    /// nothing raised, where the invalidation is not blockable and a subscriber would block.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        RCU.read {
            // Acquiring: see the race above; pairs with the releasing store in register.
            let serial = lastSerial.load(ordering: .acquiring)
            var failures: FailedStart?
            // Acquiring, here and at `next`: an entry's fields were written before it was linked.
            var node = head.load(ordering: .acquiring)
            while let current = node {
                if current.pointee.serial <= serial,
                    current.pointee.box._withUnsafeGuaranteedRef({ $0.invalidationStarted(invalidation) })
                        == .wouldBlock
                {
                    if !invalidation.isBlockable, pairing == .targetedUndo {
                        undo(invalidation, serial: serial, below: current)
                        return nil
                    }
                    failures = FailedStart(serial: current.pointee.serial, after: failures)
                }
                node = current.pointee.next.load(ordering: .acquiring)
            }
            let section = InvalidationSection(invalidation: invalidation, serial: serial, failures: failures)
            guard invalidation.isBlockable || section.failedStarts == 0 else {
                // Call-all: every start ran; those that did not fail are ended.
                invalidateRangeEnd(section)
                return nil
            }
            return section
        }
    }

    /// Ends the entries before `failed`, which are exactly those whose start succeeded: the list is sorted, the caller
    /// is still in the read section of the start, and entries that came meanwhile lie above `serial`.
    private func undo(_ invalidation: Invalidation, serial: UInt64, below failed: UnsafeMutablePointer<NotifierNode>) {
        var node = head.load(ordering: .acquiring)
        while let current = node, current.pointee.isBefore(failed.pointee) {
            if current.pointee.serial <= serial, current.pointee.capabilities.contains(.receivesEnd) {
                current.pointee.box._withUnsafeGuaranteedRef { $0.invalidationEnded(invalidation) }
            }
            node = current.pointee.next.load(ordering: .acquiring)
        }
    }

    /// Puts an entry in its place. With `lock` held.
    private func link(_ node: UnsafeMutablePointer<NotifierNode>) {
        var previous: UnsafeMutablePointer<NotifierNode>?
        // Relaxed loads here and in unlink: only writers change links, and this thread holds their lock.
        var next = head.load(ordering: .relaxed)
        while let current = next, current.pointee.isBefore(node.pointee) {
            previous = current
            next = current.pointee.next.load(ordering: .relaxed)
        }
        node.pointee.next.store(next, ordering: .relaxed)
        // Releasing: the entry's fields and its `next` come before the entry; pairs with dispatch's acquiring loads.
        if let previous {
            previous.pointee.next.store(node, ordering: .releasing)
        } else {
            head.store(node, ordering: .releasing)
        }
    }

    /// Tells the subscriber, then takes its entry off the list. Returns the list's hold on the subscription, to be kept
    /// until a grace period has passed; `nil` where it was off the list already.
    ///
    /// The subscriber is told first, while it is still linked: between unlinking and telling, an invalidation would
    /// pass it by while it still served faults.
    private func unlink(_ subscription: Subscription) -> Subscription? {
        precondition(
            subscription.list == ObjectIdentifier(self), "a subscription was handed to another list than its own")
        // In a read section, so that a concurrent release or unregister waits for the callback.
        RCU.read { subscription.node.pointee.callReleasedOnce() }
        lock.lock()
        defer { lock.unlock() }
        guard let removed = subscriptions.removeValue(forKey: ObjectIdentifier(subscription)) else { return nil }
        var previous: UnsafeMutablePointer<NotifierNode>?
        var node = head.load(ordering: .relaxed)
        while let current = node, current != subscription.node {
            previous = current
            node = current.pointee.next.load(ordering: .relaxed)
        }
        let next = subscription.node.pointee.next.load(ordering: .relaxed)
        // Releasing: keeps the chain intact for walkers, since `next` was linked by another thread's release.
        if let previous {
            previous.pointee.next.store(next, ordering: .releasing)
        } else {
            head.store(next, ordering: .releasing)
        }
        return removed
    }
}

extension NotifierNode {
    /// Address order; one object registered twice is told apart by its serials.
    func isBefore(_ other: borrowing NotifierNode) -> Bool {
        (address, serial) < (other.address, other.serial)
    }
}
