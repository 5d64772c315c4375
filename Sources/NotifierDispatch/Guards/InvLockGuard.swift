/// The invlock as a guard: walk without a lock, check the sequence under the install lock, retry on a collision; after
/// too many, or too long, shut the invalidations out for one fault.
public final class InvLockGuard: TranslationGuard {
    public static var isProtected: Bool { true }
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    @usableFromInline
    let invLock: InvLock
    @usableFromInline
    let budget: RetryBudget

    /// A guard for a subscriber of `space`.
    public init(space: Subscriptions, budget: RetryBudget = RetryBudget()) {
        invLock = InvLock(space: space)
        self.budget = budget
    }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        if let ticket = invLock.readBeginIfIdle() {
            guard let translation = walk() else { return FaultOutcome(.absent) }
            let waited = invLock.lock()
            if !invLock.readRetry(ticket) {
                install(translation)
                invLock.unlock()
                return FaultOutcome(.installed, waitedNanoseconds: waited)
            }
            invLock.unlock()
            return faultSlow(collisions: 1, walk: walk, install: install)
        }
        return faultSlow(collisions: 0, walk: walk, install: install)
    }

    @inlinable @inline(never)
    func faultSlow<Translation>(
        collisions soFar: UInt32, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        var retries = FaultRetries(collisions: soFar, budget: budget)
        attempts: while retries.mayGoOn {
            switch invLock.readBegin(until: retries.deadline) {
            case .dead: return retries.outcome(.dead)
            case .busy: break attempts
            case .ticket(let ticket):
                guard let translation = walk() else { return retries.outcome(.absent) }
                invLock.lock()
                let collided = invLock.readRetry(ticket)
                if !collided { install(translation) }
                invLock.unlock()
                if !collided { return retries.outcome(.installed) }
                retries.collided()
            }
        }
        switch invLock.readBeginExclusive(until: retries.fallbackDeadline) {
        case .dead: return retries.outcome(.dead, usedFallback: true)
        case .busy: return retries.outcome(.busy, usedFallback: true)
        case .granted(let ticket):
            var status = FaultOutcome.Status.absent
            if let translation = walk() {
                invLock.lock()
                // The exclusive read keeps sections out, not the end of the subscription.
                status = invLock.isTornDown ? .dead : .installed
                if status == .installed { install(translation) }
                invLock.unlock()
            }
            invLock.readEndExclusive(ticket)
            return retries.outcome(status, usedFallback: true)
        }
    }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        invLock.invalidationStarted(invalidation.range, teardown: teardown)
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) { invLock.invalidationEnded(invalidation.range) }

    public func released() { invLock.tearDown() }
}
