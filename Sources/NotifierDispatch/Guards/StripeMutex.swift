import Synchronization

/// A small lock per stripe, 2 MiB unless told otherwise: a fault holds its stripe's over walk and install, an invalidation those of all the
/// stripes it touches, from start to end. The simplest thing that scales.
///
/// An invalidation takes its stripes in ascending order, so two of them cannot wait for each other. Sections must not
/// nest in a thread or move between threads, and a walk must not invalidate: each traps.
public final class StripeMutexGuard: ListedGuard {
    public static var isProtected: Bool { true }
    /// A non-blockable start tries its locks.
    public static var capabilities: SubscriberCapabilities { [.mayWouldBlock, .receivesEnd] }

    @usableFromInline
    let size: StripeSize
    @usableFromInline
    let stripes: CacheLineArray<SmallLock>
    private let sections = OpenSections()
    /// Set once; every stripe's lock has been held after that when markDead() returns.
    @usableFromInline
    let isDead = Atomic<Bool>(false)

    /// A guard for page numbers below `pages`.
    public init(pages: Int, stripeSize: StripeSize = .hugePage) {
        size = stripeSize
        stripes = CacheLineArray(count: stripeSize.count(pages: pages)) { SmallLock() }
    }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let stripe = stripe(size.index(of: page))
        let waited = stripe.pointee.lock()
        defer { stripe.pointee.unlock() }
        // Relaxed: the stripe's lock orders it, which markDead() takes after setting it.
        guard !isDead.load(ordering: .relaxed) else { return FaultOutcome(.dead, waitedNanoseconds: waited) }
        guard let translation = walk() else { return FaultOutcome(.absent, waitedNanoseconds: waited) }
        install(translation)
        return FaultOutcome(.installed, waitedNanoseconds: waited)
    }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        sections.begin()
        let covered = size.indices(of: invalidation.range)
        for index in covered {
            if invalidation.isBlockable {
                stripe(index).pointee.lock()
            } else if !stripe(index).pointee.tryLock() {
                for taken in covered.lowerBound..<index { stripes[taken].pointee.unlock() }
                sections.end()
                return .wouldBlock
            }
        }
        teardown(invalidation.range)
        // A section of a subscription that is over may never see its end, so it holds nothing.
        if isDead.load(ordering: .relaxed) { giveBack(covered) }
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        let covered = size.indices(of: invalidation.range)
        // Whoever found the guard dead at its start holds nothing.
        guard stripes[covered.lowerBound].pointee.isHeldByThisThread || !isDead.load(ordering: .relaxed) else { return }
        giveBack(covered)
    }

    public func markDead() {
        isDead.store(true, ordering: .relaxed)
        let isInSection = sections.isOpenOnThisThread
        for index in 0..<stripes.count {
            // The stripes of a section that this thread has open are held already, and its end will not come.
            if !(isInSection && stripes[index].pointee.isHeldByThisThread) { stripes[index].pointee.lock() }
            stripes[index].pointee.unlock()
        }
        if isInSection { sections.end() }
    }

    /// The lock of a stripe; traps where the guard was made for fewer pages.
    @inlinable @inline(__always)
    func stripe(_ index: Int) -> UnsafeMutablePointer<SmallLock> {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: stripes.count), "a page lies beyond those the guard was made for"
        )
        return stripes[index]
    }

    private func giveBack(_ covered: ClosedRange<Int>) {
        sections.end()
        for index in covered { stripes[index].pointee.unlock() }
    }
}
