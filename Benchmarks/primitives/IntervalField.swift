import CPrimitiveFloors
import NotifierDispatch

/// Many subscriptions to ranges, on both sides: each over the first pages of a stretch of its own.
///
///     stretch 0     stretch 1     ...
///     |###---------|###---------|     # watched  - free
final class IntervalField: @unchecked Sendable {
    // @unchecked: nothing in it changes, and what it refers to is made for being shared.

    /// How many pages a stretch has, and how many of them are watched.
    static var stride: Int { 64 }
    static var watched: Int { 16 }

    let set = IntervalNotifiers()
    let floor: Floor
    /// The engine's, stretch by stretch.
    let subscriptions: [IntervalSubscription]

    /// So many subscriptions. Those of the engine live as long as the process. `functions` do in C what the subscribers
    /// do.
    init(
        size: Int, floor functions: floor_interval_subscriber = floor_idle_interval_subscriber,
        makeSubscriber: (Int, IntervalSubscription) -> any IntervalSubscriber = { IdleIntervalSubscriber($1) }
    ) {
        floor = Floor(floor_interval_set_create(), destroy: floor_interval_set_destroy)
        var functions = functions
        var subscriptions: [IntervalSubscription] = []
        for stretch in 0..<size {
            let range = Self.range(from: stretch * Self.stride, pages: Self.watched)
            let subscription = IntervalSubscription(over: range, in: set)
            subscriptions.append(subscription)
            let subscriber = makeSubscriber(stretch, subscription)
            set.insertOrTrap(subscription, for: subscriber)
            floor_interval_set_insert(
                floor.pointer,
                floor_interval_node_create(
                    Int64(range.startPage), Int64(range.endPage), Floor.address(of: subscriber), &functions))
        }
        self.subscriptions = subscriptions
    }

    /// So many pages from this one on.
    static func range(from page: Int, pages: Int) -> InvalidationRange {
        guard let range = InvalidationRange(pages: page..<page + pages) else {
            fatalError("no range of \(pages) pages starts at page \(page)")
        }
        return range
    }

    /// Where a section touches exactly so many subscriptions: whole stretches, or, for none, free pages.
    func places(hits: Int, isBlockable: Bool = true) -> floor_interval_places {
        let range =
            hits > 0
            ? Self.range(from: 0, pages: hits * Self.stride) : Self.range(from: 2 * Self.watched, pages: Self.watched)
        return floor_interval_places(
            first: floor_invalidation(
                start_page: Int64(range.startPage), end_page: Int64(range.endPage),
                event: InvalidationEvent.unmap.rawValue, is_blockable: isBlockable ? 1 : 0),
            stride: Int64(Self.stride), count: UInt64(subscriptions.count - max(hits, 1) + 1))
    }
}

extension IntervalField {
    /// The fields that are measured: each is made when it is first asked for, and shared by the pairs of its size.
    enum Size: Int, CaseIterable {
        case small = 10
        case medium = 1_000
        case large = 100_000

        var field: IntervalField {
            switch self {
            case .small: Self.smallField
            case .medium: Self.mediumField
            case .large: Self.largeField
            }
        }

        private static let smallField = IntervalField(size: Size.small.rawValue)
        private static let mediumField = IntervalField(size: Size.medium.rawValue)
        private static let largeField = IntervalField(size: Size.large.rawValue)
    }
}

extension floor_interval_places {
    /// The pages of a round.
    @inline(__always)
    func range(_ round: Int) -> InvalidationRange {
        let place = withUnsafePointer(to: self) { floor_interval_place($0, UInt64(round)) }
        let start = Int(first.start_page) &+ Int(place) &* Int(stride)
        return IntervalField.range(from: start, pages: Int(first.end_page &- first.start_page))
    }
}
