import Synchronization

/// The layout of a stripe's word. ``StripedScheme``, ``AsymmetricScheme`` and ``AdaptiveScheme`` use as much of it as
/// they need; the word of the ``WideSections`` has the count and the generation alone.
///
/// Legal states:
///
///     bits    what        meaning
///     0       lock        the word is in somebody's hand, and all other bits are 0: a fault installs, or a section
///                         tears down. It knows what the word was, and stores back what it is now
///     1       dead        the subscription is over
///     2       revoking    a section waits for the faults that install without the lock; count is not 0
///     3       biased      faults install without the lock; nobody holds the lock for installs
///     4-23    count       open sections
///     24-63   generation  starts so far; wraps after 2^40, three hours at 100 million a second: a walk would have to
///                         last that long, and to the very start, to take one state for the other
///
/// `revoking` and `biased` exclude each other. A ticket is a word without the lock.
///
/// The lock is taken with one exchange, which needs nothing that was loaded before: it does not wait for a load that misses,
/// as a compare-and-swap of the word would. Whoever gets a word that it did not expect stores it back.
@usableFromInline
enum StripeWord {
    @usableFromInline
    static var lock: UInt64 { 1 << 0 }
    @usableFromInline
    static var dead: UInt64 { 1 << 1 }
    @usableFromInline
    static var revoking: UInt64 { 1 << 2 }
    @usableFromInline
    static var biased: UInt64 { 1 << 3 }
    @usableFromInline
    static var section: UInt64 { 1 << 4 }
    @usableFromInline
    static var count: UInt64 { 0xf_ffff << 4 }
    @usableFromInline
    static var generation: UInt64 { 1 << 24 }

    /// What a start adds.
    @usableFromInline
    static var start: UInt64 { section &+ generation }

    /// What a word is in a forked child: of the old one, the dead bit and the next generation.
    static func afterFork(_ word: UInt64) -> UInt64 {
        let belowGeneration = generation &- 1
        return (word & (~belowGeneration | dead)) &+ generation
    }

    /// Traps if no section is open that could end (invariant 7).
    static func requireOpenSection(_ word: UInt64) {
        precondition(word & count != 0, "an invalidation ended that had not started")
    }

    /// Traps if no more sections fit into the count.
    static func requireRoom(_ word: UInt64) {
        precondition(word & count != count, "more than 1,048,575 invalidations of a stripe are open at once")
    }
}

/// What a guard keeps for one stripe of the space. For the word see ``StripeWord``.
@usableFromInline
struct Stripe: ~Copyable, Sendable {
    @usableFromInline
    let word: Atomic<UInt64>
    /// How many sections wait for the lock, in the place of the word's count, so that a fault tests both in one step.
    /// It is no part of the word, since a holder stores the word back whole. Relaxed throughout: it orders nothing, and
    /// a fault that misses it only comes first.
    @usableFromInline
    let waitingSections = Atomic<UInt64>(0)
    /// The word as a section changed it lately, for a forked child that finds the lock taken by a thread that it has not.
    /// Relaxed throughout: a section that stores it late leaves an older word.
    private let lastChange: Atomic<UInt64>
    /// Faults with the lock since the last section, or since a fault last asked whether to bias the stripe again. Only
    /// ``AdaptiveScheme`` writes it, with the lock held.
    @usableFromInline
    let quietFaults = Atomic<UInt32>(0)

    init(_ word: UInt64) {
        self.word = Atomic(word)
        lastChange = Atomic(word)
    }

    /// In a forked child: no section is open, nobody holds the lock, and the generation has moved. `bias` is ``StripeWord``'s,
    /// or 0.
    func resetAfterFork(bias: UInt64) {
        // Relaxed, all: there is one thread.
        var old = word.load(ordering: .relaxed)
        // A thread that the child has not got may have the word in hand. Then the child goes on from the last change that it
        // knows of, half of all generations away. No ticket has such a generation, unless 2^39 sections came since.
        if old == StripeWord.lock { old = lastChange.load(ordering: .relaxed) ^ 1 << 63 }
        let new = StripeWord.afterFork(old) | bias
        word.store(new, ordering: .relaxed)
        lastChange.store(new, ordering: .relaxed)
        waitingSections.store(0, ordering: .relaxed)
        quietFaults.store(0, ordering: .relaxed)
    }

    /// Changes the word for a section, while nobody holds the lock. Takes the lock if the changed word has it. Returns the
    /// changed word.
    ///
    /// Waits, spinning, yielding, then sleeping, for the holder of the lock and for faults that are about to take it.
    /// Other faults give way: they follow each other so closely that the section might never find the lock free.
    ///
    /// Acquiring: what comes after it comes after the last holder's section (pairs with the releasing store that gives
    /// the lock back). Releasing: what came before, such as the change of the pages before an end, comes before what a
    /// fault does whose ticket sees it (pairs with the acquiring load of a ticket).
    @discardableResult
    func updateUnlocked(_ change: (UInt64) -> UInt64) -> UInt64 {
        // Relaxed: the exchange has the ordering.
        var current = word.load(ordering: .relaxed)
        while current & StripeWord.lock == 0 {
            let changed = change(current)
            let original = exchange(current, for: changed)
            if original == current { return changed }
            current = original
        }
        return updateUnlockedSlow(change)
    }

