import Synchronization

/// A lock as ``SectionLockGuard`` uses it: faults may share it, a section has it alone.
public protocol SectionLock: ~Copyable, Sendable {
    /// A lock that nobody holds.
    init()
    /// Whether ``lockForFault()`` says how long it took. `false` for a lock that could only do so with a clock on its fast
    /// path.
    static var measuresWaits: Bool { get }
    /// Whether ``tryLockForSection()`` leaves a lock alone that is not free. `false` for a lock without a try: it must spin
    /// and never sleep, so that a section which may not block can take it, as KVM takes its spin lock.
    static var canTry: Bool { get }
    /// Takes the lock for a fault. Returns how long that took in nanoseconds; 0 where it was free, and always where waits
    /// are not measured.
    func lockForFault() -> UInt64
    /// Gives back what ``lockForFault()`` took, on the same thread.
    func unlockForFault()
    /// Takes the lock for a section, against faults and other sections.
    func lockForSection()
    /// ``lockForSection()`` where nobody has to be waited for; whatever it takes, and `true`, where there is no try.
    func tryLockForSection() -> Bool
    /// Gives back what ``lockForSection()`` took, on the same thread.
    func unlockForSection()
}

/// One lock for everything, held from the start of an invalidation to its end, and over walk and install of a fault.
///
/// Sections must not nest in a thread or move between threads (each traps), and a walk must not invalidate.
public final class SectionLockGuard<Lock: SectionLock & ~Copyable>: ListedGuard {
    public static var isProtected: Bool { true }
    /// A non-blockable start is a try-lock; where the lock has none it spins, and never would block.
    public static var capabilities: SubscriberCapabilities {
        Lock.canTry ? [.mayWouldBlock, .receivesEnd] : .receivesEnd
    }
    public static var measuresWaits: Bool { Lock.measuresWaits }

    @usableFromInline
    let lock = Lock()
    private let sections = OpenSections()
    /// Set once, with the lock held for a section.
    @usableFromInline
    let isDead = Atomic<Bool>(false)

    /// A guard for any number of pages.
    public init() {}

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let waited = lock.lockForFault()
        defer { lock.unlockForFault() }
        // Relaxed: written with the lock held against faults, and this thread holds it for one.
        guard !isDead.load(ordering: .relaxed) else { return FaultOutcome(.dead, waitedNanoseconds: waited) }
        guard let translation = walk() else { return FaultOutcome(.absent, waitedNanoseconds: waited) }
        install(translation)
        return FaultOutcome(.installed, waitedNanoseconds: waited)
    }

    @inlinable
    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        guard beginSection(isBlockable: invalidation.isBlockable) else { return .wouldBlock }
        teardown(invalidation.range)
        // A section of a subscription that is over may never see its end, so it holds nothing.
        if isDead.load(ordering: .relaxed) { endSection() }
        return .done
    }

    @inlinable
    public func invalidationEnded(_ invalidation: Invalidation) {
        // Relaxed: markDead() sets it with the lock held, so not while a section of another thread is open.
        guard !isDead.load(ordering: .relaxed) else { return }
        endSection()
    }

    public func markDead() {
        // A section that this thread has open holds the lock already, and its end will not come.
        if !sections.isOpenOnThisThread { _ = beginSection(isBlockable: true) }
        isDead.store(true, ordering: .relaxed)
        endSection()
    }

    @usableFromInline
    func beginSection(isBlockable: Bool) -> Bool {
        sections.begin()
        if isBlockable {
            lock.lockForSection()
        } else if !lock.tryLockForSection() {
            sections.end()
            return false
        }
        return true
    }

    @usableFromInline
    func endSection() {
        sections.end()
        lock.unlockForSection()
    }
}

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

    private var mine: UnsafeMutablePointer<Atomic<Bool>> { isOpen + ThreadRegistration.registeredIndex }

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
