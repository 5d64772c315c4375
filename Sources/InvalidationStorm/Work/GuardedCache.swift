import NotifierDispatch

/// A shadow table and the guard that keeps it coherent: a device in one life of the space.
public final class GuardedCache<Guard: TranslationGuard>: TranslationCache {
    /// How a fault and an invalidation meet here.
    public let `guard`: Guard
    /// The translations it holds.
    public let shadow: ShadowTable
    @usableFromInline
    let space: AddressSpace

    /// A device on `space` that holds nothing yet.
    @inlinable
    public convenience init(space: AddressSpace, guard translationGuard: Guard) {
        self.init(space: space, guard: translationGuard, shadow: ShadowTable(pageTable: space.pageTable))
    }

    /// A device on `space` whose translations go into `shadow`, which an earlier life of the space may have used.
    @inlinable
    init(space: AddressSpace, guard translationGuard: Guard, shadow: ShadowTable) {
        self.space = space
        `guard` = translationGuard
        self.shadow = shadow
    }

    /// One fault: looks the page up, taking `delay` over it, and installs what it found.
    @inlinable @inline(__always)
    public func fault(at page: Int, walkDelay delay: Delay) -> FaultOutcome {
        `guard`.fault(
            at: page,
            walk: { () -> UInt64? in
                let generation = space.walk(page)
                delay.spend()
                return generation
            },
            install: { shadow.install($0, at: page) })
    }

    /// Removes the translations of a range.
    @inlinable
    public func drop(_ range: InvalidationRange) { shadow.clear(range) }
}
