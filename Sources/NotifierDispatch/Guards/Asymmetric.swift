import Synchronization

/// Faults without a lock: a fault only says which page it is installing, and later that it is done. A section waits for
/// those that install its pages.
///
/// The kind of barrier decides which side pays for it: see ``AsymmetricScheme`` and ``FencedScheme``.
///
/// The race in a stripe, with the outcome that it must have:
///
///     fault                                     section of the stripe
///     ticket = word, count is 0    (acquire)    word: count + 1, generation + 1
///     walk                                      barrier, the section's side
///     my slot = page               (release)    every slot with a page of its range: wait  (acquire)
///     barrier, the fault's side                 tear down
///     word not the ticket? again   (acquire)    release fence; change the pages
///     install                                   word: count - 1                            (release)
///     my slot = none               (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// The two sides of the barrier leave two cases: the fault sees the raise, and clears its slot without an
/// install; or the section sees the page and waits for the install, which its teardown then finds. A fault that
/// publishes after the section has looked sees the raise. No ticket is given between start and end. A ticket that is
/// given after the end acquires the change, and the walk sees it. If a whole section fits inside the walk, the
/// generation shows it.
///
/// The walk lies outside the published time. Otherwise a start would wait for a walk that sleeps, and a walk that
/// invalidates would wait for itself. Installs of one page run beside each other, and beside teardowns of other pages:
/// they must write independent atomic words.
public struct PublishingScheme<Barrier: PublicationBarrier>: ~Copyable, SectionObserver, RetryScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// The word that a fault began with, its stripe, and the thread's slot.
    public struct Ticket: @unchecked Sendable, BitwiseCopyable {
        // @unchecked: atomics behind pointers.
        @usableFromInline
        let stripe: UnsafeMutablePointer<Stripe>
        @usableFromInline
        let slot: PublicationSlot
        @usableFromInline
        let word: UInt64

        @inlinable @inline(__always)
        init(stripe: UnsafeMutablePointer<Stripe>, slot: PublicationSlot, word: UInt64) {
            self.stripe = stripe
            self.slot = slot
            self.word = word
        }
    }

    /// There are stripes for page numbers below this.
    public let pages: Int
    @usableFromInline
    let stripes: Stripes
    @usableFromInline
    let slots = PublicationSlots()
    @usableFromInline
    let barrier: Barrier

    /// For page numbers below `pages`.
    public init(pages: Int, stripeSize: StripeSize) {
        self.init(pages: pages, stripeSize: stripeSize, barrier: Barrier())
    }

    init(pages: Int, stripeSize: StripeSize, barrier: Barrier) {
        self.pages = pages
        stripes = Stripes(pages: pages, size: stripeSize)
        self.barrier = barrier
    }

    // MARK: Faults

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        let stripe = stripes.stripe(at: page)
        // Acquiring: the walk comes after it, and sees the change of every section whose end it sees (pairs with
        // invalidationEnded).
        let word = stripe.pointee.word.load(ordering: .acquiring)
        guard word & (StripeWord.count | StripeWord.dead) == 0 else { return nil }
        return Ticket(stripe: stripe, slot: slots.mine, word: word)
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        beginInstall(ticket, publishing: PublishedPages(page))
    }

    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, over range: InvalidationRange) -> UInt64? {
        beginInstall(ticket, publishing: PublishedPages(range))
    }

    @inlinable @inline(__always)
    func beginInstall(_ ticket: Ticket, publishing pages: PublishedPages) -> UInt64? {
        guard barrier.publish(pages, in: ticket.slot, thenLoad: ticket.stripe.pointee.word) == ticket.word else {
            ticket.slot.clear()
            return nil
        }
        return 0
    }

    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) { ticket.slot.clear() }

    /// The pages of the page's stripe.
    public func contestedRange(at page: Int) -> InvalidationRange {
        stripes.size.range(of: stripes.size.index(of: page))
    }

    @inlinable
    public func hasCollided(_ ticket: Ticket, at page: Int) -> Bool {
        // Relaxed: a hint.
        ticket.stripe.pointee.word.load(ordering: .relaxed) != ticket.word
    }

    @inlinable
    public func isDead(at page: Int) -> Bool { stripes.isDead(at: page) }
}