    /// Returns what the word was: `current`, if it is `changed` now.
    @inline(__always)
    private func exchange(_ current: UInt64, for changed: UInt64) -> UInt64 {
        let isTaken = changed & StripeWord.lock != 0
        let (exchanged, original) = word.compareExchange(
            expected: current, desired: isTaken ? StripeWord.lock : changed, successOrdering: .acquiringAndReleasing,
            failureOrdering: .relaxed)
        if exchanged { lastChange.store(changed & ~StripeWord.lock, ordering: .relaxed) }
        return original
    }

    @inline(never)
    private func updateUnlockedSlow(_ change: (UInt64) -> UInt64) -> UInt64 {
        InstallSection.trapStart()
        waitingSections.wrappingAdd(StripeWord.section, ordering: .relaxed)
        defer { waitingSections.wrappingSubtract(StripeWord.section, ordering: .relaxed) }
        var backoff = Backoff()
        while true {
            let current = word.load(ordering: .relaxed)
            if current & StripeWord.lock == 0 {
                let changed = change(current)
                if exchange(current, for: changed) == current { return changed }
            }
            backoff.pause()
        }
    }

    /// Takes the lock and changes the word in one step, runs `body` with the changed word, and gives the lock back.
    func withLock(changing change: (UInt64) -> UInt64 = { $0 }, _ body: (UInt64) -> Void) {
        let locked = updateUnlocked { change($0) | StripeWord.lock }
        body(locked)
        unlock(locked)
    }

    /// Gives back the lock, and with it this word.
    func unlock(_ locked: UInt64) {
        // Releasing: the teardown comes before the next holder's section (pairs with updateUnlocked and beginInstall).
        word.store(locked & ~StripeWord.lock, ordering: .releasing)
    }
}

/// The stripes of a guard, each on cache lines of its own.
@usableFromInline
struct Stripes: ~Copyable, Sendable {
    @usableFromInline
    let size: StripeSize
    @usableFromInline
    let lines: CacheLineArray<Stripe>
    /// Whether each stripe was marked as dead by ``markDead()``. A stripe whose word is in somebody's hand does not say so.
    @usableFromInline
    let areDead = Atomic(false)

    /// For page numbers below `pages`; each stripe's word begins as `word`.
    init(pages: Int, size: StripeSize, word: UInt64 = 0) {
        self.size = size
        lines = CacheLineArray(count: size.count(pages: pages)) { Stripe(word) }
    }

    var count: Int { lines.count }

    /// A stripe; traps if there is no such stripe.
    @inlinable @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Stripe> {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: lines.count), "a page lies beyond those the guard was made for")
        return lines[index]
    }

    @inlinable @inline(__always)
    func stripe(at page: Int) -> UnsafeMutablePointer<Stripe> { self[size.index(of: page)] }

    /// Whether the page's stripe is marked as dead.
    @inlinable
    func isDead(at page: Int) -> Bool {
        // Relaxed: nothing is read on the strength of the answer, and a thread that comes after markDead() reads true.
        stripe(at: page).pointee.word.load(ordering: .relaxed) & StripeWord.dead != 0
            || areDead.load(ordering: .relaxed)
    }

    /// Counts the end of a section that its start counted in each of these stripes.
    func countEnd(in covered: ClosedRange<Int>) {
        for index in covered {
            self[index].pointee.updateUnlocked { word in
                StripeWord.requireOpenSection(word)
                return word &- StripeWord.section
            }
        }
    }

    /// In a forked child.
    func resetAfterFork(bias: UInt64 = 0) {
        for index in 0..<count { self[index].pointee.resetAfterFork(bias: bias) }
    }

    /// Marks every stripe, each while nobody holds its lock.
    func markDead() {
        for index in 0..<count { self[index].pointee.updateUnlocked { $0 | StripeWord.dead } }
        // Relaxed: as in isDead(at:).
        areDead.store(true, ordering: .relaxed)
    }
}

/// The size of the parts into which a guard divides the space: a power of two of pages. Faults and sections in
/// different parts do not meet.
public struct StripeSize: Hashable, Sendable {
    /// Below 64, which the compiler does not know: shifts by it that are defined for any amount take ten instructions.
    @usableFromInline
    let shift: Int

    @inlinable
    init(shift: Int) { self.shift = shift }

    /// 2 MiB: 512 pages of 4 KiB.
    @inlinable
    public static var hugePage: StripeSize { StripeSize(shift: 9) }

    /// Stripes of `pages` pages; `nil` if that is no power of two.
    public init?(pages: Int) {
        guard pages > 0, pages.nonzeroBitCount == 1 else { return nil }
        self.init(shift: pages.trailingZeroBitCount)
    }

    /// How many pages a stripe has.
    public var pages: Int { 1 << shift }

    @usableFromInline
    func count(pages: Int) -> Int { (pages + self.pages - 1) >> shift }

    @inlinable @inline(__always)
    func index(of page: Int) -> Int { page &>> shift }

    @usableFromInline
    func indices(of range: InvalidationRange) -> ClosedRange<Int> {
        index(of: range.startPage)...index(of: range.endPage - 1)
    }

    /// The part of a range that lies in one of the stripes that it touches.
    @usableFromInline
    func part(of range: InvalidationRange, in stripe: Int) -> InvalidationRange {
        let pages = self.range(of: stripe)
        return InvalidationRange(
            start: max(range.startPage, pages.startPage), end: min(range.endPage, pages.endPage))
    }

    @inlinable @inline(__always)
    func range(of stripe: Int) -> InvalidationRange {
        InvalidationRange(start: stripe &<< shift, end: (stripe + 1) &<< shift)
    }
}
