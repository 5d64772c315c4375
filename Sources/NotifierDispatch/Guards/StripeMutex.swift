import Synchronization

/// A small lock for each stripe, of 2 MiB unless told otherwise. A fault holds the lock of its stripe over walk and
/// install; an invalidation holds the locks of all the stripes it touches, from its start to its end. The simplest
/// guard that scales.
///
/// An invalidation takes its stripes in ascending order, so two invalidations cannot wait for each other. As in
/// ``SectionLockGuard``, sections must not nest in a thread or move between threads, neither walk nor install may
/// invalidate, and a walk must not wait for anything that is held around sections.
public final class StripeMutexGuard: TranslationGuard, SectionObserver {
    public static var isProtected: Bool { true }
    /// A non-blockable start tries its locks.
    public static var capabilities: SubscriberCapabilities { [.mayWouldBlock, .receivesEnd, .mayWaitForSections] }

    public let pages: Int
    @usableFromInline
    let size: StripeSize
    @usableFromInline
    let stripes: CacheLineArray<SmallLock>
    private let holders = SectionHolders()
    @usableFromInline
    let state = GuardState()
    public let registration = GuardRegistration()

    /// A guard for page numbers below `pages`.
    public init(pages: Int, stripeSize: StripeSize = .hugePage) {
        self.pages = pages
        size = stripeSize
        stripes = CacheLineArray(count: stripeSize.count(pages: pages)) { SmallLock() }
    }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let stripe = stripe(size.index(of: page))
        var waited = stripe.pointee.lock()
        while _slowPath(!state.isLive) {
            stripe.pointee.unlock()
            if let status = state.waitUntilLive() { return FaultOutcome(status, waitedNanoseconds: waited) }
            waited += stripe.pointee.lock()
        }
        defer { stripe.pointee.unlock() }
        let outer = InstallSection.enterLockedWalk()
        defer { InstallSection.leaveLockedWalk(outer) }
        guard let translation = walk() else { return FaultOutcome(.absent, waitedNanoseconds: waited) }
        install(translation)
        return FaultOutcome(.installed, waitedNanoseconds: waited)
    }

    /// The page's stripe, whose lock a fault holds.
    @inlinable @inline(__always)
    public func checkedRange(at page: Int) -> InvalidationRange { size.range(of: size.index(of: page)) }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        holders.begin()
        let covered = size.indices(of: invalidation.range)
        if !takeAtOnce(covered) {
            // Another thread's section may hold a lock, and that thread may wait for readers.
            guard invalidation.isBlockable, !RCU.isReading else {
                holders.end()
                return .wouldBlock
            }
            for index in covered { stripe(index).pointee.lockForSection() }
        }
        teardown(invalidation.range)
        // A section of a subscription that is over may never see its end, so it holds nothing.
        if state.isDead { giveBack(covered) }
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        // A section that found the guard dead holds nothing, nor does one whose thread has ended the subscription.
        if holders.isOpenOnThisThread { return giveBack(size.indices(of: invalidation.range)) }
        precondition(
            state.isDead, "a section of a guard that holds a lock across it must end on the thread it began on")
    }

    public func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void) { state.cover() }

    public func coverEnded(_ range: InvalidationRange) { state.uncover() }

    public func markDead() {
        state.markDead()
        guard holders.isOpenOnThisThread else { return }
        // The end of a section that this thread has open will not come.
        holders.end()
        for index in 0..<stripes.count where stripes[index].pointee.isHeldByThisThread {
            stripes[index].pointee.unlock()
        }
    }

    public func resetAfterFork() {
        for index in 0..<stripes.count { stripes[index].pointee.resetAfterFork() }
        holders.resetAfterFork()
        state.uncover()
    }

    /// The lock of a stripe; traps if there is no such stripe.
    @inlinable @inline(__always)
    func stripe(_ index: Int) -> UnsafeMutablePointer<SmallLock> {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: stripes.count), "a page lies beyond those the guard was made for"
        )
        return stripes[index]
    }

    /// Takes the locks if all of them are free; otherwise takes none.
    private func takeAtOnce(_ covered: ClosedRange<Int>) -> Bool {
        for index in covered where !stripe(index).pointee.tryLock() {
            for taken in covered.lowerBound..<index { stripes[taken].pointee.unlock() }
            return false
        }
        return true
    }

    private func giveBack(_ covered: ClosedRange<Int>) {
        holders.end()
        for index in covered { stripes[index].pointee.unlock() }
    }
}
