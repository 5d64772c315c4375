@testable import NotifierDispatch

/// KVM's scheme, interrupted where no test gets in otherwise: between the check without the lock and the lock.
struct InterruptedScheme: ~Copyable, SectionObserver, LockingScheme {
    /// What happens there, and how often it came to that.
    final class Interruption: @unchecked Sendable {
        // @unchecked: set before the fault, and used by its thread alone.
        var body: () -> Void = {}
        /// How often the lock of the install section was taken.
        let installSections = EventCounter()

        /// A guard that is interrupted so.
        func makeGuard(_ space: AddressSpace, budget: RetryBudget) -> RetryingGuard<InterruptedScheme> {
            RetryingGuard(scheme: InterruptedScheme(interruption: self), space: space, budget: budget)
        }
    }

    let interruption: Interruption
    private let kvm = KVMScheme()

    init(interruption: Interruption) { self.interruption = interruption }

    static var capabilities: SubscriberCapabilities { KVMScheme.capabilities }

    func readBeginIfIdle(at page: Int) -> KVMScheme.Ticket? { kvm.readBeginIfIdle(at: page) }

    func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<KVMScheme.Ticket> {
        kvm.readBegin(at: page, until: deadline)
    }

    func checkRetry(_ ticket: KVMScheme.Ticket, at page: Int) -> Bool {
        guard !kvm.checkRetry(ticket, at: page) else { return true }
        interruption.body()
        return false
    }

    func lockForInstall(at page: Int) -> UInt64? {
        interruption.installSections.count()
        return kvm.lockForInstall(at: page)
    }

    func unlockForInstall(at page: Int) { kvm.unlockForInstall(at: page) }

    func readRetry(_ ticket: KVMScheme.Ticket, at page: Int) -> Bool { kvm.readRetry(ticket, at: page) }

    func isDead(at page: Int) -> Bool { kvm.isDead(at: page) }

    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse {
        kvm.invalidationStarted(invalidation, teardown: teardown)
    }

    func invalidationEnded(_ invalidation: Invalidation) { kvm.invalidationEnded(invalidation) }

    func markDead() { kvm.markDead() }

    func resetAfterFork() { kvm.resetAfterFork() }
}
