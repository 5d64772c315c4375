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
    /// Any thread may call it, also inside a callback. Adding one object twice gives two subscriptions.
    public func register(_ subscriber: any InvalidationSubscriber) throws(RegistrationError) -> Subscription {
        try register(subscriber, behind: nil)
    }

    /// Adds a subscriber right behind another one, wherever the objects lie; by address where there is no other.
    func register(
        _ subscriber: any InvalidationSubscriber, behind other: Subscription?
    ) throws(RegistrationError) -> Subscription {
        let capabilities = subscriber.capabilities
        guard pairing == .targetedUndo || !capabilities.isSuperset(of: [.mayWouldBlock, .receivesEnd]) else {
            throw .mayFailAndHasEnd
        }
        lock.lock()
        defer { lock.unlock() }
        guard !isReleased else { throw .released }
        // Relaxed: only written with the lock held, which this thread holds.
        let serial = lastSerial.load(ordering: .relaxed) + 1
        let subscription = Subscription(
            list: self, subscriber: subscriber, capabilities: capabilities, behind: other, serial: serial)
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
        visitEntries {
            $0.pointee.callReleasedOnce()
            return true
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
        // Relaxed: an empty list owes nobody an end, and has nothing to read.
        if head.load(ordering: .relaxed) != nil {
            if section.invalidation.exemptOwner == 0, let serial = section.serialWithoutFailures {
                endAll(section.invalidation, since: serial)
            } else {
                endSome(section)
            }
        }
        section.close()
    }

    /// Calls the ends of a section that exempts nobody and in which nobody failed: the loop that counts.
    @inline(never)
    private func endAll(_ invalidation: Invalidation, since serial: UInt64) {
        // Unprotected: without the stack protector, which this pointer to a constant does not need.
        _withUnprotectedUnsafePointer(to: invalidation) { invalidation in
            visitEntries {
                if $0.pointee.endSerial <= serial { $0.pointee.end(invalidation) }
                return true
            }
        }
    }

    @inline(never)
    private func endSome(_ section: borrowing InvalidationSection) {
        let exemptOwner = section.invalidation.exemptOwner
        withUnsafePointer(to: section.invalidation) { invalidation in
            visitEntries {
                if !$0.pointee.belongs(to: exemptOwner), section.owesEnd(to: $0.pointee) {
                    $0.pointee.end(invalidation)
                }
                return true
            }
        }
    }

    /// Calls the start of every subscriber in address order, except the owner's. Returns the open section; or `nil`, with
    /// nothing owed and nothing raised, where the invalidation is not blockable and a subscriber would block.
    @inline(__always)  // into AddressSpace, which then makes the section itself
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        // Acquiring: see the race above; pairs with the releasing store in register. So a list that looks empty after it
        // is empty for this section; Linux passes an empty list by too.
        let serial = lastSerial.load(ordering: .acquiring)
        var failures: FailedStarts.Pointer?
        // Relaxed: nothing is read through it.
        if head.load(ordering: .relaxed) != nil {
            let outcome =
                invalidation.exemptOwner == 0
                ? startAll(invalidation, serial: serial) : startOthers(invalidation, serial: serial)
            guard outcome.isOpen else { return nil }
            failures = outcome.failures
        }
        return InvalidationSection(invalidation: invalidation, serial: serial, failures: failures)
    }

    /// What the starts came to. Nothing is open where nothing is owed: the invalidation is not blockable, a subscriber
    /// would block, and what had started has been ended.
    private typealias Starts = (isOpen: Bool, failures: FailedStarts.Pointer?)

    /// Calls the starts of a section that exempts nobody: the loop that counts.
    @inline(never)
    private func startAll(_ invalidation: Invalidation, serial: UInt64) -> Starts {
        start(invalidation, serial: serial, exemptOwner: 0)
    }

    @inline(never)
    private func startOthers(_ invalidation: Invalidation, serial: UInt64) -> Starts {
        start(invalidation, serial: serial, exemptOwner: invalidation.exemptOwner)
    }

    @inline(__always)
    private func start(_ invalidation: Invalidation, serial: UInt64, exemptOwner: UInt32) -> Starts {
        _withUnprotectedUnsafePointer(to: invalidation) { invalidation in
            RCU.read {
                var failures: FailedStarts.Pointer?
                // Acquiring, here and at `next`: as in visitEntries.
                var node = head.load(ordering: .acquiring)
                while let current = node {
                    if current.pointee.serial <= serial, !current.pointee.belongs(to: exemptOwner),
                        current.pointee.start(invalidation) == .wouldBlock
                    {
                        if !invalidation.pointee.isBlockable, pairing == .targetedUndo {
                            undo(invalidation, serial: serial, below: current)
                            return (false, nil)
                        }
                        failures = FailedStarts.add(current.pointee.serial, to: failures, sectionSerial: serial)
                    }
                    node = current.pointee.next.load(ordering: .acquiring)
                }
                guard !invalidation.pointee.isBlockable, failures != nil else { return (true, failures) }
                // Call-all: every start ran; those that did not fail are ended.
                invalidateRangeEnd(
                    InvalidationSection(invalidation: invalidation.pointee, serial: serial, failures: failures))
                return (false, nil)
            }
        }
    }

    /// Ends the entries before `failed`, which are exactly those whose start succeeded: the list is sorted, the caller
    /// is still in the read section of the start, and entries that came meanwhile lie above `serial`.
    private func undo(
        _ invalidation: UnsafePointer<Invalidation>, serial: UInt64, below failed: UnsafeMutablePointer<NotifierNode>
    ) {
        let exemptOwner = invalidation.pointee.exemptOwner
        var node = head.load(ordering: .acquiring)
        while let current = node, current.pointee.isBefore(failed.pointee) {
            if current.pointee.endSerial <= serial, !current.pointee.belongs(to: exemptOwner) {
                current.pointee.end(invalidation)
            }
            node = current.pointee.next.load(ordering: .acquiring)
        }
    }

    /// Hands every entry, in address order and inside a read section, to `visit`, until that returns false.
    @inline(__always)
    func visitEntries(_ visit: (UnsafeMutablePointer<NotifierNode>) -> Bool) {
        RCU.read {
            // Acquiring, here and at `next`: an entry's fields were written before it was linked.
            var node = head.load(ordering: .acquiring)
            while let current = node, visit(current) { node = current.pointee.next.load(ordering: .acquiring) }
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

/// How a notifier list keeps every subscriber's starts and ends paired when a non-blockable start fails.
public enum PairingPolicy: String, CaseIterable, Sendable {
    /// Stop at the first subscriber that would block and end those before it in address order, which are exactly the
    /// ones that had started (Gunthorpe, July 2019).
    case targetedUndo = "targeted-undo"
    /// Call every start whatever the others answer, then every end. A subscriber that may fail must have no end, so
    /// nothing is ever undone twice (merged in Linux in 2021).
    case callAll = "call-all"
}
