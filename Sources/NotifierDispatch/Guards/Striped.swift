import CPlatform
import Synchronization

/// Striped validation in one step: the word of a stripe holds both what a fault must check and the lock that it must
/// take, so one compare-and-swap does both.
///
/// The race in a stripe, with the outcome that it must have:
///
///     fault                                     section of the stripe
///     ticket = word, count is 0    (acquire)    word: lock, count + 1, generation + 1   (acquire)
///     walk                                      tear down
///     word: ticket -> ticket, lock (acquire)    word: lock off                          (release)
///     failed? again                             change the pages
///     install                                   word: count - 1                         (release)
///     word: ticket                 (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// An exchange of the word succeeds only if the lock is free, so the exchanges happen in one order. If the fault's
/// exchange is first, the section's acquires what the fault released, and the teardown finds the install. If the
/// fault's is second, the generation has moved since the ticket, and the exchange fails; or the ticket was taken after
/// the section's end, and its load acquired the change, which the walk saw. No ticket is given between start and end,
/// since the count is not 0. If a whole section fits inside the walk, the generation shows it.
///
/// Sections over more stripes than a bound are `WideSections`. Installs and teardowns of one stripe exclude each other.
public struct StripedScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// 32 stripes: 64 MiB, if a stripe has 2 MiB.
    public static var defaultWideBound: Int { 32 }

    /// The words that a fault began with, and the stripe of the first one.
    public struct Ticket: @unchecked Sendable {
        // @unchecked: an atomic behind a pointer.
        @usableFromInline
        let stripe: UnsafeMutablePointer<Stripe>
        @usableFromInline
        let word: UInt64
        @usableFromInline
        let wide: UInt64

        @inlinable @inline(__always)
        init(stripe: UnsafeMutablePointer<Stripe>, word: UInt64, wide: UInt64) {
            self.stripe = stripe
            self.word = word
            self.wide = wide
        }
    }

    /// There are stripes for page numbers below this.
    public let pages: Int
    @usableFromInline
    let stripes: Stripes
    @usableFromInline
    let wide: WideSections

    /// For page numbers below `pages`; sections over more than `wideBound` stripes are announced in one place.
    public init(pages: Int, stripeSize: StripeSize, wideBound: Int) {
        self.init(pages: pages, stripeSize: stripeSize, wideBound: wideBound, word: 0)
    }

    /// Each stripe's word begins as `word`.
    init(pages: Int, stripeSize: StripeSize, wideBound: Int, word: UInt64) {
        self.pages = pages
        stripes = Stripes(pages: pages, size: stripeSize, word: word)
        wide = WideSections(bound: wideBound)
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = stripes.stripe(at: page)
        // The install will write the line: it is transferred once, not once to read and once to write.
        cplatform_prefetch_for_write(stripe)
        // Acquiring, both: the walk comes after them, and sees the change of every section whose end they see (pairs
        // with Stripes.countEnd and WideSections.lower).
        let word = stripe.pointee.word.load(ordering: .acquiring) & ~StripeWord.lock
        let wideWord = wide.word.load(ordering: .acquiring)
        // Idle in both words, and no section waits for the lock: `wideWord` and `waiting` have only a count in these
        // bits.
        let waiting = stripe.pointee.waitingSections.load(ordering: .relaxed)
        guard (word | wideWord | waiting) & (StripeWord.count | StripeWord.dead) == 0 else { return nil }
        return Ticket(stripe: stripe, word: word, wide: wideWord)
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        // Before the exchange: a load behind it would wait for it.
        InstallSection.enter()
        // Acquiring: the install comes after the teardowns of all sections so far (pairs with Stripe.unlock). A failure
        // reads nothing that the lock protects.
        if _fastPath(
            ticket.stripe.pointee.word.compareExchange(
                expected: ticket.word, desired: ticket.word | StripeWord.lock, successOrdering: .acquiring,
                failureOrdering: .relaxed
            ).exchanged)
        {
            return 0
        }
        InstallSection.leave()
        return Self.beginInstallSlow(ticket.stripe, ticket.word)
    }

    /// Waits for the lock, a millisecond at most, while nothing else about the word has moved and no section wants the
    /// lock. Returns the wait in nanoseconds, above 0, or `nil` if it has not got the lock.
    @usableFromInline @inline(never)
    static func beginInstallSlow(_ stripe: UnsafeMutablePointer<Stripe>, _ ticket: UInt64) -> UInt64? {
        InstallSection.trapFault()
        let start = MonotonicClock.now()
        var backoff = Backoff()
        while stripe.pointee.waitingSections.load(ordering: .relaxed) == 0 {
            // Relaxed: only a hint when to try.
            let word = stripe.pointee.word.load(ordering: .relaxed)
            guard word & ~StripeWord.lock == ticket else { return nil }
            // Acquiring: as in beginInstall.
            if word == ticket,
                stripe.pointee.word.compareExchange(
                    expected: ticket, desired: ticket | StripeWord.lock, successOrdering: .acquiring,
                    failureOrdering: .relaxed
                ).exchanged
            {
                InstallSection.enter()
                return max(1, MonotonicClock.now() &- start)
            }
            guard MonotonicClock.now() &- start < SmallLock.patienceNanoseconds else { return nil }
            backoff.pause()
        }
        return nil
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        InstallSection.leave()
        // Releasing: the install comes before the next section's teardown (pairs with Stripe.updateUnlocked). Only the
        // holder changes a locked word, so storing the ticket takes the lock off and changes nothing else.
        ticket.stripe.pointee.word.store(ticket.word, ordering: .releasing)
    }

    /// The pages of the page's stripe.
    public func contestedRange(at page: Int) -> InvalidationRange {
        stripes.size.range(of: stripes.size.index(of: page))
    }

    @inlinable
    public func isDead(at page: Int) -> Bool { stripes.isDead(at: page) }
}

