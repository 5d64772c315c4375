import Glibc
import Synchronization

/// Which page each thread is installing without a lock: a slot for every thread that can be registered, on cache lines of
/// its own. Only its thread writes a slot.
///
/// Legal states of a slot:
///
///     value     meaning
///     0         its thread installs nothing
///     page + 1  its thread installs that page, or is about to look whether it may
@usableFromInline
struct PublicationSlots: ~Copyable, @unchecked Sendable {
    // @unchecked: the slots are atomics behind a pointer that never changes.
    @usableFromInline
    let base: UnsafeMutableRawPointer

    @usableFromInline
    static var stride: Int { CacheLineArray<Atomic<UInt64>>.stride }
    private static var byteCount: Int { ThreadRegistration.maximumThreads * stride }

    /// All slots empty. They take 512 KiB of addresses, and of memory what the threads that publish touch.
    init() {
        // Fresh pages of the kernel's: zero, and not there until somebody writes to them.
        guard
            let pages = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            pages != MAP_FAILED
        else { fatalError("no memory for the slots of \(ThreadRegistration.maximumThreads) threads") }
        base = pages
    }

    deinit { munmap(base, Self.byteCount) }

    /// The slot of a thread. Safe: the memory lies zeroed, which is what an atomic 0 looks like, and `index` is below
    /// `maximumThreads`.
    @inlinable @inline(__always)
    func slot(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + index &* Self.stride).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The calling thread's, which it looks up once a fault.
    @inlinable @inline(__always)
    var mine: UnsafeMutablePointer<Atomic<UInt64>> {
        let index = ThreadRegistration.index
        guard index >= 0 else { ThreadRegistration.trapUnregistered() }
        return slot(Int(index))
    }

    /// Says that the calling thread is about to install a page. What it does next must be kept behind this by a
    /// ``ProcessBarrier``.
    @inlinable @inline(__always)
    static func publish(_ page: Int, in mine: UnsafeMutablePointer<Atomic<UInt64>>) {
        // Releasing: what the last install wrote comes before it, where no clearing of the slot lies between.
        mine.pointee.store(UInt64(truncatingIfNeeded: page &+ 1), ordering: .releasing)
    }

    /// Says that the calling thread installs nothing any more.
    @inlinable @inline(__always)
    static func clear(_ mine: UnsafeMutablePointer<Atomic<UInt64>>) {
        // Releasing: the install comes before it; pairs with waitUntilNone.
        mine.pointee.store(0, ordering: .releasing)
    }

    /// Waits, spinning and then yielding, until every thread has been seen to install none of the pages. To be called
    /// behind the ``ProcessBarrier``, when threads that publish one of them now will take it back.
    func waitUntilNone(in pages: Range<Int>) {
        for index in 0..<ThreadRegistration.indexLimit {
            var backoff = Backoff()
            // Acquiring: what the thread installed before it cleared its slot is visible to the teardown.
            while isIn(pages, slot(index).pointee.load(ordering: .acquiring)) { backoff.pause() }
        }
    }

    private func isIn(_ pages: Range<Int>, _ published: UInt64) -> Bool {
        published != 0 && pages.contains(Int(published) - 1)
    }
}
