import TorturedDispatch

/// The deliberately broken variants: each is a mistake of a driver's, of a guard's around the engine, or of what stands under
/// it, and each must be caught. The engine itself is never broken.
enum Busted: String, CaseIterable {
    case keptWalk = "kept-walk"
    case deafSequence = "deaf-sequence"
    case skippedPage = "skipped-page"
    case lostAcknowledgement = "lost-acknowledgement"
    case lostEnd = "lost-end"
    case countedRefusal = "counted-refusal"
    case freedEarly = "freed-early"
    case crossedLocks = "crossed-locks"
    case exclusiveGate = "exclusive-gate"
    case unfairLock = "unfair-lock"
    case extraEnd = "extra-end"
    case freedTwice = "freed-twice"
    case forgottenPut = "forgotten-put"

    /// Written before there are threads.
    nonisolated(unsafe) static var current: Busted?

    @inline(__always)
    static func `is`(_ variant: Busted) -> Bool { current == variant }

    /// The kind that it must be caught as.
    var fault: Fault {
        switch self {
        case .keptWalk, .deafSequence, .skippedPage: .stale
        case .lostAcknowledgement: .lostWakeUp
        case .lostEnd, .countedRefusal, .forgottenPut: .leakedCount
        case .freedEarly: .useAfterFree
        case .crossedLocks, .exclusiveGate: .deadlock
        case .unfairLock: .starvation
        case .extraEnd: .unpairedEnd
        case .freedTwice: .doubleFree
        }
    }

    /// What is broken.
    var summary: String {
        switch self {
        case .keptWalk: "a fault that walks again installs what its first walk found"
        case .deafSequence: "a restartable sequence that was interrupted goes on where it was"
        case .skippedPage: "a drop leaves the last page of its range"
        case .lostAcknowledgement: "a second pass looks whether the device is done, and sleeps without another look"
        case .lostEnd: "a guard is not told of one end in 64"
        case .countedRefusal: "a subscriber counts a section, and then refuses it"
        case .freedEarly: "a subscriber is freed when its deferred unregistration returns"
        case .crossedLocks: "an install takes a device's two locks in the other order than a drop"
        case .exclusiveGate: "a fault that failed shuts all starts out: the engine's rule before the lease"
        case .unfairLock: "one thread gets the mapping lock only when nobody else wants it"
        case .extraEnd: "a subscriber is told of the end of a start that it refused"
        case .freedTwice: "a shared subscriber's driver frees it, too"
        case .forgottenPut: "one get in eight has no put"
        }
    }

    /// The guard that it is tortured with where none is named.
    var `guard`: TorturedGuard { self == .deafSequence ? .restartable : .striped }
}

/// A guard in the notifier list that is not told of some ends: ``Busted/lostEnd``.
final class LosingGuard<Base: TranslationGuard & SectionObserver>: TranslationGuard, SectionObserver {
    private let base: Base

    init(_ base: Base) { self.base = base }

    static var isProtected: Bool { Base.isProtected }
    static var capabilities: SubscriberCapabilities { Base.capabilities }
    var pages: Int { base.pages }
    var registration: GuardRegistration { base.registration }

    func fault<Translation>(at page: Int, walk: () -> Translation?, install: (Translation) -> Void) -> FaultOutcome {
        base.fault(at: page, walk: walk, install: install)
    }

    func checkedRange(at page: Int) -> InvalidationRange { base.checkedRange(at: page) }

    func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        base.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        if let record = ThreadRecords.mineIfAny, record.random.oneIn(64) { return }
        base.invalidationEnded(invalidation)
    }

    func markDead() { base.markDead() }
    func resetAfterFork() { base.resetAfterFork() }
}