extension StripedScheme {
    // MARK: Sections

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        let covered = stripes.size.indices(of: invalidation.range)
        let isWide = wide.includes(covered)
        if isWide { wide.raise() }
        for index in covered {
            stripes[index].pointee.withLock { word in
                if isWide { return word &+ StripeWord.generation }
                StripeWord.requireRoom(word)
                return word &+ StripeWord.start
            } _: { _ in
                teardown(stripes.size.part(of: invalidation.range, in: index))
            }
        }
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        let covered = stripes.size.indices(of: invalidation.range)
        if wide.includes(covered) { wide.lower() } else { stripes.countEnd(in: covered) }
    }

    public func resetAfterFork() { resetAfterFork(bias: 0) }

    func resetAfterFork(bias: UInt64) {
        stripes.resetAfterFork(bias: bias)
        wide.resetAfterFork()
    }

    /// Marks every stripe. Each lock is free when its stripe is marked, so no install is open afterwards.
    public func markDead() { stripes.markDead() }
}

/// The open sections over more stripes than a bound: counted once for the whole space instead of in each stripe, in a
/// word that every fault looks at before its walk.
///
/// A wide section still takes the lock of each stripe while it tears the stripe down, and moves the stripe's generation,
/// so it meets every install:
///
///     fault                                    wide section
///     ticket = word                (acquire)   wide: count + 1
///     wide, idle                   (acquire)   word: lock, generation + 1           (acquire)
///     walk                                     tear the stripe down
///     word: ticket -> ticket, lock (acquire)   word: lock off                       (release)
///     failed? again                            change; wide: count - 1              (release)
///     install; word: ticket        (release)
///     Outcome: the exchange fails, or the section finds what the fault installed.
///
/// If the fault has the lock first, the section's lock acquires the install, and the teardown finds it. If the section has
/// it first, and the ticket is older, the exchange fails. If the ticket is younger, it acquires what the section released:
/// the fault sees the raise, and waits; or it sees the end, and then the walk sees the change.
@usableFromInline
struct WideSections: ~Copyable, Sendable {
    /// Sections over more stripes than this are wide.
    let bound: Int
    /// Inline, beside what every fault reads of its guard: a fault fetches one line for both, also after one of the few
    /// writes.
    @usableFromInline
    let word = Atomic<UInt64>(0)

    init(bound: Int) {
        precondition(bound >= 0, "the bound of wide sections is a number of stripes, 0 or above")
        self.bound = bound
    }

    /// Whether a section over these stripes is wide. The answer at its end is that at its start.
    func includes(_ stripes: ClosedRange<Int>) -> Bool { stripes.count > bound }

    /// Called before the first stripe is torn down.
    func raise() {
        // Relaxed: the stripes' locks come after it, and for faults without a lock a heavy barrier (both pair with
        // beginInstall).
        StripeWord.requireRoom(word.wrappingAdd(StripeWord.start, ordering: .relaxed).oldValue)
    }

    /// In a forked child: none is open.
    func resetAfterFork() {
        // Relaxed: there is one thread.
        word.store(StripeWord.afterFork(word.load(ordering: .relaxed)), ordering: .relaxed)
    }

    /// Called after the pages have changed.
    func lower() {
        // Releasing: the change of the pages comes before it (pairs with the load of a ticket).
        StripeWord.requireOpenSection(word.wrappingSubtract(StripeWord.section, ordering: .releasing).oldValue)
    }
}

/// A word for each stripe, of 2 MiB by default: a fault validates its walk and locks with one compare-and-swap.
public typealias StripedGuard = RetryingGuard<StripedScheme>

extension RetryingGuard where Scheme == StripedScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space; their ends cost less.
    public convenience init(
        space: AddressSpace, pages: Int, stripeSize: StripeSize = .hugePage,
        wideBound: Int = StripedScheme.defaultWideBound,
        budget: RetryBudget = RetryBudget()
    ) {
        self.init(
            scheme: StripedScheme(pages: pages, stripeSize: stripeSize, wideBound: wideBound), space: space,
            budget: budget)
    }
}
