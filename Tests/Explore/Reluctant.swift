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

/// A subscriber to the second page that would block in every start that must not, and otherwise needs a second pass.
final class SlowDevice: IntervalSubscriber, @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    private let subscription: IntervalSubscription
    private let flush = Flush()
    private var isOver = false

    init(_ world: World) {
        // Not over a range that begins where a cache's does: the tree would order the two by their addresses.
        subscription = IntervalSubscription(over: World.second, in: world.space)
        do { try world.space.insert(subscription, for: self) } catch {
            Scheduler.shared.require(false, "an insertion failed: \(error)")
        }
    }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        Scheduler.shared.require(!isOver, "a start is called after the subscription was over")
        guard invalidation.isBlockable else { return .wouldBlock }
        subscription.lock()
        subscription.record(sequence)
        if invalidation.event == .release { subscription.markDead() }
        subscription.unlock()
        guard flush.claim() else { return .done }
        flush.begin()
        return .finishLater(flush)
    }

    /// Ends the subscription and waits.
    func remove(from space: AddressSpace) {
        space.remove(subscription)
        isOver = true
        Scheduler.shared.require(!flush.isUnderWay, "a second pass is owed when the subscription is over")
    }

    private final class Flush: InvalidationFinish, @unchecked Sendable {
        private(set) var isUnderWay = false

        func begin() {
            Scheduler.shared.require(!isUnderWay, "a second pass is begun twice")
            isUnderWay = true
        }

        override func finish(_ invalidation: Invalidation) {
            Scheduler.shared.step()
            Scheduler.shared.require(isUnderWay, "a second pass is finished that was not begun")
            isUnderWay = false
        }
    }
}
