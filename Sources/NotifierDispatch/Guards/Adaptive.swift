import CPlatform
import Synchronization

/// ``AsymmetricScheme`` in stripes that sections leave alone, ``StripedScheme`` in the others: faults install in a
/// *biased* stripe without its lock, until a section revokes the bias.
///
/// Bias, count and generation share the stripe's word, so a fault checks all three when it compares the word with its
/// ticket.
///
///     state      faults install           what ends it, and the next state
///     biased     without the lock         a section's start: revoking
///     revoking   not at all, count > 0    a section with the lock, after its wait for published pages: off
///     off        with the lock            a fault with the lock, at count 0: biased
///
/// The race in a biased stripe, with the outcome that it must have:
///
///     fault                                       section of the stripe
///     tickets = word, wide; counts 0 (acquire)    word: count + 1, generation + 1, biased -> revoking  (acquire)
///     walk                                        barrier, heavy
///     my slot = page                 (release)    every slot with a page of the *stripe*: wait         (acquire)
///     barrier, light                              word: lock, revoking -> off                          (acquire)
///     word, wide not the tickets? again (acquire) tear down
///     install                                     word: lock off                                       (release)
///     my slot = none                 (release)    change the pages; word: count - 1                    (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// A section waits for published pages of its whole stripes, not of its range alone, since the next section finds the
/// bias off and does not wait. A section that finds the word revoking waits as well: the section that set the bit may
/// not have waited yet. A wide section waits for pages of its own range and leaves the bias on; faults check its word
/// behind the barrier too. A stripe that is off works as in ``StripedScheme``.
///
/// A fault that holds the lock biases the stripe again after `quietFaults` faults without a section between them, if
/// the `RevocationBudget` has time left. The fault has checked the wide word under that lock, so no wide section that
/// tore the stripe down without a barrier is still open. A wide section that takes the lock later finds the bias.
///
/// Installs run beside each other: they must write independent atomic words.
public struct AdaptiveScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// A quarter of the time.
    public static var defaultBiasBudget: Double { 0.25 }

    static var defaultQuietFaults: UInt32 { 256 }

    /// The words that a fault began with, and its thread's slot for an install without the lock.
    public struct Ticket: Sendable {
        @usableFromInline
        let striped: StripedScheme.Ticket
        @usableFromInline
        let slot: PublicationSlot

        @inlinable @inline(__always)
        init(striped: StripedScheme.Ticket, slot: PublicationSlot) {
            self.striped = striped
            self.slot = slot
        }

        @inlinable @inline(__always)
        var isBiased: Bool { striped.word & StripeWord.biased != 0 }
    }

    @usableFromInline
    let striped: StripedScheme
    @usableFromInline
    let slots = PublicationSlots()
    @usableFromInline
    let barrier: ProcessBarrier
    /// A stripe may be biased again after this many faults with the lock, if no section came between them.
    @usableFromInline
    let quietFaults: UInt32
    let budget: RevocationBudget

    /// For page numbers below `pages`; all stripes begin biased. Sections over more than `wideBound` stripes are
    /// announced in one place. Stripes are biased again only while waits for faults without a lock take less than
    /// `biasBudget` of the time, above 0 and at most 1.
    public init(pages: Int, stripeSize: StripeSize, wideBound: Int, biasBudget: Double) {
        self.init(
            pages: pages, stripeSize: stripeSize, wideBound: wideBound, biasBudget: biasBudget,
            barrier: ProcessBarrier())
    }

    init(
        pages: Int, stripeSize: StripeSize, wideBound: Int, biasBudget: Double, barrier: ProcessBarrier,
        quietFaults: UInt32 = Self.defaultQuietFaults
    ) {
        striped = StripedScheme(pages: pages, stripeSize: stripeSize, wideBound: wideBound, word: StripeWord.biased)
        self.barrier = barrier
        self.quietFaults = quietFaults
        budget = RevocationBudget(fraction: biasBudget)
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = striped.stripes.stripe(at: page)
        // Acquiring, both: as in StripedScheme.
        let word = stripe.pointee.word.load(ordering: .acquiring) & ~StripeWord.lock
        let wideWord = striped.wide.word.load(ordering: .acquiring)
        let waiting = stripe.pointee.waitingSections.load(ordering: .relaxed)
        guard _fastPath((word | wideWord | waiting) & (StripeWord.count | StripeWord.dead) == 0) else { return nil }
        return Ticket(
            striped: StripedScheme.Ticket(stripe: stripe, word: word, wide: wideWord), slot: slots.mine)
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        // The fault without a lock gets the straight code, since a taken branch is a tenth of its cost. The other fault
        // waits for its exchange anyway.
        guard _fastPath(ticket.isBiased) else { return striped.beginInstall(ticket.striped, at: page) }
        ticket.slot.publish(page)
        barrier.light()
        // Acquiring, both: the install comes after them. The barrier before them pairs with a section's heavy one.
        guard ticket.striped.stripe.pointee.word.load(ordering: .acquiring) == ticket.striped.word,
            striped.wide.word.load(ordering: .acquiring) == ticket.striped.wide
        else {
            ticket.slot.clear()
            return nil
        }
        return 0
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        guard !ticket.isBiased else { return ticket.slot.clear() }
        let stripe = ticket.striped.stripe
        // Relaxed, both: written with the lock held.
        let quiet = stripe.pointee.quietFaults.load(ordering: .relaxed) &+ 1
        guard quiet < quietFaults else { return endInstallSlow(ticket.striped) }
        stripe.pointee.quietFaults.store(quiet, ordering: .relaxed)
        striped.endInstall(ticket.striped, at: page)
    }

    /// Gives the lock back, and biases the stripe if the budget has time left.
    @usableFromInline @inline(never)
    func endInstallSlow(_ ticket: StripedScheme.Ticket) {
        ticket.stripe.pointee.quietFaults.store(0, ordering: .relaxed)
        InstallSection.leave()
        let bias = budget.isLeft(at: MonotonicClock.now()) ? StripeWord.biased : 0
        // The ticket's count is 0, and only the holder changes a locked word.
        ticket.stripe.pointee.unlock(ticket.word | bias)
    }

    public var pages: Int { striped.pages }

    public func contestedRange(at page: Int) -> InvalidationRange { striped.contestedRange(at: page) }

    @inlinable
    public func isDead(at page: Int) -> Bool { striped.isDead(at: page) }
}

