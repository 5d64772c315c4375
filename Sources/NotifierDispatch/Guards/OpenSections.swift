import Synchronization

/// Which threads have a section of a guard open: for guards that hold a lock from start to end, where a nested section
/// would wait for its own thread, and one that ends on another thread would give back a lock it does not own. Both trap.
@usableFromInline
struct OpenSections: ~Copyable, @unchecked Sendable {
    // @unchecked: each flag is only touched by the thread of its index.
    private let isOpen: UnsafeMutablePointer<Atomic<Bool>>

    @usableFromInline
    init() {
        isOpen = .allocate(capacity: ThreadRegistration.maximumThreads)
        for index in 0..<ThreadRegistration.maximumThreads { (isOpen + index).initialize(to: Atomic(false)) }
    }

    deinit {
        isOpen.deinitialize(count: ThreadRegistration.maximumThreads)
        isOpen.deallocate()
    }

    private var mine: UnsafeMutablePointer<Atomic<Bool>> {
        guard ThreadRegistration.index >= 0 else { ThreadRegistration.trapUnregistered() }
        return isOpen + Int(ThreadRegistration.index)
    }

    /// Whether the calling thread has a section open. Relaxed, here and below: only this thread writes its flag.
    var isOpenOnThisThread: Bool { mine.pointee.load(ordering: .relaxed) }

    /// Before the lock is taken for a section.
    func begin() {
        precondition(!isOpenOnThisThread, "sections of a guard that holds a lock across them cannot nest in a thread")
        mine.pointee.store(true, ordering: .relaxed)
    }

    /// Before the lock is given back.
    func end() {
        precondition(
            isOpenOnThisThread, "a section of a guard that holds a lock across it must end on the thread it began on")
        mine.pointee.store(false, ordering: .relaxed)
    }
}
