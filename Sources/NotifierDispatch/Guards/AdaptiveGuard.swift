/// Faults without a lock in the stripes that invalidations leave alone, and with the stripe's word as lock in the others.
public typealias AdaptiveGuard = RetryingGuard<AdaptiveScheme>

extension RetryingGuard where Scheme == AdaptiveScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space; waiting for faults without a lock takes no more than `biasBudget` of the time.
    public convenience init(
        space: Subscriptions, pages: Int, stripeSize: StripeSize = .hugePage,
        wideBound: Int = StripedScheme.defaultWideBound,
        biasBudget: Double = AdaptiveScheme.defaultBiasBudget, budget: RetryBudget = RetryBudget()
    ) {
        self.init(
            scheme: AdaptiveScheme(
                pages: pages, stripeSize: stripeSize, wideBound: wideBound, biasBudget: biasBudget),
            space: space, budget: budget)
    }
}
