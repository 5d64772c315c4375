import Synchronization

/// A lock as ``SectionLockGuard`` uses it: faults may share it, a section holds it alone.
public protocol SectionLock: ~Copyable, Sendable {
    /// A free lock.
    init()
    /// Whether ``lockForFault()`` says how long it took. `false` for a lock that would need a clock on its fast path.
    static var measuresWaits: Bool { get }
    /// Whether ``tryLockForSection()`` fails if the lock is not free. `false` for a lock without a try: it must spin
    /// and never sleep, so that a section which may not block can take it, as KVM takes its spin lock.
    static var canTry: Bool { get }
    /// Takes the lock for a fault. Returns the wait in nanoseconds; 0 if the lock was free, and if waits are not
    /// measured.
    func lockForFault() -> UInt64
    /// Gives back what ``lockForFault()`` took, on the same thread.
    func unlockForFault()
    /// Takes the lock for a section, against faults and other sections.
    func lockForSection()
    /// Takes the lock for a section if it is free. A lock without a try waits for it, and returns `true`.
    func tryLockForSection() -> Bool
    /// Gives back what ``lockForSection()`` took, on the same thread.
    func unlockForSection()
}

/// One lock for everything. An invalidation holds it from its start to its end, a fault over walk and install.
///
/// Sections must not nest in a thread or move between threads, and neither walk nor install may invalidate: each traps.
/// A walk must not wait for anything that is held around sections, such as a lock of the driver: walk and section would
/// wait for each other.
///
/// Legal states of `state`, a byte of bits:
///
///     bit  what     written by
///     0    dead     markDead(), for good; faults answer `dead`
///     1    covered  coverStarted and coverEnded; faults wait, since the guard was not told of sections that are open
///
/// A fault looks at it with the lock held. A fault that had the lock before `dead` was set may still install: the last drop
/// takes the lock after that. A covered guard has only just been registered.
public final class SectionLockGuard<Lock: SectionLock & ~Copyable>: TranslationGuard, SectionObserver {
    public static var isProtected: Bool { true }
    /// A non-blockable start tries the lock. If the lock has no try, the start spins, and does not answer `wouldBlock`.
    public static var capabilities: SubscriberCapabilities {
        Lock.canTry ? [.mayWouldBlock, .receivesEnd, .mayWaitForSections] : [.receivesEnd, .mayWaitForSections]
    }
    public static var measuresWaits: Bool { Lock.measuresWaits }

    /// One, in memory of its own, so that a forked child can make a new one in its place.
    @usableFromInline
    let locks = CacheLineArray<Lock>(count: 1) { Lock() }
    private let holders = SectionHolders()
    @usableFromInline
    let state = GuardState()
    public let registration = GuardRegistration()

    /// A guard for any number of pages.
    public init() {}

    /// Any.
    public var pages: Int { .max }

    /// All pages: there is one lock.
    @inlinable @inline(__always)
    public func checkedRange(at page: Int) -> InvalidationRange { .everything }

    @inlinable @inline(__always)
    var lock: UnsafeMutablePointer<Lock> { locks[0] }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        var waited = lock.pointee.lockForFault()
        while _slowPath(!state.isLive) {
            lock.pointee.unlockForFault()
            if let status = state.waitUntilLive() { return FaultOutcome(status, waitedNanoseconds: waited) }
            waited += lock.pointee.lockForFault()
        }
        defer { lock.pointee.unlockForFault() }
        let outer = InstallSection.enterLockedWalk()
        defer { InstallSection.leaveLockedWalk(outer) }
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
        if state.isDead { endSection() }
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        // A section that found the guard dead holds nothing, nor does one whose thread has ended the subscription.
        if holders.isOpenOnThisThread { return endSection() }
        precondition(
            state.isDead, "a section of a guard that holds a lock across it must end on the thread it began on")
    }

    public func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void) { state.cover() }

    public func coverEnded(_ range: InvalidationRange) { state.uncover() }

    public func markDead() {
        state.markDead()
        // The end of a section that this thread has open will not come.
        if holders.isOpenOnThisThread { endSection() }
    }

    public func resetAfterFork() {
        lock.initialize(to: Lock())
        holders.resetAfterFork()
        state.uncover()
    }

    @usableFromInline
    func beginSection(isBlockable: Bool) -> Bool {
        holders.begin()
        if Lock.canTry, lock.pointee.tryLockForSection() { return true }
        // Another thread's section may hold the lock, and that thread may wait for readers.
        if isBlockable ? RCU.isReading : Lock.canTry {
            holders.end()
            return false
        }
        lock.pointee.lockForSection()
        return true
    }

    @usableFromInline
    func endSection() {
        holders.end()
        lock.pointee.unlockForSection()
    }
}

