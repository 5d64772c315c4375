import Testing

@testable import NotifierDispatch

/// The guards that let nothing stale through, by the names that results know them by.
enum ProtectedGuard: String, CaseIterable, Codable, CustomTestStringConvertible {
    case mutex
    case readWriteLock = "rwlock"
    case stripeMutex = "stripe-mutex"
    case invLock = "invlock"
    case rangeCounter = "range-counter"

    /// Those that hold a lock from the start of a section to its end, and over a fault's walk.
    static let lockHolding: [ProtectedGuard] = [.mutex, .readWriteLock, .stripeMutex]
    /// Those whose faults walk without a lock, and try again.
    static let retrying: [ProtectedGuard] = [.invLock, .rangeCounter]

    var holdsLock: Bool { Self.lockHolding.contains(self) }

    var testDescription: String { rawValue }

    func make(space: Subscriptions, pages: Int, budget: RetryBudget) -> any TranslationGuard {
        switch self {
        case .mutex: MutexGuard()
        case .readWriteLock: ReadWriteLockGuard()
        case .stripeMutex: StripeMutexGuard(pages: pages)
        case .invLock: InvLockGuard(space: space, budget: budget)
        case .rangeCounter: RangeCounterGuard(space: space, budget: budget)
        }
    }
}
