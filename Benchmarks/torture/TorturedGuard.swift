import TorturedDispatch

/// A guard by the name that results know it by, `adaptive` in its two forms.
enum TorturedGuard: String, CaseIterable {
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

    /// Those that this process can have: the two that need restartable sequences are left out where there are none.
    static var available: [TorturedGuard] { allCases.filter { $0.refusal == nil } }

    /// Why this process cannot have it; `nil` if it can.
    var refusal: String? {
        switch self {
        case .restartable, .adaptiveRestarting: RestartableSequences.refusal.map(\.description)
        default: nil
        }
    }

    /// Whether it holds a lock from the start of a section to its end, and over the walk of a fault. Then sections do not
    /// nest in a thread and do not move to another one, a walk neither invalidates nor waits for a lock that is held
    /// around sections, and a signal that comes in a walk must not fault.
    var holdsLock: Bool {
        switch self {
        case .mutex, .readWriteLock, .spinMutex, .stripeMutex: true
        default: false
        }
    }

    /// Whether a stream of faults may hold a section off for as long as it lasts: glibc's lock prefers readers.
    var starvesSections: Bool { self == .readWriteLock }

    /// Makes a cache of the space behind a guard of this kind.
    func makeCache(in life: SpaceLife, over range: InvalidationRange, name: String) -> any TorturedCache {
        let (space, pages, budget) = (life.space, PageTable.count, life.budget)
        func cache(_ translationGuard: some TranslationGuard) -> any TorturedCache {
            GuardedCache(guard: translationGuard, life: life, range: range, name: name)
        }
        // Small stripes, so that sections over many of them, and wide ones, are common.
        let stripes = StripeSize(pages: PageTable.pagesPerStripe)!
        func stripedCache() -> any TorturedCache {
            let striped = StripedGuard(space: space, pages: pages, stripeSize: stripes, wideBound: 4, budget: budget)
            return Busted.is(.lostEnd) ? cache(LosingGuard(striped)) : cache(striped)
        }
        switch self {
        case .mutex: return cache(MutexGuard())
        case .readWriteLock: return cache(ReadWriteLockGuard())
        case .spinMutex: return cache(SpinMutexGuard())
        case .stripeMutex: return cache(StripeMutexGuard(pages: pages, stripeSize: stripes))
        case .invLock: return cache(InvLockGuard(space: space, budget: budget))
        case .rangeCounter: return cache(RangeCounterGuard(space: space, budget: budget))
        case .kvm: return cache(KVMGuard(space: space, budget: budget))
        case .interval: return cache(IntervalGuard(space: space, pages: pages, budget: budget))
        case .intervalLockFree: return cache(IntervalLockFreeGuard(space: space, pages: pages, budget: budget))
        case .intervalStripe: return cache(IntervalStripeGuard(space: space, pages: pages, budget: budget))
        case .intervalStripeLockFree:
            return cache(IntervalStripeLockFreeGuard(space: space, pages: pages, budget: budget))
        case .striped: return stripedCache()
        case .asymmetric: return cache(AsymmetricGuard(space: space, pages: pages, stripeSize: stripes, budget: budget))
        case .fenced: return cache(FencedGuard(space: space, pages: pages, stripeSize: stripes, budget: budget))
        case .restartable:
            return cache(RestartableGuard(space: space, pages: pages, stripeSize: stripes, budget: budget))
        case .adaptive:
            return cache(AdaptiveGuard(space: space, pages: pages, stripeSize: stripes, wideBound: 4, budget: budget))
        case .adaptiveRestarting:
            return cache(
                AdaptiveRestartingGuard(space: space, pages: pages, stripeSize: stripes, wideBound: 4, budget: budget))
        }
    }
}
