import NotifierDispatch

/// A device: a shadow table, the guard that keeps it coherent, and the subscription to the space's changes.
public final class GuardedCache<Guard: TranslationGuard>: InvalidationSubscriber {
    @usableFromInline
    let translationGuard: Guard
    /// The translations it holds.
    public let shadow: ShadowTable
    @usableFromInline
    let space: AddressSpace

    /// A device on `space` that holds nothing yet.
    @inlinable
    public init(space: AddressSpace, guard translationGuard: Guard) {
        self.space = space
        self.translationGuard = translationGuard
        shadow = ShadowTable(space: space)
    }

    public var capabilities: SubscriberCapabilities { Guard.capabilities }

    /// One fault: looks the page up, taking `delay` over it, and installs what it found.
    @inlinable @inline(__always)
    public func fault(at page: Int, walkDelay delay: Delay) -> FaultOutcome {
        translationGuard.fault(
            at: page,
            walk: { () -> UInt64? in
                let generation = space.walk(page)
                delay.spend()
                return generation
            },
            install: { shadow.install($0, at: page) })
    }

    @inlinable
    public func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        translationGuard.invalidationStarted(invalidation) { shadow.clear($0) }
    }

    @inlinable
    public func invalidationEnded(_ invalidation: Invalidation) { translationGuard.invalidationEnded(invalidation) }

    public func released() { translationGuard.released() }
}
