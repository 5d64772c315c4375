/// UNSAFE. No protection at all, not even after ``markDead()``: the speed limit for every other guard, and the control
/// that shows that stale translations are found if there are any.
public final class UnprotectedGuard: TranslationGuard, SectionObserver {
    public static var isProtected: Bool { false }
    public static var capabilities: SubscriberCapabilities { [] }

    public let registration = GuardRegistration()

    /// A guard without state.
    public init() {}

    /// Any.
    public var pages: Int { .max }

    /// All pages, since none is checked.
    @inlinable @inline(__always)
    public func checkedRange(at page: Int) -> InvalidationRange { .everything }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        guard let translation = walk() else { return FaultOutcome(.absent) }
        install(translation)
        return FaultOutcome(.installed)
    }

    @inlinable
    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        teardown(invalidation.range)
        return .done
    }

    @inlinable
    public func invalidationEnded(_ invalidation: Invalidation) {}

    public func markDead() {}

    public func resetAfterFork() {}
}
