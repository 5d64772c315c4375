/// A word for each stripe of 2 MiB, in which a fault validates its walk and locks with one compare-and-swap.
public typealias StripedGuard = RetryingGuard<StripedScheme>

extension RetryingGuard where Scheme == StripedScheme {
    /// A guard for a subscriber of `space`, for page numbers below `pages`. Sections over more than `wideBound` stripes
    /// keep faults out of the whole space, and cost their end less.
    public convenience init(
        space: Subscriptions, pages: Int, stripeSize: StripeSize = .hugePage,
        wideBound: Int = StripedScheme.defaultWideBound,
        budget: RetryBudget = RetryBudget()
    ) {
        self.init(
            scheme: StripedScheme(pages: pages, stripeSize: stripeSize, wideBound: wideBound), space: space,
            budget: budget)
    }
}
