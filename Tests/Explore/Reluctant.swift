import ExploredDispatch
import Interleaving

/// A subscriber that would block in every start that must not, and that counts what it is told.
final class Reluctant: InvalidationSubscriber, @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    let capabilities: SubscriberCapabilities
    private var started = 0
    private var isOver = false

    /// What a start does besides.
    private let work: () -> Void

    init(_ capabilities: SubscriberCapabilities, _ work: @escaping () -> Void = {}) {
        self.capabilities = capabilities
        self.work = work
    }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        Scheduler.shared.step()
        Scheduler.shared.require(!isOver, "a start is called after the subscription was over")
        guard invalidation.isBlockable || !capabilities.contains(.mayWouldBlock) else { return .wouldBlock }
        started += 1
        work()
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        Scheduler.shared.step()
        Scheduler.shared.require(!isOver, "an end is called after the subscription was over")
        started -= 1
        Scheduler.shared.require(started >= 0, "an end is called without a start")
    }

    func released() {}

    /// No callback may run from now on.
    func end() { isOver = true }

    /// Whether a start has got no end, and the subscription is not over.
    var isOwedEnd: Bool { capabilities.contains(.receivesEnd) && started != 0 && !isOver }
}
