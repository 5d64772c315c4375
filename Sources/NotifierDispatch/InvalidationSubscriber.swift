import Synchronization

/// What a subscriber declares about itself when it registers.
public struct SubscriberCapabilities: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    /// The set with these raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Its start may answer ``StartResponse/wouldBlock`` to a non-blockable invalidation.
    public static let mayWouldBlock = SubscriberCapabilities(rawValue: 1)
    /// It wants ``InvalidationSubscriber/invalidationEnded(_:)``.
    public static let receivesEnd = SubscriberCapabilities(rawValue: 2)
    /// Its start may wait for the end of another thread's section, but not inside a read section: the thread that has
    /// that section open may wait for a grace period. Inside a read section it answers ``StartResponse/wouldBlock``, to
    /// a blockable invalidation too, and is called again outside.
    public static let mayWaitForSections = SubscriberCapabilities(rawValue: 4)
}

/// A holder of translations that must drop them before the pages go away.
///
/// Every thread that invalidates calls these, several at once, inside an RCU read section. A callback may sleep if the
/// invalidation is blockable. It must not wait for a grace period, and must not unregister other than deferred. It must
/// not wait for another section, unless ``SubscriberCapabilities/mayWaitForSections`` is declared.
public protocol InvalidationSubscriber: AnyObject, Sendable {
    /// Read once, at registration.
    var capabilities: SubscriberCapabilities { get }

    /// Its owner. The migrate and exclusive invalidations that name this owner call neither its start nor its end, and
    /// it sees to its translations itself. Read once, at registration; `nil`, the default, if it has none.
    var owner: InvalidationOwner? { get }

    /// Drop every translation of the range, and let none come back before the end. ``StartResponse/wouldBlock``
    /// promises nothing and is owed no end. It is only allowed if the invalidation is not blockable and
    /// ``SubscriberCapabilities/mayWouldBlock`` was declared, and as ``SubscriberCapabilities/mayWaitForSections``
    /// says.
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse

    /// The change is done. Called once for each start that answered ``StartResponse/done``, if
    /// ``SubscriberCapabilities/receivesEnd`` was declared and the subscriber is still registered.
    func invalidationEnded(_ invalidation: Invalidation)

    /// The subscription is over: the space was released or the subscriber is being unregistered. Drop every translation
    /// and install no more. Runs exactly once a registration. Other callbacks may still be running. Runs outside of
    /// read sections, unless ``AddressSpace/unregisterDeferred(_:completion:)-(Subscription,_)`` was called in one.
    func released()

    /// The subscriber was registered while sections were open, and was not told of their starts: install nothing until
    /// ``coverEnded()``. The registration calls this before it returns. Must not wait for a section.
    func coverStarted()

    /// The sections that were open when it was registered have ended. Called on the thread that ends the last of them,
    /// or on the registering thread, once for each ``coverStarted()``, also after ``released()``.
    func coverEnded()

    /// The process has forked, and this is the child: drop every translation, since the devices' are the parent's, and
    /// make one's own locks and counts as new. No section is open, whatever was in the parent; ends that were owed do not
    /// come. There is one thread, inside `fork`: wait for nothing, and call nothing of the space. The default does nothing.
    func processForked()

    /// Whether any page of the range was used through the translations since it was last cleared. Clears that, and
    /// flushes it from the device, so that the next use is seen.
    func clearFlushYoung(_ range: InvalidationRange) -> Bool

    /// ``clearFlushYoung(_:)`` without the flush: it may miss uses that the device does not report meanwhile.
    func clearYoung(_ range: InvalidationRange) -> Bool

    /// Whether the page was used through the translations since it was last cleared. Clears nothing.
    func testYoung(_ page: Int) -> Bool

