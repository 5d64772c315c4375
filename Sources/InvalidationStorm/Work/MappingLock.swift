import NotifierDispatch

/// A lock of the driver's own, as a process's mmap_lock: held around each section and over each walk. The guard does not
/// know of it.
///
///     invalidator                               fault
///     lock                                      begin
///     start: waits for whom the guard names     lock; look the page up; unlock
///     change                                    install, or begin again
///     end
///     unlock
///     Outcome: both come through, if no start waits for a walk.
///
/// The walk waits for the lock's holder, so the holder must wait for no walk: a guard that is locked over walks, or from
/// start to end, stops both for ever.
@usableFromInline
final class MappingLock: Sendable {
    private let mutex = PthreadMutex()

    init() {}

    @usableFromInline
    func lock() { mutex.lock() }

    @usableFromInline
    func unlock() { mutex.unlock() }
}

/// A guard that is not locked over a walk, nor from the start of a section to its end: it can be used where walks and
/// sections take a lock of the driver's own.
///
/// To be conformed to by guards of which that holds. The others are left out of scenarios with such a lock.
public protocol WalksUnlocked: TranslationGuard {}

extension RetryingGuard: WalksUnlocked where Scheme: ~Copyable {}
extension UnprotectedGuard: WalksUnlocked {}
