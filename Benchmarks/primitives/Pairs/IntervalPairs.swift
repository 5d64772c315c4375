import CPrimitiveFloors
import NotifierDispatch

/// AddressSpace to ranges: whole sections, reads, and their coming and going.
enum IntervalPairs {
    static func make() -> [Pair] {
        lookups + [1, 16, 64].map { dispatch(hits: $0) } + beginRetries + IntervalField.Size.allCases.map(insertRemove)
    }

    /// A section that finds one subscription, or none, among so many.
    private static var lookups: [Pair] {
        IntervalField.Size.allCases.flatMap { size in
            [1, 0].map { hits in
                sections("interval-lookup/size:\(size.rawValue)/hits:\(hits)", hits: hits, in: size.field)
            }
        }
    }

    /// A section that calls so many subscribers, of 1,000.
    private static func dispatch(hits: Int) -> Pair {
        sections("interval-dispatch/hits:\(hits)", isShared: true, hits: hits, in: IntervalField.Size.medium.field)
    }

    /// Sections over so many subscriptions of a field, all over it.
    static func sections(
        _ name: String, isShared: Bool = false, isBlockable: Bool = true, hits: Int,
        in field: IntervalField
    ) -> Pair {
        let places = field.places(hits: hits, isBlockable: isBlockable)
        return Pair(
            name, isShared: isShared, swift: { dispatch(field.set, places, count: $0) },
            c: { count in
                withUnsafePointer(to: places) { floor_interval_dispatch_loop(field.floor.pointer, $0, count) }
            })
    }

    /// What a fault does, without anything to install; the sequences are loaded with and without the set's lock.
    private static var beginRetries: [Pair] {
        let field = IntervalField(size: 1)
        return [
            Pair(
                "interval/begin-retry", isShared: true,
                swift: { beginRetry(field.subscriptions[0], count: $0) },
                c: { floor_interval_begin_retry_loop(field.floor.pointer, $0) }),
            Pair(
                "interval-lockfree/begin-retry", isShared: true,
                swift: { beginRetryLockFree(field.subscriptions[0], count: $0) },
                c: { floor_interval_begin_retry_lock_free_loop(field.floor.pointer, $0) }),
        ]
    }

    /// One subscription more, and one less again, between so many others. The engine's are used once, so that their memory
    /// comes and goes with them; the floor's is used again, as by a driver that has it in a structure of its own.
    private static func insertRemove(_ size: IntervalField.Size) -> Pair {
        let field = size.field
        let places = field.places(hits: 0)
        return Pair(
            "interval/insert-remove/size:\(size.rawValue)", swift: { insertRemove(field, places, count: $0) },
            c: { count in
                withUnsafePointer(to: places) {
                    floor_interval_insert_remove_loop(field.floor.pointer, $0, Floor.address(of: field), count)
                }
            })
    }

    private static func dispatch(_ set: IntervalNotifiers, _ places: floor_interval_places, count: Int) -> Int {
        let isBlockable = places.first.is_blockable != 0
        var opened = 0
        for round in 0..<count {
            let invalidation = Invalidation(range: places.range(round), event: .unmap, isBlockable: isBlockable)
            if let section = set.invalidateRangeStart(invalidation) {
                set.invalidateRangeEnd(section)
                opened += 1
            }
        }
        return opened
    }

    /// A reader's whole round. Returns how many met no section.
    static func beginRetry(_ subscription: IntervalSubscription, count: Int) -> Int {
        let deadline = Deadline.after(nanoseconds: 0)
        var undisturbed = 0
        for _ in 0..<count {
            guard case .ticket(let ticket) = subscription.readBegin(until: deadline) else { continue }
            subscription.lock()
            if !subscription.readRetry(ticket) { undisturbed += 1 }
            subscription.unlock()
        }
        return undisturbed
    }

    /// The same, begun without the set's lock.
    static func beginRetryLockFree(_ subscription: IntervalSubscription, count: Int) -> Int {
        let deadline = Deadline.after(nanoseconds: 0)
        var undisturbed = 0
        for _ in 0..<count {
            guard case .ticket(let ticket) = subscription.readBeginLockFree(until: deadline) else { continue }
            subscription.lock()
            if !subscription.readRetry(ticket) { undisturbed += 1 }
            subscription.unlock()
        }
        return undisturbed
    }

    private static func insertRemove(_ field: IntervalField, _ places: floor_interval_places, count: Int) -> Int {
        // Nothing is invalidated here: it is never called.
        let subscriber = IdleIntervalSubscriber(IntervalSubscription(over: places.range(0), in: field.set))
        for round in 0..<count {
            let subscription = IntervalSubscription(over: places.range(round), in: field.set)
            field.set.insertOrTrap(subscription, for: subscriber)
            field.set.remove(subscription)
        }
        return count
    }
}
