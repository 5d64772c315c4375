import Synchronization

/// Faults without a lock in the stripes that sections leave alone, ``StripedScheme`` in the others: faults install in a
/// *biased* stripe without its lock, until a section revokes the bias.
///
/// Bias, count and generation share the stripe's word, so a fault checks all three when it compares the word with its
/// ticket.
///
///     state      faults install           what ends it, and the next state
///     biased     without the lock         a section's start: revoking
///     revoking   not at all, count > 0    a section with the lock, after the last install without it: off
///     off        with the lock            a fault with the lock, at count 0: biased
///
/// There are two ways to install without the lock. ``RestartedInstalls`` are for a process that has restartable sequences,
/// ``PublishedInstalls`` for any. The race in a biased stripe, with the outcome that it must have:
///
///     fault                                       section of the stripe
///     tickets = word, wide; counts 0 (acquire)    word: count + 1, generation + 1, biased -> revoking  (acquire)
///     walk                                        wait until no fault installs by the old word
///     install, if word and wide are the tickets   word: lock, revoking -> off                          (acquire)
///                                                 tear down
///                                                 word: lock off                                       (release)
///                                                 change the pages; word: count - 1                    (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// The install and the wait are one of these:
///
///     published                                   barrier, heavy
///     my slot = page                 (release)    every slot with a page of the *stripe*: wait         (acquire)
///     barrier, light
///     word, wide not the tickets? again (acquire)
///     slot of the page = translation
///     my slot = none                 (release)
///
///     restarted, one sequence                     barrier: no thread stays in a sequence
///     word, wide not the tickets? again
///     slot of the page = translation (release)
///
/// A section waits for published pages of its whole stripes, not of its range alone, since the next section finds the
/// bias off and does not wait. A section that finds the word revoking waits as well: the section that set the bit may
/// not have waited yet. A wide section waits for pages of its own range and leaves the bias on; faults check its word
/// behind the barrier, or in the sequence, too. A stripe that is off works as in ``StripedScheme``.
///
/// An install that is a closure cannot be restarted. Where installs are, it takes the lock of a biased stripe as well, and
/// a section raises only when the lock is free.
///
/// A fault that holds the lock biases the stripe again after `quietFaults` faults without a section between them, if
/// the `RevocationBudget` has time left. Its ticket was idle in the wide word and is still the stripe's word, so no wide
/// section that tore the stripe down without a wait is still open. A wide section that takes the lock later finds the bias.
///
/// Installs run beside each other: they must write independent atomic words.
public struct AdaptiveScheme<Installs: UnlockedInstalls & ~Copyable>: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// A quarter of the time.
    public static var defaultBiasBudget: Double { 0.25 }

    static var defaultQuietFaults: UInt32 { 256 }

    /// The words that a fault began with, and what it holds for an install without the lock.
    public struct Ticket: Sendable, BitwiseCopyable {
        @usableFromInline
        let words: StripedScheme.Ticket
        @usableFromInline
        let unlocked: Installs.Ticket

        @inlinable @inline(__always)
        init(words: StripedScheme.Ticket, unlocked: Installs.Ticket) {
            self.words = words
            self.unlocked = unlocked
        }

        @inlinable @inline(__always)
        var isBiased: Bool { words.word & StripeWord.biased != 0 }
    }

    @usableFromInline
    let striped: StripedScheme
    @usableFromInline
    let installs: Installs
    /// A stripe may be biased again after this many faults with the lock, if no section came between them.
    @usableFromInline
    let quietFaults: UInt32
    let budget: RevocationBudget

    /// For page numbers below `pages`; all stripes begin biased. Sections over more than `wideBound` stripes are
    /// announced in one place. Stripes are biased again only while waits for faults without a lock take less than
    /// `biasBudget` of the time, above 0 and at most 1.
    public init(pages: Int, stripeSize: StripeSize, wideBound: Int, biasBudget: Double) {
        self.init(
            pages: pages, stripeSize: stripeSize, wideBound: wideBound, biasBudget: biasBudget, installs: Installs())
    }

    init(
        pages: Int, stripeSize: StripeSize, wideBound: Int, biasBudget: Double, installs: consuming Installs,
        quietFaults: UInt32 = Self.defaultQuietFaults
    ) {
        striped = StripedScheme(pages: pages, stripeSize: stripeSize, wideBound: wideBound, word: StripeWord.biased)
        self.installs = installs
        self.quietFaults = quietFaults
        budget = RevocationBudget(fraction: biasBudget)
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = striped.stripes.stripe(at: page)
        guard let words = striped.ticketIfIdle(of: stripe) ?? striped.ticketWhenPutBack(of: stripe) else {
            return nil
        }
        return Ticket(words: words, unlocked: installs.ticket)
    }

    // The fault without a lock gets the straight code, since a taken branch is a tenth of its cost. The other fault waits
    // for its exchange anyway.

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        beginInstall(ticket, of: PublishedPages(page))
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, over range: InvalidationRange) -> UInt64? {
        beginInstall(ticket, of: PublishedPages(range))
    }

    @inlinable @inline(__always)
    func beginInstall(_ ticket: Ticket, of pages: PublishedPages) -> UInt64? {
        guard _fastPath(ticket.isBiased) else { return striped.beginInstall(ticket.words, at: pages.first) }
        return installs.begin(ticket.unlocked, ticket.words, of: pages, in: striped)
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        guard _fastPath(ticket.isBiased) else { return endLockedInstall(ticket.words, at: page) }
        installs.end(ticket.unlocked, ticket.words, at: page, in: striped)
    }

    @inlinable @inline(__always)
    public func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Ticket, at page: Int
    ) -> UInt64? {
        if _fastPath(ticket.isBiased) {
            return installs.install(
                translation, into: slot, ticket.unlocked, ticket.words, at: page, in: striped)
        }
        guard let waited = striped.beginInstall(ticket.words, at: page) else { return nil }
        slot.pointee.store(translation, ordering: .releasing)
        endLockedInstall(ticket.words, at: page)
        return waited
    }

    /// Ends an install in a stripe that is off, and counts it.
    @inlinable @inline(__always)
    func endLockedInstall(_ ticket: StripedScheme.Ticket, at page: Int) {
        // Relaxed, both: written with the lock held.
        let quiet = ticket.stripe.pointee.quietFaults.load(ordering: .relaxed) &+ 1
        guard quiet < quietFaults else { return endInstallSlow(ticket) }
        ticket.stripe.pointee.quietFaults.store(quiet, ordering: .relaxed)
        striped.endInstall(ticket, at: page)
    }

    /// Gives the lock back, and biases the stripe if the budget has time left.
    @usableFromInline @inline(never)
    func endInstallSlow(_ ticket: StripedScheme.Ticket) {
        ticket.stripe.pointee.quietFaults.store(0, ordering: .relaxed)
        InstallSection.leave()
        let bias = budget.isLeft(at: MonotonicClock.now()) ? StripeWord.biased : 0
        // The ticket's count is 0.
        ticket.stripe.pointee.unlock(ticket.word | bias)
    }

    public var pages: Int { striped.pages }

    public func contestedRange(at page: Int) -> InvalidationRange { striped.contestedRange(at: page) }

    @inlinable
    public func hasCollided(_ ticket: Ticket, at page: Int) -> Bool {
        // Relaxed: a hint. With the lock a fault does not look at the wide word again: see ``StripedScheme``.
        striped.hasCollided(ticket.words, at: page)
            || ticket.isBiased && striped.wide.word.load(ordering: .relaxed) != ticket.words.wide
    }

    @inlinable
    public func isDead(at page: Int) -> Bool { striped.isDead(at: page) }
}