extension PublishingScheme {
    // MARK: Sections

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        slots.requireNoInstallOfThisThread()
        for index in stripes.size.indices(of: invalidation.range) {
            // Relaxed: the barrier comes after it (pairs with the fault's side in beginInstall).
            StripeWord.requireRoom(
                stripes[index].pointee.word.wrappingAdd(StripeWord.start, ordering: .relaxed).oldValue)
        }
        barrier.heavy()
        slots.waitUntilNone(in: invalidation.range.pages)
        teardown(invalidation.range)
        // Releasing: the teardown comes before the change. A reader that acquires the change sees no translations.
        atomicMemoryFence(ordering: .releasing)
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        for index in stripes.size.indices(of: invalidation.range) {
            // Releasing: the change of the pages comes before it (pairs with the load of a ticket).
            StripeWord.requireOpenSection(
                stripes[index].pointee.word.wrappingSubtract(StripeWord.section, ordering: .releasing).oldValue)
        }
    }

    public func resetAfterFork() {
        stripes.resetAfterFork()
        slots.resetAfterFork()
    }

    /// Marks every stripe, and waits for the installs that did not see the mark.
    public func markDead() {
        // Relaxed: as in invalidationStarted.
        for index in 0..<stripes.count {
            stripes[index].pointee.word.bitwiseOr(StripeWord.dead, ordering: .relaxed)
        }
        barrier.heavy()
        slots.waitUntilNone(in: 0..<Int.max)
    }
}

/// How faults that publish their page and sections that raise a word see each other: a fault that does not see the raise
/// has its page seen.
public protocol PublicationBarrier: Sendable {
    /// One that is ready to use.
    init()

    /// The fault's side: publishes the pages in the calling thread's slot, and then loads the word. Acquiring: the install
    /// comes after the load.
    func publish(_ pages: PublishedPages, in slot: PublicationSlot, thenLoad word: borrowing Atomic<UInt64>) -> UInt64

    /// The section's side, after its raises and before its looks at the slots.
    func heavy()
}

extension ProcessBarrier: PublicationBarrier {
    @inlinable @inline(__always)
    public func publish(
        _ pages: PublishedPages, in slot: PublicationSlot, thenLoad word: borrowing Atomic<UInt64>
    ) -> UInt64 {
        slot.publish(pages)
        light()
        // Acquiring: the install comes after it.
        return word.load(ordering: .acquiring)
    }
}

/// Which pages each thread is installing without a lock. Every thread that can be registered has a slot, on cache lines
/// of its own, and only that thread writes it.
@usableFromInline
struct PublicationSlots: ~Copyable, Sendable {
    @usableFromInline
    let lines = ThreadLines()

    @inlinable @inline(__always)
    var mine: PublicationSlot { slot(ThreadRegistration.registeredIndex) }