extension AdaptiveScheme {
    // MARK: Sections

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        slots.requireNoInstallOfThisThread()
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
            for index in rest {
                let word = striped.stripes[index].pointee.updateUnlocked { $0 & ~settled | StripeWord.lock }
                tearDown(range, in: index, word, teardown)
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

    /// Tears down the stripes before the first one that is biased or being revoked. Returns that one.
    private func tearDownUpToBiased(
        _ range: InvalidationRange, _ covered: ClosedRange<Int>, _ teardown: (InvalidationRange) -> Void
    ) -> Int? {
        for index in covered {
            let word = striped.stripes[index].pointee.updateUnlocked { $0 | StripeWord.lock }
            guard word & (StripeWord.biased | StripeWord.revoking) == 0 else {
                striped.stripes[index].pointee.unlock(word)
                return index
            }
            tearDown(range, in: index, word, teardown)
        }
        return nil
    }

    private func pages(of stripes: ClosedRange<Int>) -> Range<Int> {
        let size = striped.stripes.size
        return size.range(of: stripes.lowerBound).startPage..<size.range(of: stripes.upperBound).endPage
    }

    /// Drops a stripe's part of the range with the stripe's lock held, and gives the lock back.
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
        barrier.heavy()
        slots.waitUntilNone(in: pages)
        budget.charge(from: start, to: MonotonicClock.now())
    }

    public func invalidationEnded(_ invalidation: Invalidation) { striped.invalidationEnded(invalidation) }

    /// All stripes are biased, as at first.
    public func resetAfterFork() {
        striped.resetAfterFork(bias: StripeWord.biased)
        slots.resetAfterFork()
    }

    /// Marks every stripe, and waits for the installs that did not see the mark.
    public func markDead() {
        striped.markDead()
        barrier.heavy()
        slots.waitUntilNone(in: 0..<Int.max)
    }
}

/// The part of the time that waits for faults without a lock may take, over all stripes of a guard. It decides whether
/// a stripe may be biased again.
///
/// There is one budget for the whole space: a storm that wanders over the stripes would spend a budget of each stripe
/// anew, and find all of them biased. Waits of wide sections are counted but not bounded: these sections leave the bias
/// on.
///
/// The word is a leaky bucket: the point in time at which everything spent so far is paid for. A wait of `d` adds `d`
/// divided by the fraction to that point, or to now if the point has passed. Stripes may be biased while the point lies
/// less than the allowance ahead of now.
struct RevocationBudget: ~Copyable, Sendable {
    /// How far the point may lie ahead of now, in nanoseconds. A few revocations in a row do not use it up.
    static var allowance: UInt64 { 10_000_000 }

    private let timeForEach: Double
    private let paidAt = Atomic<UInt64>(0)

    /// `fraction` is the part of the time that waits may take: above 0, at most 1.
    init(fraction: Double) {
        precondition(fraction > 0 && fraction <= 1, "a bias budget is a part of the time: above 0, at most 1")
        timeForEach = 1 / fraction
    }

    /// Whether the budget has time left at `now`, in nanoseconds of ``MonotonicClock``.
    func isLeft(at now: UInt64) -> Bool {
        // Relaxed: a hint, which orders nothing.
        paidAt.load(ordering: .relaxed) < now &+ Self.allowance
    }

    /// Counts a wait that began at `start` and is over at `now`, both in nanoseconds of ``MonotonicClock``.
    func charge(from start: UInt64, to now: UInt64) {
        // At most 95 years, so that the conversion cannot trap.
        let price = UInt64(min(Double(now &- start) * timeForEach, 3e18))
        // Relaxed, all: the sum orders nothing.
        var paid = paidAt.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = paidAt.weakCompareExchange(
                expected: paid, desired: max(paid, now) &+ price, ordering: .relaxed)
            if exchanged { return }
            paid = original
        }
    }
}

/// Faults without a lock in stripes that invalidations leave alone, with the stripe's word as a lock in the others.
public typealias AdaptiveGuard = RetryingGuard<AdaptiveScheme>

extension RetryingGuard where Scheme == AdaptiveScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space. Stripes are biased again only while waits for faults without a lock take
    /// less than `biasBudget` of the time.
    public convenience init(
        space: AddressSpace, pages: Int, stripeSize: StripeSize = .hugePage,
        wideBound: Int = StripedScheme.defaultWideBound,
        biasBudget: Double = AdaptiveScheme.defaultBiasBudget, budget: RetryBudget = RetryBudget()
    ) {
        self.init(
            scheme: AdaptiveScheme(
                pages: pages, stripeSize: stripeSize, wideBound: wideBound, biasBudget: biasBudget),
            space: space, budget: budget)
    }
}
