import CPrimitiveFloors
import NotifierDispatch

/// An interval subscriber that writes down what it is called for, on either side. One thread calls it.
final class LoggingIntervalSubscriber: IntervalSubscriber, @unchecked Sendable {
    // @unchecked: `log` and what it holds stay on the test's thread.

    /// What was called, and for what.
    struct Call: Equatable {
        let number: Int
        let invalidation: Invalidation
        let sequence: UInt64
    }

    /// The calls to several subscribers, in their order.
    final class Log {
        private var calls: [Call] = []

        func append(_ call: Call) { calls.append(call) }

        /// The calls since the last time.
        func take() -> [Call] {
            defer { calls = [] }
            return calls
        }
    }

    private let log: Log
    private let number: Int
    private let isFailing: Bool
    private let subscription: IntervalSubscription

    /// One that always answers the same.
    init(number: Int, isFailing: Bool, log: Log, subscription: IntervalSubscription) {
        self.log = log
        self.number = number
        self.isFailing = isFailing
        self.subscription = subscription
    }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        log.append(Call(number: number, invalidation: invalidation, sequence: sequence))
        guard !isFailing else { return .wouldBlock }
        subscription.lock()
        subscription.record(sequence)
        subscription.unlock()
        return .done
    }

    /// The same calls, as a floor makes them.
    static var floor: floor_interval_subscriber {
        floor_interval_subscriber { node, what, sequence in
            let subscriber: LoggingIntervalSubscriber = Unmanaged.fromOpaque(floor_interval_subscriber_of(node))
                .takeUnretainedValue()
            subscriber.log.append(
                Call(number: subscriber.number, invalidation: what.pointee.invalidation, sequence: sequence))
            guard !subscriber.isFailing else { return floor_would_block }
            floor_interval_record_locked(node, sequence)
            return floor_done
        }
    }
}
