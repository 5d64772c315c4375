import CPlatform
import Synchronization

/// The open sections of one address space: how many there are, and how many there ever were, in one word that readers
/// load without a lock. It is also the gate through which one reader can shut every invalidation out.
///
/// Source: the counter of active invalidations that Hellwig proposed for the core (linux-mm, July 2019). A count alone
/// is unsafe, since a whole invalidation fits inside a walk; so every start also raises the generation.
///
/// Legal states of the word:
///
///     bits    what        written by
///     0-15    count       start +1, end -1: open sections
///     16      claim       a reader that wants, or has, the space for itself
///     17-63   generation  start +1: starts so far; wraps after 2^47, 16 days at 100 million a second
///
///     claim  count   meaning
///     0      0       idle
///     0      n > 0   n sections open
///     1      n > 0   draining: new starts wait a little, so that the claim can win
///     1      0       exclusive: no section is open, none can start
///
/// While a claim drains, a start waits only for a bounded time and then goes in. It may belong to a section that is
/// already open (they nest), and the claim waits for that one to end: both would wait for ever.
public struct RangeCounter: ~Copyable, Sendable {
    /// What a reader saw when it began.
    public struct Ticket: Sendable {
        @usableFromInline
        let word: UInt64

        @usableFromInline
        init(word: UInt64) { self.word = word }

        /// Whether no section was open.
        @inlinable
        public var isIdle: Bool { word & RangeCounter.countMask == 0 }
    }

    @usableFromInline
    static var countMask: UInt64 { 0xffff }
    @usableFromInline
    static var claimBit: UInt64 { 1 << 16 }
    @usableFromInline
    static var generationUnit: UInt64 { 1 << 17 }
    /// How long a start gives way to a draining claim.
    static let courtesyNanoseconds: UInt64 = 1_000_000

    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline
        let word = Atomic<UInt64>(0)
        /// The index of the thread that holds the claim, or -1: to recognise a walk that invalidates under its own.
        let claimant = Atomic<Int32>(-1)
        @usableFromInline
        init() {}
    }

    @usableFromInline
    let lines: CacheLineArray<State>

    package init() { lines = CacheLineArray(count: 1) { State() } }

    @inlinable @inline(__always)
    var word: UnsafeMutablePointer<State> { lines[0] }

    /// How many sections are open right now.
    public var activeCount: Int { Int(word.pointee.word.load(ordering: .relaxed) & Self.countMask) }

    /// Whether a reader has the space for itself, or is waiting to have it.
    public var isClaimed: Bool { word.pointee.word.load(ordering: .relaxed) & Self.claimBit != 0 }

    // MARK: Readers

    /// Begins an optimistic read: never waits. Check ``Ticket/isIdle``, walk, then ask ``readRetry(_:)``.
    @inlinable @inline(__always)
    public func readBegin() -> Ticket {
        // Acquiring: the walk comes after it, and sees the change of every section whose end this load sees
        // (pairs with the releasing subtraction in lower).
        Ticket(word: word.pointee.word.load(ordering: .acquiring))
    }

    /// Whether any section started since the ticket. To be asked inside the install section: with a lock held that
    /// every subscriber's teardown takes too. Then a start is either seen here, or tears down what is installed.
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket) -> Bool {
        // Relaxed: the lock orders it. A teardown before this section unlocked after its raise; one behind it will
        // find the install.
        let now = word.pointee.word.load(ordering: .relaxed)
        return (now ^ ticket.word) >= Self.generationUnit
    }

    /// Waits, spinning and then yielding, until no section is open. `nil` at the deadline, or where the waiter `isOver`.
    @usableFromInline
    func waitUntilIdle(until deadline: Deadline, unless isOver: () -> Bool = { false }) -> Ticket? {
        SmallLock.assertNoneHeld()
        var backoff = Backoff()
        while true {
            let ticket = readBegin()
            if ticket.isIdle { return ticket }
            if isOver() || deadline.hasPassed { return nil }
            backoff.pause()
        }
    }

    // MARK: Sections

    /// Opens a section. Must come before any subscriber is told. Returns `false` where the space is claimed and the
    /// start is not blockable.
    package func raise(isBlockable: Bool) -> Bool {
        var current = word.pointee.word.load(ordering: .relaxed)
        while current & Self.claimBit == 0 {
            precondition(current & Self.countMask != Self.countMask, "more than 65,535 invalidations are open at once")
            // Acquiring: what this section tears down comes after the installs of a claim that has ended (pairs with
            // releaseClaim). Its own teardowns are ordered after it by the locks they take.
            let (exchanged, original) = word.pointee.word.weakCompareExchange(
                expected: current, desired: current &+ 1 &+ Self.generationUnit,
                successOrdering: .acquiring, failureOrdering: .relaxed)
            if exchanged { return true }
            current = original
        }
        return isBlockable && raiseSlow()
    }

    /// Opens a section past a claim: waits for the claim to end, or, where other sections are open, for a while.
    private func raiseSlow() -> Bool {
        SmallLock.assertNoneHeld()
        let me = ThreadRegistration.index
        precondition(
            me < 0 || word.pointee.claimant.load(ordering: .relaxed) != me,
            "a walk under an exclusive read invalidates the space that it has claimed: it would wait for itself")
        let courtesy = Deadline.after(nanoseconds: Self.courtesyNanoseconds)
        var backoff = Backoff()
        while true {
            let current = word.pointee.word.load(ordering: .relaxed)
            let mayEnter = current & Self.claimBit == 0 || (current & Self.countMask != 0 && courtesy.hasPassed)
            // Acquiring: as in raise.
            if mayEnter,
                word.pointee.word.weakCompareExchange(
                    expected: current, desired: current &+ 1 &+ Self.generationUnit,
                    successOrdering: .acquiring, failureOrdering: .relaxed
                ).exchanged
            {
                return true
            }
            backoff.pause()
        }
    }

    /// Closes a section. Traps where none is open (invariant 7).
    package func lower() {
        // Releasing: the change of the pages comes before it; pairs with the acquiring loads of readBegin and claim.
        let old = word.pointee.word.wrappingSubtract(1, ordering: .releasing).oldValue
        precondition(old & Self.countMask != 0, "an invalidation ended that had not started")
    }
}

