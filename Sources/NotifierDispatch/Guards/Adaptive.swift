import CPlatform
import Synchronization

/// ``AsymmetricScheme`` in stripes that are left alone, ``StripedScheme`` in those that are not: a *biased* stripe lets faults
/// install without its lock, until a section revokes that.
///
/// Bias, count and generation share the stripe's word, so that a fault that looks at its ticket again looks at all three.
///
///     state      faults install           how it is left
///     biased     without the lock         a start: revoking
///     revoking   not at all, count > 0    the lock's holder, once published pages have been waited for: off
///     off        with the lock            the lock's holder, at count 0: biased
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
/// A section waits for pages anywhere in its stripes: the next one finds the bias off and waits for nobody, so a fault that
/// still installs another page of the stripe would be its undoing. One that finds the word revoking waits as well, since
/// whoever is revoking may not have waited yet. A wide section leaves the bias on and waits for pages of its own range,
/// and faults look at its word behind the barrier too. Behind the bias, all is as in ``StripedScheme``.
///
/// A stripe is biased again by a fault that holds its lock, after so many faults without a section between that what the
/// next revocation will cost is made up for, and while the `RevocationBudget` lasts. It has looked at the
/// wide word under that lock: a wide section that tore the stripe down before, without a barrier, had raised it by then, and
/// one that comes to the lock later finds the bias.
///
/// Installs run beside each other: what they write must be independent atomic words.
public struct AdaptiveScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// A quarter of the time.
    public static var defaultBiasBudget: Double { 0.25 }

    static var defaultQuietFaults: UInt32 { 256 }

    /// What a fault began with, with the lock or without.
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
    /// Faults with the lock, no section between, after which a stripe may be biased again.
    @usableFromInline
    let quietFaults: UInt32
    let budget: RevocationBudget

    /// For page numbers below `pages`, all biased. Sections over more than `wideBound` stripes are announced in one place;
    /// revocations take no more than `biasBudget` of the time, above 0 and at most 1.
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
        // The fault without a lock gets the straight code: a taken branch is a tenth of it. The other one waits for its
        // exchange anyway.
        guard _fastPath(ticket.isBiased) else { return striped.beginInstall(ticket.striped, at: page) }
        ticket.slot.publish(page)
        barrier.light()
        // Acquiring, both: the install comes after it.
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

    /// Gives the lock back, and biases the stripe where revocations may take more time.
    @usableFromInline @inline(never)
    func endInstallSlow(_ ticket: StripedScheme.Ticket) {
        ticket.stripe.pointee.quietFaults.store(0, ordering: .relaxed)
        InstallSection.leave()
        let bias = budget.isLeft(at: MonotonicClock.now()) ? StripeWord.biased : 0
        // The ticket's count is 0, and nobody else changes a locked word.
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
            // A wide section waits for its own range alone, so it leaves the bias, and a revocation that another section
            // has begun, as they are.
            waitForFaultsWithoutLock(in: isWide ? range.pages : pages(of: rest))
            let settled = isWide ? 0 : StripeWord.revoking
            for index in rest {
                let word = striped.stripes[index].pointee.updateUnlocked { $0 & ~settled | StripeWord.lock }
                tearDown(range, in: index, word, teardown)
            }
        }
        // Releasing: who sees any of the change that follows sees that the translations are gone.
        atomicMemoryFence(ordering: .releasing)
        return .done
    }

    /// Raises every stripe, and tears down those before the first that is biased, or was, and has not been waited for.
    /// Returns that one.
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

    /// Tears down the stripes before the first that is biased, or was, and has not been waited for. Returns that one.
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

    /// Drops a stripe's part of the range, with its lock held, and gives the lock back.
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

    /// Marks every stripe and waits for the installs that did not see it.
    public func markDead() {
        striped.markDead()
        barrier.heavy()
        slots.waitUntilNone(in: 0..<Int.max)
    }
}

/// How much of the time revocations may take, over all stripes of a guard: whether a stripe may be biased again.
///
/// One number for the whole space: a budget per stripe would be spent anew in each, and a storm that wanders over the
/// stripes would find every one of them biased.
///
/// A leaky bucket in one word: the point in time at which everything spent so far is paid for. A revocation of `d` moves it
/// on by `d` divided by the part of the time that revocations may take; before now it does not lie. Stripes may be biased
/// while it lies less than the allowance ahead.
struct RevocationBudget: ~Copyable, Sendable {
    /// How far ahead of now may be spent, in nanoseconds, so that a few revocations in a row are no storm.
    static var allowance: UInt64 { 10_000_000 }

    private let timeForEach: Double
    private let paidAt = Atomic<UInt64>(0)

    /// `fraction` is the part of the time that revocations may take: above 0, at most 1.
    init(fraction: Double) {
        precondition(fraction > 0 && fraction <= 1, "a bias budget is a part of the time: above 0, at most 1")
        timeForEach = 1 / fraction
    }

    /// Whether there is anything left to spend at `now`, in nanoseconds of ``MonotonicClock``.
    func isLeft(at now: UInt64) -> Bool {
        // Relaxed: a hint, which orders nothing.
        paidAt.load(ordering: .relaxed) < now &+ Self.allowance
    }

    /// Counts a revocation that began at `start` and is over at `now`, both in nanoseconds of ``MonotonicClock``.
    func charge(from start: UInt64, to now: UInt64) {
        // At most a hundred years, which fits.
        let price = UInt64(min(Double(now &- start) * timeForEach, 3e18))
        // Relaxed, all: a sum that orders nothing.
        var paid = paidAt.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = paidAt.weakCompareExchange(
                expected: paid, desired: max(paid, now) &+ price, ordering: .relaxed)
            if exchanged { return }
            paid = original
        }
    }
}

/// Faults without a lock in the stripes that invalidations leave alone, and with the stripe's word as lock in the others.
public typealias AdaptiveGuard = RetryingGuard<AdaptiveScheme>

extension RetryingGuard where Scheme == AdaptiveScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space; waiting for faults without a lock takes no more than `biasBudget` of the time.
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
