/// A fault that could not go straight through: what it has spent so far of its ``RetryBudget``.
///
/// The budget bounds both what makes a fault wait and what makes it walk again (invariant 34): a point in time, the same
/// for all its waits, and a number of collisions.
@usableFromInline
struct FaultRetries {
    private let startNanoseconds: UInt64
    /// When the optimistic attempts end.
    @usableFromInline
    let deadline: Deadline
    private let budget: RetryBudget
    private var collisions: UInt32

    /// Begins the slow path of a fault that has collided so often on its fast path.
    @usableFromInline
    init(collisions: UInt32, budget: RetryBudget) {
        startNanoseconds = MonotonicClock.now()
        deadline = Deadline.after(nanoseconds: budget.nanoseconds)
        self.budget = budget
        self.collisions = collisions
    }

    /// Whether another optimistic attempt is allowed.
    @usableFromInline
    var mayGoOn: Bool { collisions < budget.collisions && !deadline.hasPassed }

    /// Counts a walk that was thrown away.
    @usableFromInline
    mutating func collided() { collisions += 1 }

    /// How long the fallback may take from now on.
    @usableFromInline
    var fallbackDeadline: Deadline { .after(nanoseconds: budget.fallbackNanoseconds) }

    /// The fault's outcome, with all that it has spent.
    @usableFromInline
    func outcome(_ status: FaultOutcome.Status, usedFallback: Bool = false) -> FaultOutcome {
        FaultOutcome(
            status, waitedNanoseconds: max(1, MonotonicClock.now() &- startNanoseconds), retries: collisions,
            usedFallback: usedFallback)
    }
}
