/// KVM's scheme as a guard: a count of open sections, a sequence of ended ones and a hull of their ranges, under one
/// read-write lock.
public typealias KVMGuard = RetryingGuard<KVMScheme>

extension RetryingGuard where Scheme == KVMScheme {
    /// A guard for a subscriber of `space`.
    public convenience init(space: Subscriptions, budget: RetryBudget = RetryBudget()) {
        self.init(scheme: KVMScheme(), space: space, budget: budget)
    }
}
