import CPlatform
import Synchronization

/// Striped validation in one step: the word of a stripe holds what a fault must check, and it is the lock that a fault must
/// take, so one exchange does both.
///
/// The race in a stripe, with the outcome that it must have:
///
///     fault                                     section of the stripe
///     ticket = word, count is 0    (acquire)    word: count + 1, generation + 1 -> in hand      (acquire)
///     walk                                      tear down
///     word -> in hand              (acquire)    in hand -> word, as changed                     (release)
///     not the ticket? put it back; again        change the pages
///     install                                   word: count - 1                                 (release)
///     in hand -> ticket            (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// The word is in one hand at a time, so the hands come in one order. If the fault's is first, the section's exchange
/// acquires what the fault released, and the teardown finds the install. If the fault's is second, the generation has moved
/// since the ticket, and the word is another; or the ticket was taken after the section's end, and its load acquired the
/// change, which the walk saw. No ticket is given between start and end, since the count is not 0. If a whole section fits
/// inside the walk, the generation shows it.
///
/// Sections over more stripes than a bound are `WideSections`. Installs and teardowns of one stripe exclude each other.
public struct StripedScheme: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// 32 stripes: 64 MiB, if a stripe has 2 MiB.
    public static var defaultWideBound: Int { 32 }

    /// The words that a fault began with, and the stripe of the first one. A fault with the stripe's lock compares that one
    /// alone; `wide` is for faults without it (``AdaptiveScheme``).
    public struct Ticket: @unchecked Sendable, BitwiseCopyable {
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
        return ticketIfIdle(of: stripe) ?? ticketWhenPutBack(of: stripe)
    }

    @inlinable @inline(__always)
    func ticketIfIdle(of stripe: UnsafeMutablePointer<Stripe>) -> Ticket? {
        // Acquiring, both: the walk comes after them, and sees the change of every section whose end they see (pairs
        // with Stripes.countEnd and WideSections.lower).
        let word = stripe.pointee.word.load(ordering: .acquiring)
        let wideWord = wide.word.load(ordering: .acquiring)
        // Idle in both words, in nobody's hand, and no section waits for that: `wideWord` and `waiting` have only a count
        // in these bits.
        let waiting = stripe.pointee.waitingSections.load(ordering: .relaxed)
        guard (word | wideWord | waiting) & (StripeWord.count | StripeWord.dead | StripeWord.lock) == 0 else {
            return nil
        }
        return Ticket(stripe: stripe, word: word, wide: wideWord)
    }

    /// How often a fault looks again at a word that is in somebody's hand, without a clock: most are put back within the time
    /// that a cache line takes to come.
    @usableFromInline
    static var looks: Int { 32 }

    /// Waits a moment for a word that is in somebody's hand; does not if it is known to be busy for longer. Traps if it is in
    /// the thread's own.
    @usableFromInline @inline(never)
    func ticketWhenPutBack(of stripe: UnsafeMutablePointer<Stripe>) -> Ticket? {
        for _ in 0..<Self.looks {
            // Relaxed: a hint.
            guard stripe.pointee.word.load(ordering: .relaxed) == StripeWord.lock else {
                return ticketIfIdle(of: stripe)
            }
            InstallSection.trapFault()
            cplatform_spin_hint()
        }
        return nil
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        // Before the exchange: a load behind it would wait for it.
        InstallSection.enter()
        // Acquiring: the install comes after the teardowns of all sections so far (pairs with Stripe.unlock).
        let word = ticket.stripe.pointee.word.exchange(StripeWord.lock, ordering: .acquiring)
        if _fastPath(word == ticket.word) { return 0 }
        return Self.beginInstallSlow(ticket, found: word)
    }

    /// Puts another word back that is not the ticket. If somebody else has the word in hand, waits for it, a millisecond at
    /// most, while no section wants it. Returns the wait in nanoseconds, above 0, or `nil` if it has not got the ticket's word.
    @usableFromInline @inline(never)
    static func beginInstallSlow(_ ticket: Ticket, found word: UInt64) -> UInt64? {
        if word != StripeWord.lock { ticket.stripe.pointee.unlock(word) }
        InstallSection.leave()
        if word != StripeWord.lock { return nil }
        let start = MonotonicClock.now()
        var backoff = Backoff()
        while ticket.stripe.pointee.waitingSections.load(ordering: .relaxed) == 0 {
            // Relaxed: only a hint when to try.
            let word = ticket.stripe.pointee.word.load(ordering: .relaxed)
            if word != StripeWord.lock {
                guard word == ticket.word else { return nil }
                InstallSection.enter()
                // Acquiring: as in beginInstall.
                if ticket.stripe.pointee.word.compareExchange(
                    expected: word, desired: StripeWord.lock, successOrdering: .acquiring, failureOrdering: .relaxed
                ).exchanged {
                    return max(1, MonotonicClock.now() &- start)
                }
                InstallSection.leave()
            }
            guard MonotonicClock.now() &- start < SmallLock.patienceNanoseconds else { return nil }
            backoff.pause()
        }
        return nil
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        InstallSection.leave()
        // Releasing: the install comes before the next section's teardown (pairs with Stripe.updateUnlocked).
        ticket.stripe.pointee.word.store(ticket.word, ordering: .releasing)
    }

    /// The pages of the page's stripe.
    public func contestedRange(at page: Int) -> InvalidationRange {
        stripes.size.range(of: stripes.size.index(of: page))
    }

    @inlinable
    public func hasCollided(_ ticket: Ticket, at page: Int) -> Bool {
        // Relaxed: a hint. A word in somebody's hand does not say what it is.
        let word = ticket.stripe.pointee.word.load(ordering: .relaxed)
        return word != ticket.word && word != StripeWord.lock
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
///     wide, idle                   (acquire)   word: generation + 1 -> in hand      (acquire)
///     walk                                     tear the stripe down
///     word -> in hand              (acquire)   in hand -> word                      (release)
///     not the ticket? again                    change; wide: count - 1              (release)
///     install; in hand -> ticket   (release)
///     Outcome: the word is another, or the section finds what the fault installed.
///
/// If the fault has the word first, the section's exchange acquires the install, and the teardown finds it. If the section
/// has it first, and the ticket is older, the word is another. If the ticket is younger, it acquires what the section
/// released: the fault sees the raise, and waits; or it sees the end, and then the walk sees the change.
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

/// A word for each stripe, of 2 MiB by default: a fault validates its walk and locks with one exchange.
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
