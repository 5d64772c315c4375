import Synchronization

/// What a guard keeps for one stripe of the space. For the word see ``StripeWord``.
@usableFromInline
struct Stripe: ~Copyable, Sendable {
    @usableFromInline
    let word: Atomic<UInt64>
    /// Faults with the lock since the last section, or since somebody asked whether to bias the stripe again. Written with
    /// the lock held, by ``AdaptiveScheme`` alone.
    @usableFromInline
    let quietFaults = Atomic<UInt32>(0)

    init(_ word: UInt64) { self.word = Atomic(word) }

    /// Changes the word while nobody holds the lock: a holder stores the word back whole. Waits, spinning and then
    /// yielding. Returns what the word was changed to.
    ///
    /// Acquiring: what comes after it comes after the last holder's section (pairs with the releasing store that gives the
    /// lock back). Releasing: what came before, such as the change of the pages before an end, comes before what a fault
    /// does whose ticket sees it (pairs with the acquiring load of a ticket).
    @discardableResult
    func updateUnlocked(_ change: (UInt64) -> UInt64) -> UInt64 {
        var backoff = Backoff()
        // Relaxed: the exchange has the ordering.
        var current = word.load(ordering: .relaxed)
        while true {
            if current & StripeWord.lock == 0 {
                let changed = change(current)
                let (exchanged, original) = word.weakCompareExchange(
                    expected: current, desired: changed, successOrdering: .acquiringAndReleasing,
                    failureOrdering: .relaxed)
                if exchanged { return changed }
                current = original
            } else {
                backoff.pause()
                current = word.load(ordering: .relaxed)
            }
        }
    }

    /// Runs `body` with the lock held, and changes the word as the lock is taken. `body` gets what it was changed to.
    func withLock(changing change: (UInt64) -> UInt64 = { $0 }, _ body: (UInt64) -> Void) {
        let locked = updateUnlocked { change($0) | StripeWord.lock }
        body(locked)
        unlock(locked)
    }

    /// Gives the lock back that was taken with this word.
    func unlock(_ locked: UInt64) {
        // Releasing: what was torn down comes before the next holder's section. Nobody else changes a locked word.
        word.store(locked & ~StripeWord.lock, ordering: .releasing)
    }
}
