import NotifierDispatch
import Testing

@testable import InvalidationStorm

/// The locks of other libraries, by the names that results know their guards by.
enum PeerLock: String, CaseIterable, Codable, CustomTestStringConvertible {
    case sharedMutex = "shared-mutex"
    case ckReadWrite = "ck-rwlock"
    case ckPhaseFair = "ck-pflock"
    case ckTaskFair = "ck-tflock"
    case ckBigReader = "ck-brlock"
    case ckByte = "ck-bytelock"
    case ckCohort = "ck-rwcohort"
    case tbbSpin = "tbb-rw"
    case tbbQueuing = "tbb-queuing-rw"

    /// Those that a start which may not block can try.
    static let withATry: [PeerLock] = [.sharedMutex, .ckReadWrite, .ckBigReader, .tbbSpin, .tbbQueuing]
    static let withoutATry: [PeerLock] = [.ckPhaseFair, .ckTaskFair, .ckByte, .ckCohort]
    /// Those that look for what a thread keeps in them by its index.
    static let needingAnIndex: [PeerLock] = [.ckBigReader, .ckByte, .tbbQueuing]

    var testDescription: String { rawValue }

    /// A lock of this kind that nobody holds.
    func make() -> any SharedLock {
        switch self {
        case .sharedMutex: LockBox(StandardSharedMutex())
        case .ckReadWrite: LockBox(CKReadWriteLock())
        case .ckPhaseFair: LockBox(CKPhaseFairLock())
        case .ckTaskFair: LockBox(CKTaskFairLock())
        case .ckBigReader: LockBox(CKBigReaderLock())
        case .ckByte: LockBox(CKByteLock())
        case .ckCohort: LockBox(CKCohortLock())
        case .tbbSpin: LockBox(TBBSpinReadWriteLock())
        case .tbbQueuing: LockBox(TBBQueuingReadWriteLock())
        }
    }

    /// The guard over it.
    func makeGuard() -> any TranslationGuard & SectionObserver {
        switch self {
        case .sharedMutex: SectionLockGuard<StandardSharedMutex>()
        case .ckReadWrite: SectionLockGuard<CKReadWriteLock>()
        case .ckPhaseFair: SectionLockGuard<CKPhaseFairLock>()
        case .ckTaskFair: SectionLockGuard<CKTaskFairLock>()
        case .ckBigReader: SectionLockGuard<CKBigReaderLock>()
        case .ckByte: SectionLockGuard<CKByteLock>()
        case .ckCohort: SectionLockGuard<CKCohortLock>()
        case .tbbSpin: SectionLockGuard<TBBSpinReadWriteLock>()
        case .tbbQueuing: SectionLockGuard<TBBQueuingReadWriteLock>()
        }
    }
}

/// A lock that threads share, whatever its type.
protocol SharedLock: AnyObject, Sendable {
    func share<Result>(_ body: () -> Result) -> Result
    func takeAlone<Result>(_ body: () -> Result) -> Result
    /// `nil`, and `body` did not run, where the lock was not free.
    func tryAlone<Result>(_ body: () -> Result) -> Result?
}

/// A lock behind a reference.
final class LockBox<Lock: SectionLock & ~Copyable>: SharedLock {
    let lock: Lock

    init(_ lock: consuming Lock) { self.lock = lock }

    func share<Result>(_ body: () -> Result) -> Result {
        _ = lock.lockForFault()
        defer { lock.unlockForFault() }
        return body()
    }

    func takeAlone<Result>(_ body: () -> Result) -> Result {
        lock.lockForSection()
        defer { lock.unlockForSection() }
        return body()
    }

    func tryAlone<Result>(_ body: () -> Result) -> Result? {
        guard lock.tryLockForSection() else { return nil }
        defer { lock.unlockForSection() }
        return body()
    }
}