    /// The list calls ``invalidationStarted(_:)`` through this. Do not implement it.
    static func _invalidationStarted(
        _ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>
    ) -> StartResponse
    /// The list calls ``invalidationEnded(_:)`` through this. Do not implement it.
    static func _invalidationEnded(_ subscriber: UnsafeRawPointer, _ invalidation: UnsafePointer<Invalidation>)
    /// The list calls ``released()`` through this. Do not implement it.
    static func _released(_ subscriber: UnsafeRawPointer)
    /// The list's way to ``processForked()``; not to be implemented.
    static func _processForked(_ subscriber: UnsafeRawPointer)
    /// The list calls ``clearFlushYoung(_:)`` through this. Do not implement it.
    static func _clearFlushYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool
    /// The list calls ``clearYoung(_:)`` through this. Do not implement it.
    static func _clearYoung(_ subscriber: UnsafeRawPointer, _ range: InvalidationRange) -> Bool
    /// The list calls ``testYoung(_:)`` through this. Do not implement it.
    static func _testYoung(_ subscriber: UnsafeRawPointer, _ page: Int) -> Bool
}

/// The answers of a subscriber that has no owner and does not watch how its translations are used.
extension InvalidationSubscriber {
    /// `nil`: it has no owner.
    public var owner: InvalidationOwner? { nil }

    /// Does nothing.
    public func coverStarted() {}

    /// Does nothing.
    public func coverEnded() {}

    /// Nothing.
    public func processForked() {}

    /// `false`: the subscriber knows of no use.
    public func clearFlushYoung(_ range: InvalidationRange) -> Bool { false }

    /// `false`: the subscriber knows of no use.
    public func clearYoung(_ range: InvalidationRange) -> Bool { false }

    /// `false`: the subscriber knows of no use.
    public func testYoung(_ page: Int) -> Bool { false }
}

