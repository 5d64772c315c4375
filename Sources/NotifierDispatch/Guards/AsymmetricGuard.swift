/// Faults without a lock, a fence or a read-modify-write; each invalidation makes up for it with membarrier(2).
public typealias AsymmetricGuard = RetryingGuard<AsymmetricScheme>

extension RetryingGuard where Scheme == AsymmetricScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`.
    public convenience init(
        space: Subscriptions, pages: Int, stripeSize: StripeSize = .hugePage, budget: RetryBudget = RetryBudget()
    ) {
        self.init(scheme: AsymmetricScheme(pages: pages, stripeSize: stripeSize), space: space, budget: budget)
    }
}
