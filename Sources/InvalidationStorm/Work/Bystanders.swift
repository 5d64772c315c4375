import NotifierDispatch
import Synchronization

/// Subscribers besides the device: what other devices on the same space cost those who change it.
struct Bystanders: Sendable {
    private let space: StormSpace
    private let listed: [Bystander]
    private let intervals: [IntervalBystander]

    /// Subscribes so many to everything that happens in `space`, and so many to ranges that divide it evenly.
    init(listed listedCount: Int, intervals intervalCount: Int, on space: StormSpace) throws(RegistrationError) {
        self.space = space
        listed = (0..<listedCount).map { _ in Bystander() }
        intervals = (0..<intervalCount).compactMap { number in
            let (start, end) = (number * space.pages / intervalCount, (number + 1) * space.pages / intervalCount)
            return InvalidationRange(pages: start..<end).map { IntervalBystander($0, on: space) }
        }
        for bystander in listed { _ = try space.notifiers.register(bystander) }
        for bystander in intervals { try space.notifiers.insert(bystander.subscription, for: bystander) }
    }

    /// Ends the subscriptions to ranges. The others end with the space.
    func leave() { for bystander in intervals { space.notifiers.remove(bystander.subscription) } }

    /// How many starts those in the list have been told of, added up.
    var starts: UInt64 { listed.reduce(0) { $0 + $1.starts } }

    /// How many starts those with ranges have been told of, added up.
    var startsInRanges: UInt64 { intervals.reduce(0) { $0 + $1.starts } }

    /// How many starts of those in the list have not seen their ends.
    var openSections: Int { listed.reduce(0) { $0 + $1.openSections } }
}

/// A subscriber that holds no translations: it counts its calls, and traps where an end comes without a start.
final class Bystander: InvalidationSubscriber {
    private let startCount = Atomic<UInt64>(0)
    private let open = Atomic<Int>(0)

    /// How many starts it has been told of.
    var starts: UInt64 { startCount.load(ordering: .relaxed) }

    /// How many of those have not seen their ends.
    var openSections: Int { open.load(ordering: .relaxed) }

    var capabilities: SubscriberCapabilities { .receivesEnd }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        // Relaxed, here and below: plain counts. Each thread's start comes before its end in the order of `open` alone.
        startCount.wrappingAdd(1, ordering: .relaxed)
        open.wrappingAdd(1, ordering: .relaxed)
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        let before = open.wrappingSubtract(1, ordering: .relaxed).oldValue
        precondition(before > 0, "a bystander was told of an end without a start")
    }

    func released() {}
}

/// A subscriber to a range that holds no translations: it does what the protocol asks of it, and counts.
final class IntervalBystander: IntervalSubscriber {
    let subscription: IntervalSubscription
    private let startCount = Atomic<UInt64>(0)

    init(_ range: InvalidationRange, on space: StormSpace) {
        subscription = IntervalSubscription(over: range, in: space.notifiers)
    }

    /// How many starts it has been told of.
    var starts: UInt64 { startCount.load(ordering: .relaxed) }

    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        subscription.lock()
        subscription.record(sequence)
        subscription.unlock()
        // Relaxed: a plain count.
        startCount.wrappingAdd(1, ordering: .relaxed)
        return .done
    }
}