    /// The slot of the thread with this index. Safe: a fresh line is zeroes, the bytes of an atomic 0.
    @inlinable @inline(__always)
    func slot(_ index: Int) -> PublicationSlot {
        PublicationSlot(word: lines.line(at: index).assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    /// In a forked child: nobody installs anything.
    func resetAfterFork() { lines.resetAfterFork() }

    /// Traps if the calling thread is installing something: its section would wait for that install, or two such threads
    /// for each other.
    func requireNoInstallOfThisThread() {
        let me = ThreadRegistration.index
        if _slowPath(me >= 0 && slot(Int(me)).isTaken) { InstallSection.trapStartInInstall() }
    }

    /// Waits, spinning, yielding, then sleeping, until it has seen that each thread installs none of the pages. The
    /// caller has run the section's side of the barrier: a thread that publishes one of the pages from then on clears its
    /// slot without an install.
    func waitUntilNone(in pages: Range<Int>) {
        for index in 0..<ThreadRegistration.indexLimit {
            var backoff = Backoff()
            while slot(index).isIn(pages) { backoff.pause() }
        }
    }
}

/// What a thread says in its slot: the pages that it installs. One page is its number and 1, without a shift or a test.
///
/// Legal states of the word:
///
///     bits 0-47  bits 48-63  meaning
///     0          0           its thread installs nothing
///     page + 1   more        its thread installs that page and so many more behind it, or is about to check its ticket;
///                            65,535 stands for all pages behind it
public struct PublishedPages: Sendable {
    @usableFromInline
    let word: UInt64

    @usableFromInline
    static var shift: UInt64 { 48 }
    @usableFromInline
    static var mostMore: Int { 0xffff }

    /// One page, below 2^48 - 1.
    @inlinable @inline(__always)
    init(_ page: Int) { word = UInt64(truncatingIfNeeded: page &+ 1) }

    /// The pages of a range that begins below 2^48 - 1.
    @inlinable @inline(__always)
    init(_ range: InvalidationRange) {
        let more = min(range.count &- 1, Self.mostMore)
        word = UInt64(truncatingIfNeeded: range.startPage &+ 1) | UInt64(truncatingIfNeeded: more) &<< Self.shift
    }

    /// What a slot's word says; `nil` for nothing.
    init?(word: UInt64) {
        guard word != 0 else { return nil }
        self.word = word
    }

    /// The first of them.
    @inlinable @inline(__always)
    var first: Int { Int(truncatingIfNeeded: word & (1 &<< Self.shift &- 1)) &- 1 }

    func overlap(_ pages: Range<Int>) -> Bool {
        let more = Int(word >> Self.shift)
        let isOpen = more == Self.mostMore
        return first < pages.upperBound && (isOpen || pages.lowerBound <= first + more)
    }
}

/// One thread's slot, in which it says which pages it is installing, see ``PublishedPages``; valid as long as its scheme.
public struct PublicationSlot: @unchecked Sendable, BitwiseCopyable {
    // @unchecked: an atomic behind a pointer.
    @usableFromInline
    let word: UnsafeMutablePointer<Atomic<UInt64>>

    @inlinable @inline(__always)
    init(word: UnsafeMutablePointer<Atomic<UInt64>>) { self.word = word }

    /// Whether the calling thread, whose slot it is, is installing something.
    // Relaxed: only this thread writes it.
    @inlinable @inline(__always)
    var isTaken: Bool { word.pointee.load(ordering: .relaxed) != 0 }

    /// Says that the calling thread is about to install these pages. The caller then runs the fault's side of a barrier, and
    /// checks its ticket. Traps inside an install: the slot has room for one.
    @inlinable @inline(__always)
    func publish(_ pages: PublishedPages) {
        if _slowPath(isTaken) { InstallSection.trapNestedFault() }
        // Releasing: an earlier install of this thread comes before it. A section that finds these pages instead of the
        // earlier ones sees that install (pairs with isIn).
        word.pointee.store(pages.word, ordering: .releasing)
    }

    /// The same with one locked instruction, behind which a sequentially consistent load comes.
    @inlinable @inline(__always)
    func publishExchanging(_ pages: PublishedPages) {
        if _slowPath(isTaken) { InstallSection.trapNestedFault() }
        // Sequentially consistent: see LockedExchange. It releases, too: as above.
        _ = word.pointee.exchange(pages.word, ordering: .sequentiallyConsistent)
    }

    @inlinable @inline(__always)
    func clear() {
        // Releasing: the install comes before it (pairs with isIn).
        word.pointee.store(0, ordering: .releasing)
    }

    func isIn(_ pages: Range<Int>) -> Bool {
        // Acquiring: if the answer is no, the teardown that follows sees what the thread installed before (pairs with
        // publish and clear).
        let published = PublishedPages(word: word.pointee.load(ordering: .acquiring))
        return published?.overlap(pages) ?? false
    }
}

/// Faults without a lock, a fence or a read-modify-write. An invalidation pays for both sides with a barrier in every
/// running thread of the process.
public typealias AsymmetricScheme = PublishingScheme<ProcessBarrier>

/// Faults without a lock, a fence or a read-modify-write; each invalidation pays for that with membarrier(2).
public typealias AsymmetricGuard = RetryingGuard<AsymmetricScheme>

extension RetryingGuard where Scheme: ~Copyable {
    /// A guard for a subscriber of `space`, for page numbers below `pages`: an ``AsymmetricGuard`` or a ``FencedGuard``.
    public convenience init<Barrier: PublicationBarrier>(
        space: AddressSpace, pages: Int, stripeSize: StripeSize = .hugePage, budget: RetryBudget = RetryBudget()
    ) where Scheme == PublishingScheme<Barrier> {
        self.init(scheme: Scheme(pages: pages, stripeSize: stripeSize), space: space, budget: budget)
    }
}