extension AdaptiveScheme where Installs: ~Copyable {
    // MARK: Sections

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        installs.requireNoInstallOfThisThread()
        let range = invalidation.range
        let covered = striped.stripes.size.indices(of: range)
        let isWide = striped.wide.includes(covered)
        if isWide { striped.wide.raise() }
        let firstBiased =
            isWide
            ? tearDownUpToBiased(range, covered, teardown) : raiseAndTearDownUpToBiased(range, covered, teardown)
        if let firstBiased {
            let rest = firstBiased...covered.upperBound
            // A wide section waits for its own range alone. So it leaves the bias on, and does not end another
            // section's revocation.
            waitForFaultsWithoutLock(in: isWide ? range.pages : pages(of: rest))
            let settled = isWide ? 0 : StripeWord.revoking
            let step = isWide ? StripeWord.generation : 0
            for index in rest {
                let word = striped.stripes[index].pointee.updateUnlocked { $0 & ~settled | StripeWord.lock }
                tearDown(range, in: index, word &+ step, teardown)
            }
        }
        // Releasing: the teardown comes before the change. A reader that acquires the change sees no translations.
        atomicMemoryFence(ordering: .releasing)
        return .done
    }

    /// Raises every stripe, and tears down those before the first one that was biased or is being revoked. Returns that
    /// one.
    @inline(__always)
    private func raiseAndTearDownUpToBiased(
        _ range: InvalidationRange, _ covered: ClosedRange<Int>, _ teardown: (InvalidationRange) -> Void
    ) -> Int? {
        var firstBiased: Int?
        for index in covered {
            let word = striped.stripes[index].pointee.updateUnlocked { word in
                StripeWord.requireRoom(word)
                let raised = word &+ StripeWord.start
                guard word & (StripeWord.biased | StripeWord.revoking) == 0 else {
                    return raised & ~StripeWord.biased | StripeWord.revoking
                }
                return firstBiased == nil ? raised | StripeWord.lock : raised
            }
            if word & StripeWord.lock != 0 {
                tearDown(range, in: index, word, teardown)
            } else if firstBiased == nil {
                firstBiased = index
            }
        }
        return firstBiased
    }

    /// Tears down the stripes before the first one that is biased or being revoked. Returns that one. For wide sections.
    private func tearDownUpToBiased(
        _ range: InvalidationRange, _ covered: ClosedRange<Int>, _ teardown: (InvalidationRange) -> Void
    ) -> Int? {
        for index in covered {
            let word = striped.stripes[index].pointee.updateUnlocked { $0 | StripeWord.lock }
            guard word & (StripeWord.biased | StripeWord.revoking) == 0 else {
                striped.stripes[index].pointee.unlock(word)
                return index
            }
            tearDown(range, in: index, word &+ StripeWord.generation, teardown)
        }
        return nil
    }

    private func pages(of stripes: ClosedRange<Int>) -> Range<Int> {
        let size = striped.stripes.size
        return size.range(of: stripes.lowerBound).startPage..<size.range(of: stripes.upperBound).endPage
    }

    /// Drops a stripe's part of the range with the stripe's lock held, and leaves `locked` behind, without the lock.
    private func tearDown(
        _ range: InvalidationRange, in index: Int, _ locked: UInt64, _ teardown: (InvalidationRange) -> Void
    ) {
        // Relaxed: written with the lock held.
        striped.stripes[index].pointee.quietFaults.store(0, ordering: .relaxed)
        teardown(striped.stripes.size.part(of: range, in: index))
        striped.stripes[index].pointee.unlock(locked)
    }

    private func waitForFaultsWithoutLock(in pages: Range<Int>) {
        let start = MonotonicClock.now()
        installs.waitUntilNone(in: pages)
        budget.charge(from: start, to: MonotonicClock.now())
    }

    public func invalidationEnded(_ invalidation: Invalidation) { striped.invalidationEnded(invalidation) }

    /// All stripes are biased, as at first.
    public func resetAfterFork() {
        striped.resetAfterFork(bias: StripeWord.biased)
        installs.resetAfterFork()
    }

    /// Marks every stripe, and waits for the installs that did not see the mark.
    public func markDead() {
        striped.markDead()
        installs.waitUntilNone(in: 0..<Int.max)
    }
}

