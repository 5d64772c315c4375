import CNotifierDispatch
import Glibc
import NotifierDispatch

/// The retrying guards, by their names. Those that hold a lock while the caller's code runs are refused: inside a malloc
/// hook, or with a lock of the caller's own, they deadlock.
enum GuardKind: UInt8, CaseIterable {
    case adaptive, adaptiveRestarting, restartable, asymmetric, fenced, striped
    case kvm, rangeCounter, invlock, interval, intervalLockFree, intervalStripe, intervalStripeLockFree

    /// A guard that a name stands for, or an error number.
    enum Choice: Equatable {
        case kind(GuardKind)
        case refused(Int32)
    }

    static func named(_ name: String) -> Choice {
        let canRestart = RestartableSequences.refusal == nil
        return switch name {
        case "adaptive": .kind(canRestart ? .adaptiveRestarting : .adaptive)
        case "restartable": canRestart ? .kind(.restartable) : .refused(ENOTSUP)
        case "asymmetric": .kind(.asymmetric)
        case "fenced": .kind(.fenced)
        case "striped": .kind(.striped)
        case "kvm": .kind(.kvm)
        case "range-counter": .kind(.rangeCounter)
        case "invlock": .kind(.invlock)
        case "interval": .kind(.interval)
        case "interval-lockfree": .kind(.intervalLockFree)
        case "interval-2m": .kind(.intervalStripe)
        case "interval-2m-lockfree": .kind(.intervalStripeLockFree)
        case "mutex", "rwlock", "spin-mutex", "stripe-mutex", "shared-mutex", "ck-rwlock", "ck-pflock", "ck-tflock",
            "ck-brlock", "ck-bytelock", "ck-rwcohort", "tbb-rw", "tbb-queuing-rw":
            .refused(EDEADLK)
        default: .refused(EINVAL)
        }
    }

    /// Whether it has a word for each stripe of the pages from 0 on.
    var keepsWordsForPages: Bool {
        switch self {
        case .kvm, .rangeCounter, .invlock, .interval, .intervalLockFree: false
        default: true
        }
    }
}

/// Something to do with a guard whose type is known only when it is done.
protocol GuardCall {
    associatedtype Answer
    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) -> Answer
}

extension SubscribedCache {
    /// Does it with the subscription's guard. One jump by the kind, and then code that knows the guard's type: no
    /// existential, no table of functions, no reference counted.
    @inline(__always)
    func withGuard<Call: GuardCall>(_ call: Call) -> Call.Answer {
        @inline(__always)
        func lend<Scheme: RetryScheme & ~Copyable>(_: RetryingGuard<Scheme>.Type) -> Call.Answer {
            // Safe: the guard is of the type that its kind says (Subscribing), and the subscription holds it.
            Unmanaged<RetryingGuard<Scheme>>.fromOpaque(translationGuard)._withUnsafeGuaranteedRef { call($0) }
        }
        return switch kind {
        case .adaptive: lend(AdaptiveGuard.self)
        case .adaptiveRestarting: lend(AdaptiveRestartingGuard.self)
        case .restartable: lend(RestartableGuard.self)
        case .asymmetric: lend(AsymmetricGuard.self)
        case .fenced: lend(FencedGuard.self)
        case .striped: lend(StripedGuard.self)
        case .kvm: lend(KVMGuard.self)
        case .rangeCounter: lend(RangeCounterGuard.self)
        case .invlock: lend(InvLockGuard.self)
        case .interval: lend(IntervalGuard.self)
        case .intervalLockFree: lend(IntervalLockFreeGuard.self)
        case .intervalStripe: lend(IntervalStripeGuard.self)
        case .intervalStripeLockFree: lend(IntervalStripeLockFreeGuard.self)
        }
    }
}

/// What a subscription is made of.
struct Subscribing {
    let kind: GuardKind
    let space: Space
    let range: InvalidationRange
    let drop: nd_drop_function
    let context: UnsafeMutableRawPointer?

    /// Makes a guard of the kind, and subscribes the cache behind it.
    func subscribe() throws(RegistrationError) -> SubscribedCache {
        let notifiers = space.notifiers
        let pages = range.endPage
        return switch kind {
        case .adaptive: try subscribe(AdaptiveGuard(space: notifiers, pages: pages))
        case .adaptiveRestarting: try subscribe(AdaptiveRestartingGuard(space: notifiers, pages: pages))
        case .restartable: try subscribe(RestartableGuard(space: notifiers, pages: pages))
        case .asymmetric: try subscribe(AsymmetricGuard(space: notifiers, pages: pages))
        case .fenced: try subscribe(FencedGuard(space: notifiers, pages: pages))
        case .striped: try subscribe(StripedGuard(space: notifiers, pages: pages))
        case .kvm: try subscribe(KVMGuard(space: notifiers))
        case .rangeCounter: try subscribe(RangeCounterGuard(space: notifiers))
        case .invlock: try subscribe(InvLockGuard(space: notifiers))
        case .interval: try subscribe(IntervalGuard(space: notifiers, pages: pages))
        case .intervalLockFree: try subscribe(IntervalLockFreeGuard(space: notifiers, pages: pages))
        case .intervalStripe: try subscribe(IntervalStripeGuard(space: notifiers, pages: pages))
        case .intervalStripeLockFree: try subscribe(IntervalStripeLockFreeGuard(space: notifiers, pages: pages))
        }
    }

    private func subscribe<Scheme: RetryScheme & ~Copyable>(
        _ translationGuard: RetryingGuard<Scheme>
    ) throws(RegistrationError) -> SubscribedCache {
        try SubscribedCache(
            kind, translationGuard, dropping: DroppingCache(translationGuard, drop, context), over: range, in: space)
    }
}
