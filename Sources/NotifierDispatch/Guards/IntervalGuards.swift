/// The interval notifier as it was merged into Linux 5.5: one subscription, one spin lock per space, one lock around
/// installs.
public typealias IntervalGuard = RetryingGuard<IntervalScheme<LockedReadBegin, WholeSpace>>
/// ``IntervalGuard`` whose reads begin without the space's spin lock.
public typealias IntervalLockFreeGuard = RetryingGuard<IntervalScheme<LockFreeReadBegin, WholeSpace>>
/// ``IntervalGuard`` with a subscription and a lock around installs for each 2 MiB.
public typealias IntervalStripeGuard = RetryingGuard<IntervalScheme<LockedReadBegin, EachStripe>>
/// ``IntervalStripeGuard`` whose reads begin without the space's spin lock.
public typealias IntervalStripeLockFreeGuard = RetryingGuard<IntervalScheme<LockFreeReadBegin, EachStripe>>

extension RetryingGuard where Scheme: ~Copyable {
    /// A guard on interval notifiers, for page numbers below `pages`.
    public convenience init<Begin, Extent>(space: Subscriptions, pages: Int, budget: RetryBudget = RetryBudget())
    where Scheme == IntervalScheme<Begin, Extent> {
        self.init(scheme: IntervalScheme(space: space, pages: pages), space: space, budget: budget)
    }
}
