import CPlatform
import Synchronization

/// How faults of ``AdaptiveScheme`` install in a biased stripe, which they do not lock, and how a section comes to know
/// that none of them installs by an old ticket any more: ``PublishedInstalls`` or ``RestartedInstalls``.
public protocol UnlockedInstalls: ~Copyable, Sendable {
    /// What a fault holds for it beside the words that it began with.
    associatedtype Ticket: Sendable, BitwiseCopyable

    /// Those of one guard.
    init()

    /// For a fault of the calling thread.
    var ticket: Ticket { get }

    /// As ``RetryScheme/beginInstall(_:over:)``: `nil` also if the stripe's word or the wide word is not the ticket's.
    func begin(
        _ ticket: Ticket, _ words: StripedScheme.Ticket, of pages: PublishedPages, in striped: borrowing StripedScheme
    ) -> UInt64?

    /// As ``RetryScheme/endInstall(_:at:)``.
    func end(_ ticket: Ticket, _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme)

    /// As ``RetryScheme/install(_:into:_:at:)``.
    func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Ticket,
        _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme
    ) -> UInt64?

    /// Traps if the calling thread is in the middle of an install that it would wait for.
    func requireNoInstallOfThisThread()

    /// The caller has changed the word that faults in these pages compare. Afterwards what those who saw the old word
    /// install is visible, or will never be.
    func waitUntilNone(in pages: Range<Int>)

    /// In a forked child: nobody installs anything.
    func resetAfterFork()
}

/// Installs whose fault publishes its page, as in ``AsymmetricScheme``. A section waits for those of its pages.
public struct PublishedInstalls: ~Copyable, UnlockedInstalls {
    @usableFromInline
    let slots = PublicationSlots()
    @usableFromInline
    let barrier: ProcessBarrier

    /// Those of one guard.
    public init() { self.init(barrier: ProcessBarrier()) }

    init(barrier: ProcessBarrier) { self.barrier = barrier }

    @inlinable @inline(__always)
    public var ticket: PublicationSlot { slots.mine }

    @inlinable @inline(__always)
    public func begin(
        _ slot: PublicationSlot, _ words: StripedScheme.Ticket, of pages: PublishedPages,
        in striped: borrowing StripedScheme
    ) -> UInt64? {
        // Acquiring, both: the install comes after them. The barrier before them pairs with a section's heavy one.
        guard barrier.publish(pages, in: slot, thenLoad: words.stripe.pointee.word) == words.word,
            striped.wide.word.load(ordering: .acquiring) == words.wide
        else {
            slot.clear()
            return nil
        }
        return 0
    }

    @inlinable @inline(__always)
    public func end(
        _ slot: PublicationSlot, _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme
    ) {
        slot.clear()
    }

    @inlinable @inline(__always)
    public func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ mine: PublicationSlot,
        _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme
    ) -> UInt64? {
        guard let waited = begin(mine, words, of: PublishedPages(page), in: striped) else { return nil }
        slot.pointee.store(translation, ordering: .releasing)
        mine.clear()
        return waited
    }

    public func requireNoInstallOfThisThread() { slots.requireNoInstallOfThisThread() }

    public func waitUntilNone(in pages: Range<Int>) {
        barrier.heavy()
        slots.waitUntilNone(in: pages)
    }

    public func resetAfterFork() { slots.resetAfterFork() }
}

/// Installs that are restartable sequences, see ``RestartableScheme``, in a stripe whose lock is free most of the time.
/// An install that is a closure takes the lock.
public struct RestartedInstalls: ~Copyable, UnlockedInstalls {
    /// A fault whose sequence was aborted so often takes the lock. Barriers come no closer than every microsecond.
    static var abortLimit: Int { 16 }

    /// Where threads have their rseq areas.
    @usableFromInline
    let area: Int

    /// Those of one guard. Traps if there are no restartable sequences: see ``RestartableSequences/refusal``.
    public init() {
        if let refusal = RestartableSequences.refusal { fatalError("\(refusal)") }
        area = RestartableSequences.area
    }

    @inlinable @inline(__always)
    public var ticket: Void { () }

    @inlinable @inline(__always)
    public func begin(
        _ ticket: Void, _ words: StripedScheme.Ticket, of pages: PublishedPages, in striped: borrowing StripedScheme
    ) -> UInt64? {
        striped.beginInstall(words, at: pages.first)
    }

    @inlinable @inline(__always)
    public func end(
        _ ticket: Void, _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme
    ) {
        striped.endInstall(words, at: page)
    }

    @inlinable @inline(__always)
    public func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Void,
        _ words: StripedScheme.Ticket, at page: Int, in striped: borrowing StripedScheme
    ) -> UInt64? {
        if _fastPath(isStored(translation, in: slot, words, unlessWide: striped.wide)) { return 0 }
        return installSlow(translation, into: slot, words, at: page, in: striped)
    }

    /// The sequence. It orders the look at the word before the store, and the store after all that came before it: pairs
    /// with the barrier of a section.
    @inlinable @inline(__always)
    func isStored(_ translation: UInt64, in slot: UnsafeMutablePointer<Atomic<UInt64>>, _ words: StripedScheme.Ticket)
        -> Bool
    {
        cplatform_restartable_store(area, words.stripe, words.word, slot, translation)
    }

    /// The same, which looks at the wide word as well.
    @inlinable @inline(__always)
    func isStored(
        _ translation: UInt64, in slot: UnsafeMutablePointer<Atomic<UInt64>>, _ words: StripedScheme.Ticket,
        unlessWide wide: borrowing WideSections
    ) -> Bool {
        // The word's address is the word's own as long as it is borrowed: an atomic cannot be copied.
        withUnsafePointer(to: wide.word) { wideWord in
            cplatform_restartable_store_if_both(
                area, words.stripe, words.word, wideWord, words.wide, slot, translation)
        }
    }

    /// Finds out why nothing was stored, and tries again if no section has come between.
    @usableFromInline @inline(never)
    func installSlow(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ words: StripedScheme.Ticket,
        at page: Int, in striped: borrowing StripedScheme
    ) -> UInt64? {
        for _ in 0..<Self.abortLimit {
            // Relaxed, both: only hints whether to try.
            let word = words.stripe.pointee.word.load(ordering: .relaxed)
            if word == StripeWord.lock { break }
            guard word == words.word, striped.wide.word.load(ordering: .relaxed) == words.wide else { return nil }
            if isStored(translation, in: slot, words, unlessWide: striped.wide) { return 0 }
        }
        // Aborted too often, without an area, or an install holds the lock, which is waited for.
        guard let waited = striped.beginInstall(words, at: page) else { return nil }
        slot.pointee.store(translation, ordering: .releasing)
        striped.endInstall(words, at: page)
        return waited
    }

    /// Locks are their section's affair.
    public func requireNoInstallOfThisThread() {}

    public func waitUntilNone(in pages: Range<Int>) { restart() }

    /// Afterwards no thread is in a sequence that had begun before.
    func restart() { ProcessBarrier.restarting.heavy() }

    public func resetAfterFork() {}
}
