import Synchronization

/// Faults whose check and install are one restartable sequence: no lock, no fence, no locked instruction, and nothing
/// published. An invalidation makes every thread leave its sequence, by one membarrier(2), and then waits for no fault: not
/// for one that has lost its processor either, since that fault starts its sequence anew when it goes on.
///
/// The race in a stripe, with the outcome that it must have:
///
///     fault                                   section of the stripe
///     ticket = word, count is 0   (acquire)   word: count + 1, generation + 1       (acquire)
///     walk                                    barrier: no thread stays in a sequence
///     sequence:                               tear down
///       word not the ticket? again            release fence; change the pages
///       slot = translation        (release)   word: count - 1                       (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// Where the barrier finds a fault:
///
/// - *Before its sequence.* The interrupt is a full fence, and the raise came before it, so the sequence sees the raise.
/// - *Inside.* The kernel moves the thread to the abort handler, and nothing is stored. A second sequence sees the raise.
/// - *Past it.* The store came before the interrupt, so the teardown finds it.
/// - *Preempted, or moved to another processor.* The barrier does not interrupt such a thread, and need not: whatever loses
///   its processor inside a sequence is aborted when it goes on, and the switch is a full fence on both sides of it.
/// - *On the processor of the invalidator.* There the thread is not running: it was preempted. If it is the invalidator's
///   own thread, in a signal handler, the delivery of the signal aborted the sequence.
/// - *In a page fault of the compare or the store.* The kernel looks for a sequence whenever the thread goes back to it. If
///   it slept or was interrupted meanwhile, the sequence is aborted. If not, the thread goes on inside it, and no barrier
///   has returned since it began.
/// - *In a signal handler that came into a sequence and faults itself.* The sequence was aborted when the handler began, and
///   the handler's own faults are faults like any other.
/// - *On a thread that began after the process was registered for the barrier.* The registration is the process's.
/// - *On a thread without a registered area.* Its `cpu_id` is negative: it never begins a sequence, and takes the lock. glibc
///   registers a thread before its first function runs, and marks the area of one that the kernel refused.
/// - *In a forked child.* The one thread was in `fork`, so in no sequence; its area stays registered, and the barrier is
///   registered again (`ProcessFork`).
/// - *In a child that shares the memory.* A child of `vfork` runs on its parent's area, which is not registered for it: it
///   may only exec or exit, and so may any other thread that is made by clone(2) with the thread-local storage of another.
///   One with thread-local storage of its own whose area nobody registered has a negative `cpu_id`, if whoever made that
///   storage says so there, as glibc does.
///
/// An install that is a closure cannot be done again from its middle. It takes the stripe's lock, as in ``StripedScheme``.
/// So does a fault whose sequence was aborted too often: a debugger that goes step by step aborts every one. A
/// section raises only when the lock is free, so it comes before or after each of these installs. A sequence never has the
/// locked word for its ticket; one that has looked before the lock was taken may still store.
///
/// So two installs of a stripe may run at once, of one page too, and beside teardowns of other pages: they must write
/// independent atomic words.
public struct RestartableScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// The word that a fault began with, and its stripe.
    public typealias Ticket = StripedScheme.Ticket

    /// The words and their lock. No section is wide: each raises all of its stripes, whose faults look at one word.
    @usableFromInline
    let striped: StripedScheme
    @usableFromInline
    let installs: RestartedInstalls

    /// For page numbers below `pages`. Traps if there are no restartable sequences: see ``RestartableSequences/refusal``.
    public init(pages: Int, stripeSize: StripeSize) {
        striped = StripedScheme(pages: pages, stripeSize: stripeSize, wideBound: .max)
        installs = RestartedInstalls()
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = striped.stripes.stripe(at: page)
        // Acquiring: the walk comes after it, and sees the change of every section whose end it sees (pairs with
        // Stripes.countEnd).
        let word = stripe.pointee.word.load(ordering: .acquiring)
        // Relaxed: faults give way to a section that waits for the lock, as in StripedScheme.
        let waiting = stripe.pointee.waitingSections.load(ordering: .relaxed)
        guard _fastPath((word | waiting) & (StripeWord.count | StripeWord.dead | StripeWord.lock) == 0) else {
            return striped.ticketWhenPutBack(of: stripe)
        }
        return Ticket(stripe: stripe, word: word, wide: 0)
    }

    @inlinable @inline(__always)
    public func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Ticket, at page: Int
    ) -> UInt64? {
        if _fastPath(installs.isStored(translation, in: slot, ticket)) { return 0 }
        return installs.installSlow(translation, into: slot, ticket, at: page, in: striped)
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? { striped.beginInstall(ticket, at: page) }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) { striped.endInstall(ticket, at: page) }

    public var pages: Int { striped.pages }

    public func contestedRange(at page: Int) -> InvalidationRange { striped.contestedRange(at: page) }

    @inlinable
    public func hasCollided(_ ticket: Ticket, at page: Int) -> Bool { striped.hasCollided(ticket, at: page) }

    @inlinable
    public func isDead(at page: Int) -> Bool { striped.isDead(at: page) }
}

extension RestartableScheme {
    // MARK: Sections

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        for index in striped.stripes.size.indices(of: invalidation.range) {
            striped.stripes[index].pointee.updateUnlocked { word in
                StripeWord.requireRoom(word)
                return word &+ StripeWord.start
            }
        }
        installs.restart()
        teardown(invalidation.range)
        // Releasing: the teardown comes before the change. A reader that acquires the change sees no translations.
        atomicMemoryFence(ordering: .releasing)
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        striped.stripes.countEnd(in: striped.stripes.size.indices(of: invalidation.range))
    }

    public func resetAfterFork() { striped.resetAfterFork() }

    /// Marks every stripe, and restarts the sequences that did not see the mark.
    public func markDead() {
        striped.markDead()
        installs.restart()
    }
}

/// Faults that check and install in one restartable sequence; each invalidation pays for that with membarrier(2).
public typealias RestartableGuard = RetryingGuard<RestartableScheme>

extension RetryingGuard where Scheme == RestartableScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Traps if there are no restartable sequences:
    /// see ``RestartableSequences/refusal``.
    public convenience init(
        space: AddressSpace, pages: Int, stripeSize: StripeSize = .hugePage, budget: RetryBudget = RetryBudget()
    ) {
        self.init(scheme: RestartableScheme(pages: pages, stripeSize: stripeSize), space: space, budget: budget)
    }
}
