import CPlatform
import Synchronization

/// Why a registration was refused.
public enum RegistrationError: Error, Equatable, CustomStringConvertible {
    /// Under ``PairingPolicy/callAll`` a subscriber that may fail must have no end (invariant 2).
    case mayFailAndHasEnd
    /// The address space has been released.
    case released
    /// The range ends above the pages that the cache's guard was made for: those below `pages`.
    case beyondGuard(pages: Int)
    /// The cache's guard has been registered before: a guard serves one registration.
    case guardInUse

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .mayFailAndHasEnd:
            "a subscriber that may answer wouldBlock and receives ends needs the targeted-undo pairing policy"
        case .released: "the address space has been released: nothing can subscribe to it any more"
        case .beyondGuard(let pages):
            "the range ends behind the \(pages) pages that the cache's guard was made for: make it for more"
        case .guardInUse: "the cache's guard has been registered before: make a guard for each registration"
        }
    }
}

/// The subscribers of one address space, in the order of their addresses.
///
/// Dispatch reads the list under RCU and takes no lock. A small lock serialises registration, removal and release.
/// Source: `mm/mmu_notifier.c`; address order and targeted undo: Gunthorpe, linux-mm, July 2019.
///
/// A subscriber that registers while a section is open must not be owed an end without a start (invariant 36). It must
/// not miss the start of a section that opens after `register` returned. The race, with the outcome that it must have:
///
///     register                              invalidateRangeStart
///     link the entry        (release)       serial = lastSerial           (seq_cst)
///     lastSerial = serial   (seq_cst)       walk the list; skip entries above `serial`
///
/// If the start reads the new `lastSerial`, its walk sees the entry, because the link was released before. If it reads
/// the old one, it skips the entry, and so does the end, which carries the same `serial`. The space then sees that the
/// section is open when it loads its counter, and covers the registration: see `OpenSections`.
public final class NotifierList: @unchecked Sendable {
    // @unchecked: `subscriptions` and `isReleased` are only touched with `lock` held.

    /// How starts and ends are kept paired if a non-blockable start fails.
    public let pairing: PairingPolicy

    let lock = SmallLock()
    /// Held over the whole of a release, so that a second one returns when the first is done.
    private let releases = PthreadMutex()
    /// Keeps the linked entries alive, in no particular order.
    private var subscriptions: [ObjectIdentifier: Subscription] = [:]
    private var isReleased = false
    /// The first entry, or nil. Written with `lock` held, by release stores. Dispatch reads it with acquire loads.
    let head = Atomic<UnsafeMutablePointer<NotifierNode>?>(nil)
    /// The serial of the newest linked entry. Written with `lock` held. Each registration adds one.
    let lastSerial = Atomic<UInt64>(0)

    /// An empty list.
    public init(pairing: PairingPolicy = .targetedUndo) { self.pairing = pairing }

    /// Adds a subscriber. It takes part in every section that opens after the return, and in none that is open now.
    ///
    /// Any thread may call this, also inside a callback. If one object is added twice, it has two subscriptions.
    public func register(_ subscriber: any InvalidationSubscriber) throws(RegistrationError) -> Subscription {
        try register(subscriber, behind: nil)
    }

    /// Adds a subscriber right behind another one, whatever the objects' addresses; by address if that is `nil`.
    func register(
        _ subscriber: any InvalidationSubscriber, behind other: Subscription?
    ) throws(RegistrationError) -> Subscription {
        // The subscriber's code, so not under the lock.
        let (capabilities, owner) = (subscriber.capabilities, subscriber.owner)
        guard pairing == .targetedUndo || !capabilities.isSuperset(of: [.mayWouldBlock, .receivesEnd]) else {
            throw .mayFailAndHasEnd
        }
        lock.lock()
        defer { lock.unlock() }
        guard !isReleased else { throw .released }
        // Relaxed: only written with the lock held, which this thread holds.
        let serial = lastSerial.load(ordering: .relaxed) + 1
        let subscription = Subscription(
            list: self, subscriber: subscriber, capabilities: capabilities, owner: owner, behind: other,
            serial: serial)
        subscriptions[ObjectIdentifier(subscription)] = subscription
        link(subscription.node)
        // Sequentially consistent: comes after the link and before the space's load of its counter; pairs with the load
        // in invalidateRangeStart, which comes after the start has raised that counter.
        lastSerial.store(serial, ordering: .sequentiallyConsistent)
        return subscription
    }

    /// Ends a subscription and waits: after the return no callback of it runs or will run (invariant 21).
    ///
    /// A second call waits as well and does nothing else. Traps inside a read section and inside every callback of a list:
    /// use ``unregisterDeferred(_:completion:)`` there.
    public func unregister(_ subscription: Subscription) {
        Self.trapInsideCallback("unregister inside a callback or read section waits for itself: use unregisterDeferred")
        _ = subscription.node.pointee.callReleasedOnce(mayWait: true)
        let removed = unlink(subscription)
        RCU.synchronize()
        if let removed { waitForCallbacks(of: [removed]) }
        var backoff = Backoff()
        while !subscription.isOver { backoff.pause() }
    }

