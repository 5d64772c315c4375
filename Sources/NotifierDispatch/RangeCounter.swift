import CPlatform
import Synchronization

/// The open sections of one address space: how many there are, and how many there ever were, in one word that readers
/// load without a lock.
///
/// Source: the counter of active invalidations that Hellwig proposed for the core (linux-mm, July 2019). A count alone
/// is unsafe, since a whole invalidation fits inside a walk. So every start also raises the generation.
///
/// The count is kept apart for two epochs. So a thread can wait for the sections that are open now although new ones
/// start all the time (see `OpenSections`). A sleepable RCU has two counters for this; here one word does.
///
/// Legal states of the word:
///
///     bits    what         written by
///     0-13    even count   starts and ends of sections that started in an even epoch
///     14-27   odd count    the same, of an odd epoch
///     28-29   epoch        modulo 4; advance(from:), only while no section of the epoch before is open
///     30-63   generation   each start adds 1
///
/// The generation wraps after 2^34 starts, half an hour at 10 million a second. A walk mistakes one generation for
/// another only if exactly that many sections start during it.
public struct RangeCounter: ~Copyable, Sendable {
    /// What a reader saw when it began.
    public struct Ticket: Sendable, BitwiseCopyable {
        @usableFromInline
        let word: UInt64

        @usableFromInline
        init(word: UInt64) { self.word = word }

        /// Whether no section was open.
        @inlinable
        public var isIdle: Bool { word & RangeCounter.countsMask == 0 }
    }

    /// The most sections of one epoch that can be open at once.
    public static let limit = 16_383

    @usableFromInline
    static var countsMask: UInt64 { (1 << 28) - 1 }
    @usableFromInline
    static var generationUnit: UInt64 { 1 << 30 }
    private static var countBits: UInt64 { 14 }
    private static var epochShift: UInt64 { 28 }

    @usableFromInline
    let lines: CacheLineArray<Atomic<UInt64>>

    package init() { lines = CacheLineArray(count: 1) { Atomic(0) } }

    @inlinable @inline(__always)
    var word: UnsafeMutablePointer<Atomic<UInt64>> { lines[0] }

    /// How many sections are open right now.
    public var activeCount: Int {
        let word = word.pointee.load(ordering: .relaxed)
        return Self.count(of: 0, in: word) + Self.count(of: 1, in: word)
    }

    // MARK: Readers

    /// Begins an optimistic read. Never waits. Check ``Ticket/isIdle``, walk, then ask ``readRetry(_:)``.
    @inlinable @inline(__always)
    public func readBegin() -> Ticket {
        // Acquiring: the walk comes after it, and sees the change of every section whose end this load sees (pairs with
        // the subtraction in lower).
        Ticket(word: word.pointee.load(ordering: .acquiring))
    }

    /// Whether any section started since the ticket. Ask this inside the install section, with a lock held that every
    /// subscriber's teardown takes, too. Then either this sees a start, or its teardown removes what is installed.
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket) -> Bool {
        // Relaxed: the lock orders it. A teardown before this section gave the lock back after its raise. One behind it
        // finds the install.
        let now = word.pointee.load(ordering: .relaxed)
        return (now ^ ticket.word) >= Self.generationUnit
    }

    // MARK: Sections

    /// Opens a section. Must come before any subscriber is told. Returns the parity of the section's epoch, 0 or 1, to
    /// be given back to ``lower(parity:)``. Traps at the 16,384th open section of an epoch: a count rises nowhere else.
    @inline(__always)
    package func raise() -> UInt64 {
        // Relaxed: the exchange has the ordering.
        var current = word.pointee.load(ordering: .relaxed)
        while true {
            let parity = Self.parity(of: current)
            precondition(
                Self.count(of: parity, in: current) < Self.limit, "more than 16,383 invalidations are open at once")
            // Sequentially consistent: comes before the loads of the newest serial and of the flag of the interval
            // half. A registration stores these and then loads this word (in `state`), so one of the two sees the
            // other.
            let (exchanged, original) = word.pointee.weakCompareExchange(
                expected: current, desired: current &+ Self.unit(parity) &+ Self.generationUnit,
                successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed)
            if exchanged { return parity }
            current = original
        }
    }

    /// Closes a section. Traps if none is open (invariant 7). Returns whether it was the last one of its parity.
    @inline(__always)
    package func lower(parity: UInt64) -> Bool {
        // Sequentially consistent: releases the change of the pages to readBegin, and comes before the load of the
        // number of covers (see OpenSections).
        let old = word.pointee.wrappingSubtract(Self.unit(parity), ordering: .sequentiallyConsistent).oldValue
        let count = Self.count(of: parity, in: old)
        precondition(count != 0, "an invalidation ended that had not started")
        return count == 1
    }

    // MARK: Epochs

    /// In a forked child: no section is open, and a ticket of the parent's is void.
    func resetAfterFork() {
        // Relaxed: there is one thread.
        let old = word.pointee.load(ordering: .relaxed)
        word.pointee.store((old & ~Self.countsMask) &+ Self.generationUnit, ordering: .relaxed)
    }

    /// The word as a registration loads it, after it has published itself.
    ///
    /// Sequentially consistent: pairs with raise. It also acquires the changes of the sections whose ends it sees.
    var state: State { State(word: word.pointee.load(ordering: .sequentiallyConsistent)) }

    /// One state of the word: which epoch it is, and which sections are open.
    struct State {
        fileprivate let word: UInt64

        /// Whether no section is open.
        var isIdle: Bool { word & RangeCounter.countsMask == 0 }

        /// The epoch, modulo 4.
        var epoch: UInt64 { RangeCounter.epoch(of: word) }

        /// The present epoch, modulo 4, if a section of it is open; otherwise the epoch before.
        var newestOpenEpoch: UInt64 {
            RangeCounter.count(of: epoch & 1, in: word) == 0 ? (epoch &- 1) & 3 : epoch
        }

        /// Whether every section of epoch `earlier` and of the epochs before it has ended. A wrong no is possible if
        /// the epoch has been advanced four times or more since `earlier`; a wrong yes is not.
        func haveEnded(since earlier: UInt64) -> Bool {
            switch (epoch &- earlier) & 3 {
            case 0: false
            case 1: RangeCounter.count(of: earlier & 1, in: word) == 0
            default: true
            }
        }

        /// Whether no section of the epoch before is open, so that the next one may begin.
        var mayAdvance: Bool { RangeCounter.count(of: ~epoch & 1, in: word) == 0 }
    }

    /// Begins the next epoch: sections that start from now on are counted apart. `false` if the word has changed since
    /// this state, or sections of the epoch before are open.
    func advance(from state: State) -> Bool {
        guard state.mayAdvance else { return false }
        let desired = state.word & ~(3 << Self.epochShift) | ((state.epoch &+ 1) & 3) << Self.epochShift
        // Relaxed: it changes no count and promises nothing. A thread that acts on it loads the state again.
        return word.pointee.compareExchange(expected: state.word, desired: desired, ordering: .relaxed).exchanged
    }

    private static func epoch(of word: UInt64) -> UInt64 { word >> epochShift & 3 }

    @inline(__always)
    private static func parity(of word: UInt64) -> UInt64 { word >> epochShift & 1 }

    @inline(__always)
    private static func unit(_ parity: UInt64) -> UInt64 { 1 &<< (parity &* countBits) }

    @inline(__always)
    private static func count(of parity: UInt64, in word: UInt64) -> Int {
        Int(word &>> (parity &* countBits) & UInt64(limit))
    }
}
