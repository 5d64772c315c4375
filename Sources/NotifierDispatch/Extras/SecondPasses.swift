import Synchronization

/// The second pass of an invalidation of one subscriber: what it hands back from its start when the device needs time.
///
/// All second passes of an invalidation run after its last start, in the order of the starts, before the start returns
/// to the caller; also where a later subscriber would block, and when the space is released. Subclass it, keep as many
/// objects as invalidations may be under way at once, and use it like this in a start:
///
///     guard finish.claim() else { return doItAtOnce() }
///     device.beginFlush(...)
///     return .finishLater(finish)
///
/// Source: the two-pass interval notifiers of Linux, 2026. There the driver owns its objects too: an invalidation
/// allocates nothing.
///
/// Legal states:
///
///     value    meaning                                        written by
///     free     nobody's                                       the core, after finish(_:)
///     claimed  a start has it and is about to hand it back    claim()
///     queued   its invalidation will call finish(_:)          the core
open class InvalidationFinish: @unchecked Sendable {
    // @unchecked: `next` is only touched by the thread whose invalidation the object is queued in.
    private enum State: UInt8, AtomicRepresentable {
        case free, claimed, queued
    }

    private let state = Atomic<State>(.free)
    /// The next one of the same invalidation, held by its queue.
    fileprivate var next: Unmanaged<InvalidationFinish>?

    /// An object that nobody has.
    public init() {}

    /// Waits until the device has dropped what the start asked it to drop. Must not sleep where the invalidation is not
    /// blockable.
    open func finish(_ invalidation: Invalidation) {
        preconditionFailure("a second pass must say how it finishes: override finish(_:)")
    }

    /// Takes the object for one invalidation; `false` where another one has it (invariant 28).
    public final func claim() -> Bool {
        // Acquiring: comes after all that the last finish did (pairs with the store in run).
        state.compareExchange(
            expected: .free, desired: .claimed, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
    }

    fileprivate func enqueue() {
        // Relaxed: claimed and queued by the same thread.
        let was = state.exchange(.queued, ordering: .relaxed)
        precondition(was == .claimed, "a finish object was handed back without claim(), or by two invalidations")
    }

    fileprivate func run(_ invalidation: Invalidation) {
        finish(invalidation)
        // Releasing: see claim().
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