/// Whether the subscription of a guard that holds a lock across sections is over or covered: see ``SectionLockGuard``.
@usableFromInline
struct GuardState: ~Copyable, Sendable {
    @usableFromInline
    let bits = Atomic<UInt8>(0)
    private static var dead: UInt8 { 1 }
    private static var covered: UInt8 { 2 }
    /// How long a fault waits for the cover to end before it answers `busy`, in nanoseconds: as in ``RetryBudget``.
    private static var patienceNanoseconds: UInt64 { 1_000_000_000 }

    @usableFromInline
    init() {}

    /// Whether neither bit is set. A fault asks with the guard's lock held, so it sees a bit that was set before another
    /// thread took and gave back that lock.
    // Acquiring: a fault that finds the cover ended sees the changes of its sections (pairs with uncover).
    @inlinable @inline(__always)
    var isLive: Bool { bits.load(ordering: .acquiring) == 0 }

    @usableFromInline
    var isDead: Bool { bits.load(ordering: .relaxed) & Self.dead != 0 }

    // Releasing, and acquiring in waitUntilLive: a fault that waits for a cover's end sees the changes of its sections.
    // The other two need no order.
    func cover() { bits.bitwiseOr(Self.covered, ordering: .releasing) }
    func uncover() { bits.bitwiseAnd(~Self.covered, ordering: .releasing) }
    func markDead() { bits.bitwiseOr(Self.dead, ordering: .releasing) }

    /// Waits until the cover has ended, without the guard's lock: returns `nil` then, otherwise why the fault ends.
    /// ``FaultOutcome/waitedNanoseconds`` does not count this wait.
    @usableFromInline @inline(never)
    func waitUntilLive() -> FaultOutcome.Status? {
        let deadline = Deadline.after(nanoseconds: Self.patienceNanoseconds)
        var backoff = Backoff()
        while true {
            let now = bits.load(ordering: .acquiring)
            if now & Self.dead != 0 { return .dead }
            if now == 0 { return nil }
            if deadline.hasPassed { return .busy }
            backoff.pause()
        }
    }
}

/// Which threads have a section of a guard open, for guards that hold a lock from start to end. A nested section would
/// wait for its own thread, and one that ends on another thread would give back a lock which that thread does not own.
/// Both trap.
@usableFromInline
struct SectionHolders: ~Copyable, Sendable {
    /// A word for each thread, 1 while it has a section open; only that thread touches it. Safe: a fresh line is
    /// zeroes.
    private let lines = ThreadLines()

    init() {}

    private var mine: UnsafeMutablePointer<UInt> {
        lines.line(at: ThreadRegistration.registeredIndex).assumingMemoryBound(to: UInt.self)
    }

    /// In a forked child: none.
    func resetAfterFork() { lines.resetAfterFork() }

    var isOpenOnThisThread: Bool { mine.pointee != 0 }

    func begin() {
        precondition(!isOpenOnThisThread, "sections of a guard that holds a lock across them cannot nest in a thread")
        mine.pointee = 1
    }

    /// Called before the lock is given back, or if it could not be taken.
    func end() {
        precondition(
            isOpenOnThisThread, "a section of a guard that holds a lock across it must end on the thread it began on")
        mine.pointee = 0
    }
}