extension RangeCounter {
    /// Shuts every invalidation out: waits until none is open, and keeps new ones from starting. `false` at the
    /// deadline, or where the waiter `isOver`. While it is held the walk may sleep, but must not invalidate this space
    /// (it would trap).
    ///
    /// Only one thread at a time claims. Give back with ``releaseClaim()``.
    func claim(until deadline: Deadline, unless isOver: () -> Bool = { false }) -> Bool {
        SmallLock.assertNoneHeld()
        let me = Int32(ThreadRegistration.registeredIndex)
        // Relaxed: only this thread writes its own index there.
        precondition(
            word.pointee.claimant.load(ordering: .relaxed) != me,
            "this thread has claimed the space already: it would wait for itself")
        var backoff = Backoff()
        // Relaxed: taking the bit promises nothing yet.
        while word.pointee.word.bitwiseOr(Self.claimBit, ordering: .relaxed).oldValue & Self.claimBit != 0 {
            if isOver() || deadline.hasPassed { return false }
            backoff.pause()
        }
        word.pointee.claimant.store(me, ordering: .relaxed)
        // Acquiring: the walk sees the changes of every section that has ended (pairs with lower).
        while word.pointee.word.load(ordering: .acquiring) & Self.countMask != 0 {
            if isOver() || deadline.hasPassed {
                releaseClaim()
                return false
            }
            backoff.pause()
        }
        return true
    }

    /// Lets invalidations in again.
    func releaseClaim() {
        word.pointee.claimant.store(-1, ordering: .relaxed)
        // Releasing: what was installed under the claim comes before the next section's teardown (pairs with raise).
        word.pointee.word.bitwiseAnd(~Self.claimBit, ordering: .releasing)
    }
}