    /// Ends a subscription without waiting. Callbacks that are running may go on until `completion` runs on liburcu's
    /// thread, a grace period later. May be called inside a callback.
    public func unregisterDeferred(
        _ subscription: Subscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        // If another thread is telling the subscriber, that thread unlinks it. It must not be waited for: it may be waiting
        // for a section of this thread.
        let isTold = subscription.node.pointee.callReleasedOnce(mayWait: false)
        guard isTold, let removed = unlink(subscription) else { return Self.whenOver(subscription, completion) }
        RCU.afterGracePeriod {
            guard let hold = removed.node.pointee.hold else {
                removed.end()
                return completion()
            }
            // The last start that holds the entry releases it inside a read section and inside a section, where
            // `completion` must not run.
            hold.takeUnretainedValue().afterCallbacks = {
                RCU.afterGracePeriod {
                    removed.end()
                    completion()
                }
            }
            removed.letGo()
        }
    }

    /// Runs `completion` on liburcu's thread once another call has ended the subscription. That thread must not wait: the
    /// other call may need it. So it looks again after every grace period.
    private static func whenOver(_ subscription: Subscription, _ completion: @escaping @Sendable () -> Void) {
        RCU.afterGracePeriod { subscription.isOver ? completion() : whenOver(subscription, completion) }
    }

    /// The address space ends: every subscriber is told once, and every subscription is over when this returns.
    ///
    /// A second call, also a concurrent one, returns after the first one's work is done (invariant 22). Traps inside a read
    /// section and inside every callback of a list.
    public func release() {
        Self.trapInsideCallback("release inside a callback or read section waits for itself")
        releases.lock()
        defer { releases.unlock() }
        lock.lock()
        isReleased = true
        let told = subscriptions.values.sorted { $0.node.pointee.isBefore($1.node.pointee) }
        lock.unlock()
        for subscription in told { _ = subscription.node.pointee.callReleasedOnce(mayWait: true) }
        lock.lock()
        // Releasing is not formally needed: nil publishes nothing, and the grace period below keeps the entries.
        head.store(nil, ordering: .releasing)
        let removed = subscriptions.values.map { $0 }
        subscriptions = [:]
        lock.unlock()
        RCU.synchronize()
        waitForCallbacks(of: removed)
    }

    private static func trapInsideCallback(_ reason: String) {
        precondition(!RCU.isReading && cplatform_thread().pointee.outside_callbacks == 0, reason)
    }

    /// Waits for the starts that run outside of read sections. The entries are unlinked and a grace period has passed.
    private func waitForCallbacks(of removed: [Subscription]) {
        for subscription in removed {
            guard let hold = subscription.node.pointee.hold else {
                subscription.end()
                continue
            }
            hold.takeUnretainedValue().afterCallbacks = { subscription.end() }
            subscription.letGo()
            var backoff = Backoff()
            while !subscription.isOver { backoff.pause() }
        }
    }

    /// In a forked child, with `lock` held by this thread. Callbacks that ran on other threads run no more.
    func resetAfterFork() {
        lock.resetAfterFork()
        releases.resetAfterFork()
        for (_, subscription) in subscriptions { subscription.node.pointee.resetAfterFork() }
    }

    /// In a forked child: tells every subscriber.
    func tellForked() {
        for (_, subscription) in subscriptions { subscription.node.pointee.forked() }
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

    /// Takes an entry off the list. Returns the list's hold on the subscription, which the caller must keep until a grace
    /// period has passed; `nil` if the entry was off the list already.
    ///
    /// The subscriber has been told, while it was still linked. If it were unlinked first, an invalidation could pass it by
    /// while it still served faults.
    private func unlink(_ subscription: Subscription) -> Subscription? {
        precondition(
            subscription.list == ObjectIdentifier(self), "a subscription was handed to another list than its own")
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
        // Releasing: another thread linked `next`, so its fields come before this link; pairs with dispatch's loads.
        if let previous {
            previous.pointee.next.store(next, ordering: .releasing)
        } else {
            head.store(next, ordering: .releasing)
        }
        return removed
    }
}

/// How a notifier list keeps every subscriber's starts and ends paired if a non-blockable start fails.
public enum PairingPolicy: String, CaseIterable, Sendable {
    /// Stop at the first subscriber that would block, and end those before it in address order. These are exactly the
    /// ones that had started (Gunthorpe, July 2019).
    case targetedUndo = "targeted-undo"
    /// Call every start whatever the others answer, then every end. A subscriber that may fail must have no end, so
    /// nothing is undone twice (merged in Linux in 2021).
    case callAll = "call-all"
}
