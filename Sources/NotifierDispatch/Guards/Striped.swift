import CPlatform
import Synchronization

/// Striped validation in one step: a word for each stripe of the space holds what a fault must check and the lock that it
/// must take, so that one compare-and-swap does both.
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
/// Each change of the word needs the lock to be free, so the exchanges stand in one order. Where the fault's comes first,
/// the section's acquires what it released, and its teardown finds the install. Where it comes second, the generation has
/// moved since the ticket, and it fails; or the ticket was taken after the section's end, then its load acquired the
/// change, and the walk saw it. Between the two no ticket is given, since the count is not 0. The generation keeps a whole
/// section that fits inside the walk from being missed.
///
/// Sections over more stripes than a bound are `WideSections`. Installs and teardowns of one stripe exclude each other.
public struct StripedScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// 32 stripes: 64 MiB, where a stripe has 2 MiB.
    public static var defaultWideBound: Int { 32 }

    /// The words that a fault began with, and where the first one lies.
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

    /// Beyond these there are no stripes.
    public let pages: Int
    @usableFromInline
    let stripes: Stripes
    @usableFromInline
    let wide: WideSections

    /// For page numbers below `pages`; sections over more than `wideBound` stripes are announced in one place.
    public init(pages: Int, stripeSize: StripeSize, wideBound: Int) {
        self.init(pages: pages, stripeSize: stripeSize, wideBound: wideBound, word: 0)
    }

    /// With each stripe's word at `word`.
    init(pages: Int, stripeSize: StripeSize, wideBound: Int, word: UInt64) {
        self.pages = pages
        stripes = Stripes(pages: pages, size: stripeSize, word: word)
        wide = WideSections(bound: wideBound)
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = stripes.stripe(at: page)
        // The install will write the line: one transfer then, not one to read and one to write.
        cplatform_prefetch_for_write(stripe)
        // Acquiring, both: the walk comes after it, and sees the change of every section whose end it sees (pairs with the
        // ends).
        let word = stripe.pointee.word.load(ordering: .acquiring) & ~StripeWord.lock
        let wideWord = wide.word.load(ordering: .acquiring)
        // Idle in both, and no section waits for the lock: the other two have no other bits there than the count's.
        let waiting = stripe.pointee.waitingSections.load(ordering: .relaxed)
        guard (word | wideWord | waiting) & (StripeWord.count | StripeWord.dead) == 0 else { return nil }
        return Ticket(stripe: stripe, word: word, wide: wideWord)
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        var waited: UInt64 = 0
        // Acquiring: the install comes after the teardowns of all sections so far (pairs with their stores). A failure
        // reads nothing that the lock protects.
        if !ticket.stripe.pointee.word.compareExchange(
            expected: ticket.word, desired: ticket.word | StripeWord.lock, successOrdering: .acquiring,
            failureOrdering: .relaxed
        ).exchanged {
            waited = Self.beginInstallSlow(ticket.stripe, ticket.word)
            if waited == 0 { return nil }
        }
        InstallSection.enter()
        // Relaxed: the lock orders it, see WideSections.
        if wide.word.load(ordering: .relaxed) == ticket.wide { return waited }
        endInstall(ticket, at: page)
        return nil
    }

    /// Waits for the lock while nothing else about the word has moved and no section wants it, a millisecond at most.
    /// Returns how long, or 0 if it has not got the lock.
    @usableFromInline @inline(never)
    static func beginInstallSlow(_ stripe: UnsafeMutablePointer<Stripe>, _ ticket: UInt64) -> UInt64 {
        InstallSection.trapFault()
        let start = MonotonicClock.now()
        var backoff = Backoff()
        while stripe.pointee.waitingSections.load(ordering: .relaxed) == 0 {
            // Relaxed: only a hint when to try.
            let word = stripe.pointee.word.load(ordering: .relaxed)
            guard word & ~StripeWord.lock == ticket else { return 0 }
            // Acquiring: as in beginInstall.
            if word == ticket,
                stripe.pointee.word.compareExchange(
                    expected: ticket, desired: ticket | StripeWord.lock, successOrdering: .acquiring,
                    failureOrdering: .relaxed
                ).exchanged
            {
                return max(1, MonotonicClock.now() &- start)
            }
            guard MonotonicClock.now() &- start < SmallLock.patienceNanoseconds else { return 0 }
            backoff.pause()
        }
        return 0
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        InstallSection.leave()
        // Releasing: the install comes before the next section's teardown (pairs with its exchange). Nobody else changes
        // a locked word, so storing the ticket takes the lock off and nothing else.
        ticket.stripe.pointee.word.store(ticket.word, ordering: .releasing)
    }

    /// The pages of its stripe.
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
                if isWide { return word }
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

    /// Marks every stripe; each lock has been free after that, so no install is open.
    public func markDead() { stripes.markDead() }
}

/// The open sections over more stripes than a bound: counted once for the whole space instead of in each stripe, in a word
/// that every fault looks at.
///
/// A wide section still takes the lock of each stripe while it tears down there, so that it meets every install:
///
///     fault                                   wide section
///     ticket = wide, idle         (acquire)   wide: count + 1, generation + 1
///     walk                                    take the stripe's lock               (acquire)
///     take the stripe's lock      (acquire)   tear the stripe down
///     wide not the ticket? again              give the lock back                   (release)
///     install; give the lock back (release)   change; wide: count - 1              (release)
///     Outcome: the fault sees the raise, or the section finds what the fault installed.
///
/// Whoever has the lock first, the other comes after it: a fault whose lock acquires what the section's lock released sees
/// the raise that came before, and the teardown of a section whose lock comes second sees the install.
@usableFromInline
struct WideSections: ~Copyable, Sendable {
    /// Sections over more stripes than this are wide.
    let bound: Int
    /// Lies with what every fault reads of its guard: one line to fetch, also after one of the few that are written to it.
    @usableFromInline
    let word = Atomic<UInt64>(0)

    init(bound: Int) {
        precondition(bound >= 0, "the bound of wide sections is a number of stripes, 0 or above")
        self.bound = bound
    }

    /// Whether a section over these stripes is wide; the same at its start and at its end.
    func includes(_ stripes: ClosedRange<Int>) -> Bool { stripes.count > bound }

    /// Before the first stripe is torn down.
    func raise() {
        // Relaxed: the locks of the stripes, which come after it, order it.
        StripeWord.requireRoom(word.wrappingAdd(StripeWord.start, ordering: .relaxed).oldValue)
    }

    /// In a forked child: none is open.
    func resetAfterFork() {
        // Relaxed: there is one thread.
        word.store(StripeWord.afterFork(word.load(ordering: .relaxed)), ordering: .relaxed)
    }

    /// After the pages have changed.
    func lower() {
        // Releasing: the change of the pages comes before it; pairs with the load of a ticket.
        StripeWord.requireOpenSection(word.wrappingSubtract(StripeWord.section, ordering: .releasing).oldValue)
    }
}

/// A word for each stripe of 2 MiB, in which a fault validates its walk and locks with one compare-and-swap.
public typealias StripedGuard = RetryingGuard<StripedScheme>

extension RetryingGuard where Scheme == StripedScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space, and cost their end less.
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
