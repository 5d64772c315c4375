@testable import NotifierDispatch

/// A subscriber to one range that counts and logs what it is told, records the sequence, and answers as it was set up
/// to.
final class RecordingIntervalSubscriber: IntervalSubscriber, @unchecked Sendable {
    // @unchecked: the variables are set up before the subscription is inserted, and only read from then on.

    let subscription: IntervalSubscription
    var name = 0
    var owner: InvalidationOwner?
    var log: IntervalCallLog?
    /// Answers a start, before the sequence is recorded.
    var answer: @Sendable (Invalidation) -> IntervalResponse = { _ in .done }
    /// Whether it does as it must.
    var records = true
    /// Counts this object's own end.
    var deaths: EventCounter?

    /// Starts that were not answered with would-block.
    let starts = EventCounter()
    let failedStarts = EventCounter()
    /// Starts whose event was release.
    let releases = EventCounter()

    init(over pages: Range<Int>, in set: IntervalNotifiers) {
        subscription = IntervalSubscription(over: .of(pages), in: set)
    }

    deinit { deaths?.count() }

    /// Starts that came to it, however they were answered.
    var calls: Int { starts.value + failedStarts.value }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        log?.append(.start(name))
        let response = answer(invalidation)
        if case .wouldBlock = response {
            failedStarts.count()
            return response
        }
        if records {
            subscription.lock()
            subscription.record(sequence)
            if invalidation.event == .release { subscription.markDead() }
            subscription.unlock()
        }
        starts.count()
        if invalidation.event == .release { releases.count() }
        return response
    }
}

/// A second pass that counts and logs its finishes.
final class RecordingFinish: InvalidationFinish, @unchecked Sendable {
    // @unchecked: the variables are set up before the object is handed out, and only read from then on.
    var name = 0
    var log: IntervalCallLog?
    /// Runs inside the finish, before it is counted.
    var onFinish: @Sendable (Invalidation) -> Void = { _ in }
    let finishes = EventCounter()

    override func finish(_ invalidation: Invalidation) {
        log?.append(.finish(name))
        onFinish(invalidation)
        finishes.count()
    }
}

/// What a subscriber to a range can be told, and that one of the list was.
enum IntervalCall: Equatable {
    case start(Int)
    case finish(Int)
    case listStart
    case listEnd
}

typealias IntervalCallLog = OrderedLog<IntervalCall>
