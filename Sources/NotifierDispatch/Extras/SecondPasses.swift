import Synchronization

/// The second pass of an invalidation of one subscriber, which its start hands back if the device needs time.
///
/// All second passes of an invalidation run after its last start, in the order of the starts, before the start returns
/// to the caller. They also run if a later subscriber would block, and when the space is released. Subclass it, keep as
/// many objects as invalidations may be under way at once, and use it like this in a start:
///
///     guard finish.claim() else { return doItAtOnce() }
///     device.beginFlush(...)
///     return .finishLater(finish)
///
/// Source: the two-pass interval notifiers of Linux, 2026. There the driver owns its objects, too: an invalidation
/// allocates nothing.
///
/// Legal states:
///
///     value    meaning                                          written by
///     free     no invalidation has it                           the core, after finish(_:)
///     claimed  a start has it and is about to hand it back      claim()
///     queued   its invalidation will call finish(_:)            the core
open class InvalidationFinish: @unchecked Sendable {
    // @unchecked: only the thread whose invalidation the object is queued in touches `next`.
    private enum State: UInt8, AtomicRepresentable {
        case free, claimed, queued
    }

    private let state = Atomic<State>(.free)
    /// The next one of the same invalidation, which its queue holds.
    fileprivate var next: Unmanaged<InvalidationFinish>?

    /// An object that no invalidation has.
    public init() {}

    /// Waits until the device has dropped what the start asked it to drop. Must not sleep in a non-blockable one.
    open func finish(_ invalidation: Invalidation) {
        preconditionFailure("a second pass must say how it finishes: override finish(_:)")
    }

    /// Takes the object for one invalidation; `false` if another one has it (invariant 28).
    public final func claim() -> Bool {
        // Acquiring: comes after all that the last finish did (pairs with the store in run).
        state.compareExchange(
            expected: .free, desired: .claimed, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
    }

    fileprivate func enqueue() {
        // Relaxed: the same thread claimed it.
        let was = state.exchange(.queued, ordering: .relaxed)
        precondition(was == .claimed, "a finish object was handed back without claim(), or by two invalidations")
    }

    fileprivate func run(_ invalidation: Invalidation) {
        finish(invalidation)
        // Releasing: pairs with claim().
        state.store(.free, ordering: .releasing)
    }
}

/// The second passes that one invalidation owes, in the order of their starts.
struct FinishQueue: ~Copyable {
    private var first: Unmanaged<InvalidationFinish>?
    private var last: Unmanaged<InvalidationFinish>?

    mutating func append(_ finish: InvalidationFinish) {
        finish.enqueue()
        let held = Unmanaged.passRetained(finish)
        if let last { last._withUnsafeGuaranteedRef { $0.next = held } } else { first = held }
        last = held
    }

    /// Runs them all.
    consuming func run(_ invalidation: Invalidation) {
        var following = first
        while let held = following {
            let finish = held.takeRetainedValue()
            following = finish.next
            finish.next = nil
            finish.run(invalidation)
        }
    }
}
