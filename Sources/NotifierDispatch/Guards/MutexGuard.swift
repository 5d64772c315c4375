import Synchronization

/// One pthread mutex, held from the start of an invalidation to its end, and over walk and install of a fault.
///
/// Sections must not nest in a thread or move between threads (each traps), and a walk must not invalidate.
public final class MutexGuard: TranslationGuard {
    public static var isProtected: Bool { true }
    /// A non-blockable start is a try-lock.
    public static var capabilities: SubscriberCapabilities { [.mayWouldBlock, .receivesEnd] }

    @usableFromInline
    let mutex = PthreadMutex()
    private let sections = OpenSections()
    /// Set once, with the mutex held.
    @usableFromInline
    let isDead = Atomic<Bool>(false)

    /// A guard for any number of pages.
    public init() {}

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let waited = mutex.lock()
        defer { mutex.unlock() }
        // Relaxed: written with the mutex held, which this thread holds.
        guard !isDead.load(ordering: .relaxed) else { return FaultOutcome(.dead, waitedNanoseconds: waited) }
        guard let translation = walk() else { return FaultOutcome(.absent, waitedNanoseconds: waited) }
        install(translation)
        return FaultOutcome(.installed, waitedNanoseconds: waited)
    }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        sections.begin()
        if invalidation.isBlockable {
            mutex.lock()
        } else if !mutex.tryLock() {
            sections.end()
            return .wouldBlock
        }
        teardown(invalidation.range)
        // A section of a subscription that is over may never see its end, so it holds nothing.
        if isDead.load(ordering: .relaxed) { giveBack() }
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        // Relaxed: released() sets it with the mutex held, so not while a section of another thread is open.
        guard !isDead.load(ordering: .relaxed) else { return }
        giveBack()
    }

    public func released() {
        // A section that this thread has open holds the mutex already, and its end will not come.
        if !sections.isOpenOnThisThread {
            sections.begin()
            mutex.lock()
        }
        isDead.store(true, ordering: .relaxed)
        giveBack()
    }

    private func giveBack() {
        sections.end()
        mutex.unlock()
    }
}
