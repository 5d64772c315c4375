import Testing

@testable import NotifierDispatch

/// The guards that let nothing stale through, by the names that results know them by; `adaptive` in its two forms.
enum ProtectedGuard: String, CaseIterable, Codable, CustomTestStringConvertible {
    case mutex
    case readWriteLock = "rwlock"
    case spinMutex = "spin-mutex"
    case stripeMutex = "stripe-mutex"
    case invLock = "invlock"
    case rangeCounter = "range-counter"
    case kvm
    case interval
    case intervalLockFree = "interval-lockfree"
    case intervalStripe = "interval-2m"
    case intervalStripeLockFree = "interval-2m-lockfree"
    case striped
    case asymmetric
    case fenced
    case restartable
    case adaptive
    case adaptiveRestarting = "adaptive-restarting"

    /// All that this process can have.
    static let allCases: [ProtectedGuard] = lockHolding + retrying

    /// Those that hold a lock from the start of a section to its end, and over a fault's walk.
    static let lockHolding: [ProtectedGuard] = [.mutex, .readWriteLock, .spinMutex, .stripeMutex]
    /// Those whose faults walk without a lock, and try again.
    static let retrying: [ProtectedGuard] = [.invLock, .rangeCounter, .kvm] + watchingRanges + withStripeWords
    /// Those that subscribe in the interval half.
    static let watchingRanges: [ProtectedGuard] = [
        .interval, .intervalLockFree, .intervalStripe, .intervalStripeLockFree,
    ]
    /// Those that keep count and generation of a stripe's sections in a word.
    static let withStripeWords: [ProtectedGuard] = [.striped, .asymmetric, .fenced, .adaptive] + restarting
    /// Those that need restartable sequences.
    static let restarting: [ProtectedGuard] =
        RestartableSequences.refusal == nil ? [.restartable, .adaptiveRestarting] : []

    var holdsLock: Bool { Self.lockHolding.contains(self) }

    /// Whether it is made without a number of pages.
    var takesAnyPage: Bool { [.mutex, .readWriteLock, .spinMutex, .invLock, .rangeCounter, .kvm].contains(self) }

    var hasStripeWords: Bool { Self.withStripeWords.contains(self) }

    var watchesRanges: Bool { Self.watchingRanges.contains(self) }

    var testDescription: String { rawValue }

    func make(space: AddressSpace, pages: Int, budget: RetryBudget) -> any TranslationGuard {
        switch self {
        case .mutex: MutexGuard()
        case .readWriteLock: ReadWriteLockGuard()
        case .spinMutex: SpinMutexGuard()
        case .stripeMutex: StripeMutexGuard(pages: pages)
        case .invLock: InvLockGuard(space: space, budget: budget)
        case .rangeCounter: RangeCounterGuard(space: space, budget: budget)
        case .kvm: KVMGuard(space: space, budget: budget)
        case .interval: IntervalGuard(space: space, pages: pages, budget: budget)
        case .intervalLockFree: IntervalLockFreeGuard(space: space, pages: pages, budget: budget)
        case .intervalStripe: IntervalStripeGuard(space: space, pages: pages, budget: budget)
        case .intervalStripeLockFree: IntervalStripeLockFreeGuard(space: space, pages: pages, budget: budget)
        case .striped: StripedGuard(space: space, pages: pages, budget: budget)
        case .asymmetric: AsymmetricGuard(space: space, pages: pages, budget: budget)
        case .fenced: FencedGuard(space: space, pages: pages, budget: budget)
        case .restartable: RestartableGuard(space: space, pages: pages, budget: budget)
        case .adaptive: AdaptiveGuard(space: space, pages: pages, budget: budget)
        case .adaptiveRestarting: AdaptiveRestartingGuard(space: space, pages: pages, budget: budget)
        }
    }
}