/// The list calls these with nothing but the subscriber's address. So a callback costs an indirect call and counts no
/// reference. They are requirements so that the compiler makes one of each for every type of subscriber. The default is
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
    public static func _processForked(_ subscriber: UnsafeRawPointer) {
        Unmanaged<Self>.fromOpaque(subscriber)._withUnsafeGuaranteedRef { $0.processForked() }
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

/// A registered subscriber's place in a ``NotifierList``. Hand it to `unregister` to end the subscription.
///
/// If it is dropped, the subscriber stays registered for as long as the list lives.
public final class Subscription: @unchecked Sendable {
    // @unchecked: the list writes the node under its lock, and dispatching threads read it through atomics.
    let node: UnsafeMutablePointer<NotifierNode>
    /// The list that made it.
    let list: ObjectIdentifier

    init(
        list: NotifierList, subscriber: any InvalidationSubscriber, capabilities: SubscriberCapabilities,
        owner: InvalidationOwner?, behind other: Subscription?, serial: UInt64
    ) {
        self.list = ObjectIdentifier(list)
        node = .allocate(capacity: 1)
        node.initialize(
            to: NotifierNode(
                subscriber: subscriber, capabilities: capabilities, owner: owner,
                address: other?.node.pointee.address, serial: serial))
    }

    /// Whether no callback runs or will run any more.
    // Acquiring: what the last callback did comes before what follows (pairs with end).
    var isOver: Bool { over.load(ordering: .acquiring) }

    /// Says so. Releasing: see ``isOver``.
    func end() { over.store(true, ordering: .releasing) }

    private let over = Atomic<Bool>(false)

    /// Releases the list's own hold, which keeps the entry while callbacks run outside of read sections.
    func letGo() {
        let hold = node.pointee.hold
        node.pointee.hold = nil
        hold?.release()
    }

    // Runs when neither list nor caller holds it. The list lets go a grace period after the unlinking, or ends.
    deinit {
        node.pointee.hold?.release()
        node.pointee.subscriber.release()
        node.deinitialize(count: 1)
        node.deallocate()
    }
}

/// One entry of the list, as dispatching threads see it: through pointers only, so that a walk counts no references.
struct NotifierNode: ~Copyable {
    /// The next entry in address order. Written under the list's lock. An unlinked entry keeps its `next`, so that a
    /// walk that stands on it can go on.
    let next = Atomic<UnsafeMutablePointer<NotifierNode>?>(nil)
    /// Retained until the subscription goes.
    let subscriber: Unmanaged<AnyObject>
    /// The subscriber's type, whose static functions call its callbacks. A metatype counts no references.
    private let type: any InvalidationSubscriber.Type
    /// The place in the list: the subscriber object's address, or that of the one it was put behind.
    let address: UInt
    /// The number of its registration in the list, from 1. A section with a lower serial skips the entry.
    let serial: UInt64
    /// The same, for ends; above the serial of every section if the subscriber wants no ends.
    let endSerial: UInt64
    /// The number of the subscriber's owner; 0 if it has none.
    private let owner: UInt32
    /// Whether a start that would have to wait for another section is called again outside of the read section.
    let mayWaitForSections: Bool
    /// Keeps an entry whose starts run outside of read sections; `nil` for others. The list releases it a grace period
    /// after the unlinking.
    var hold: Unmanaged<CallbackHold>?
    private let release = Atomic<Int32>(Self.notReleased)

    private static var notReleased: Int32 { -3 }
    private static var wasReleased: Int32 { -2 }

    init(
        subscriber: any InvalidationSubscriber, capabilities: SubscriberCapabilities, owner: InvalidationOwner?,
        address: UInt?, serial: UInt64
    ) {
        self.subscriber = Unmanaged.passRetained(subscriber)
        type = Swift.type(of: subscriber)
        self.address = address ?? UInt(bitPattern: self.subscriber.toOpaque())
        self.serial = serial
        endSerial = capabilities.contains(.receivesEnd) ? serial : .max
        self.owner = owner?.number ?? 0
        mayWaitForSections = capabilities.contains(.mayWaitForSections)
        hold = mayWaitForSections ? .passRetained(CallbackHold()) : nil
    }

    /// By address, then in the order of registration.
    func isBefore(_ other: borrowing NotifierNode) -> Bool {
        (address, serial) < (other.address, other.serial)
    }

    /// Whether a section that exempts this owner passes the entry by. If it exempts none, nothing of the entry is read.
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

    /// Tells the subscriber that the process has forked.
    func forked() { type._processForked(subscriber.toOpaque()) }

    /// In a forked child: no thread but this one runs a callback. One that ran `released()` did not finish it, so whoever
    /// ends the subscription here begins again. What other threads held stays held for ever, so there is a new hold.
    mutating func resetAfterFork() {
        // Relaxed: there is one thread.
        let runner = release.load(ordering: .relaxed)
        if runner >= 0, runner != ThreadRegistration.index { release.store(Self.notReleased, ordering: .relaxed) }
        if hold != nil { hold = .passRetained(CallbackHold()) }
    }

    /// Calls `released()`, unless an unregistration or a release has called it before. If another thread is calling it,
    /// waits for that if it may. Returns whether `released()` has returned. Outside of any read section if it may wait: a
    /// guard that holds a lock across sections waits for them there, and the thread of such a section may wait for readers.
    ///
    /// Legal states of `release`: not released; the index of the thread that runs the callback; released.
    func callReleasedOnce(mayWait: Bool) -> Bool {
        let me = Int32(ThreadRegistration.registeredIndex)
        // Relaxed if it is first: nothing was written before it. Acquiring otherwise, and below: what the callback did
        // comes before what follows (pairs with the releasing store).
        let (isFirst, found) = release.compareExchange(
            expected: Self.notReleased, desired: me, successOrdering: .relaxed, failureOrdering: .acquiring)
        if isFirst {
            type._released(subscriber.toOpaque())
            release.store(Self.wasReleased, ordering: .releasing)
            return true
        }
        // A callback that unregisters its own subscriber does not wait for itself.
        guard mayWait, found != me else { return found == Self.wasReleased }
        var backoff = Backoff()
        while release.load(ordering: .acquiring) != Self.wasReleased { backoff.pause() }
        return true
    }
}

/// Keeps an entry of the list while one of its starts runs outside of the read section. The list holds it once, and
/// every such start holds it once. The last one that releases it runs `afterCallbacks`.
final class CallbackHold: @unchecked Sendable {
    // @unchecked: set once, a grace period after the unlinking and before the list releases its hold.
    var afterCallbacks: () -> Void = {}

    deinit { afterCallbacks() }
}