/// Faults without a lock in stripes that invalidations leave alone, with the stripe's word as a lock in the others. For any
/// process; ``AdaptiveRestartingGuard`` is for those that have restartable sequences.
public typealias AdaptiveGuard = RetryingGuard<AdaptiveScheme<PublishedInstalls>>

/// The same, whose faults without a lock are restartable sequences, so that no invalidation waits for one of them.
public typealias AdaptiveRestartingGuard = RetryingGuard<AdaptiveScheme<RestartedInstalls>>

extension RetryingGuard where Scheme: ~Copyable {
    /// An ``AdaptiveGuard`` or an ``AdaptiveRestartingGuard`` for a subscriber of `space`, for page numbers below `pages`.
    /// Sections over more than `wideBound` stripes keep faults out of the whole space. Stripes are biased again only while
    /// waits for faults without a lock take less than `biasBudget` of the time. An ``AdaptiveRestartingGuard`` traps if
    /// there are no restartable sequences: see ``RestartableSequences/refusal``.
    public convenience init<Installs: UnlockedInstalls & ~Copyable>(
        space: AddressSpace, pages: Int, stripeSize: StripeSize = .hugePage,
        wideBound: Int = StripedScheme.defaultWideBound,
        biasBudget: Double = Scheme.defaultBiasBudget, budget: RetryBudget = RetryBudget()
    ) where Scheme == AdaptiveScheme<Installs> {
        self.init(
            scheme: Scheme(pages: pages, stripeSize: stripeSize, wideBound: wideBound, biasBudget: biasBudget),
            space: space, budget: budget)
    }
}
