import CPrimitiveFloors
import NotifierDispatch

/// A whole section: every subscriber's start, then every subscriber's end.
enum DispatchPairs {
    static func make() -> [Pair] {
        let counts = [0, 1, 4, 16, 64, 256]
        return counts.map { list(IdleSubscriber.make($0), floor: floor_idle_subscriber) }
            + counts.map { subscriptions(IdleSubscriber.make($0), floor: floor_idle_subscriber) }
    }

    /// Through the notifier list alone. `functions` do in C what the subscribers do.
    static func list<Subscriber: InvalidationSubscriber>(
        _ subscribers: [Subscriber], floor functions: floor_subscriber, isBlockable: Bool = true
    ) -> Pair {
        let list = NotifierList(subscribers: subscribers)
        let floor = Floor.list(subscribers, functions)
        let range = IntervalField.range(from: pages.lowerBound, pages: pages.count)
        let invalidation = Invalidation(range: range, event: .unmap, isBlockable: isBlockable)
        return Pair(
            "list-dispatch/subscribers:\(subscribers.count)", isShared: true,
            swift: { dispatch(list, invalidation, count: $0) },
            c: { count in
                withFloorInvalidation(isBlockable) { floor_list_dispatch_loop(floor.pointer, $0, count) }
            })
    }

    /// Through the counter of open sections, then the list.
    static func subscriptions<Subscriber: InvalidationSubscriber>(
        _ subscribers: [Subscriber], floor functions: floor_subscriber, isBlockable: Bool = true
    ) -> Pair {
        let space = AddressSpace(subscribers: subscribers)
        let floor = Floor.subscriptions(subscribers, functions)
        return Pair(
            "subscriptions-dispatch/subscribers:\(subscribers.count)", isShared: true,
            swift: { dispatch(space, isBlockable: isBlockable, count: $0) },
            c: { count in
                withFloorInvalidation(isBlockable) { floor_subscriptions_dispatch_loop(floor.pointer, $0, count) }
            })
    }

    /// Not written like the one below: of two loops that differ in nothing but what they call, LLVM makes one that calls
    /// it indirectly.
    private static func dispatch(_ list: NotifierList, _ invalidation: Invalidation, count: Int) -> Int {
        var opened = 0
        for _ in 0..<count {
            if let section = list.invalidateRangeStart(invalidation) {
                list.invalidateRangeEnd(section)
                opened += 1
            }
        }
        return opened
    }

    private static func dispatch(_ space: AddressSpace, isBlockable: Bool, count: Int) -> Int {
        guard let range = InvalidationRange(pages: pages) else { return 0 }
        let invalidation = Invalidation(range: range, event: .unmap, isBlockable: isBlockable)
        var opened = 0
        for _ in 0..<count {
            if let section = space.invalidateRangeStart(invalidation) {
                space.invalidateRangeEnd(section)
                opened += 1
            }
        }
        return opened
    }

    private static var pages: Range<Int> { 0..<16 }

    /// The same invalidation, as the floor has it.
    private static func withFloorInvalidation(
        _ isBlockable: Bool, _ body: (UnsafePointer<floor_invalidation>) -> UInt64
    ) -> UInt64 {
        let invalidation = floor_invalidation(
            start_page: Int64(pages.lowerBound), end_page: Int64(pages.upperBound),
            event: InvalidationEvent.unmap.rawValue, is_blockable: isBlockable ? 1 : 0)
        return withUnsafePointer(to: invalidation, body)
    }
}
