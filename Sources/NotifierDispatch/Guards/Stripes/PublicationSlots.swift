import Synchronization

/// Which page each thread is installing without a lock: a slot for every thread that can be registered, on cache lines of
/// its own. Only its thread writes a slot.
@usableFromInline
struct PublicationSlots: ~Copyable, Sendable {
    @usableFromInline
    let lines = ThreadLines()

    /// The calling thread's slot.
    @inlinable @inline(__always)
    var mine: PublicationSlot { slot(ThreadRegistration.registeredIndex) }

    /// The slot of a thread. Safe: a fresh line is zeroes, which is what an atomic 0 looks like.
    @inlinable @inline(__always)
    func slot(_ index: Int) -> PublicationSlot {
        PublicationSlot(word: lines.line(at: index).assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    /// Waits, spinning and then yielding, until every thread has been seen to install none of the pages. To be called
    /// behind the ``ProcessBarrier``, when threads that publish one of them now will take it back.
    func waitUntilNone(in pages: Range<Int>) {
        for index in 0..<ThreadRegistration.indexLimit {
            var backoff = Backoff()
            while slot(index).isIn(pages) { backoff.pause() }
        }
    }
}

/// One thread's slot of the ``PublicationSlots``; valid as long as they are.
///
/// Legal states of the word:
///
///     value     meaning
///     0         its thread installs nothing
///     page + 1  its thread installs that page, or is about to look whether it may
@usableFromInline
struct PublicationSlot: @unchecked Sendable {
    // @unchecked: an atomic behind a pointer.
    @usableFromInline
    let word: UnsafeMutablePointer<Atomic<UInt64>>

    @inlinable @inline(__always)
    init(word: UnsafeMutablePointer<Atomic<UInt64>>) { self.word = word }

    /// Says that the calling thread is about to install a page. What it does next must be kept behind this by a
    /// ``ProcessBarrier``.
    @inlinable @inline(__always)
    func publish(_ page: Int) {
        // Releasing: an earlier install of this thread comes before it, so that who sees this page instead of that one
        // sees that install too (pairs with isIn).
        word.pointee.store(UInt64(truncatingIfNeeded: page &+ 1), ordering: .releasing)
    }

    /// Says that the calling thread installs nothing any more.
    @inlinable @inline(__always)
    func clear() {
        // Releasing: the install comes before it (pairs with isIn).
        word.pointee.store(0, ordering: .releasing)
    }

    /// Whether one of the pages is published.
    func isIn(_ pages: Range<Int>) -> Bool {
        // Acquiring: where the answer is no, what the thread installed before is visible to the teardown that follows.
        let published = word.pointee.load(ordering: .acquiring)
        return published != 0 && pages.contains(Int(published) - 1)
    }
}
