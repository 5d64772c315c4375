import CPrimitiveFloors
import NotifierDispatch

// Lists that stand beside the engine's. Their entries have the addresses of the same subscribers, so that both lists are
// in the same order, and calls can be compared one by one.
extension Floor {
    /// A list with an entry for each subscriber, which keeps them alive.
    static func list<Subscriber: InvalidationSubscriber>(
        _ subscribers: [Subscriber], _ functions: floor_subscriber
    ) -> Floor {
        let floor = Floor(floor_list_create(), keeping: subscribers, destroy: floor_list_destroy)
        for subscriber in subscribers {
            var functions = functions
            _ = floor_list_register(floor.pointer, address(of: subscriber), &functions)
        }
        return floor
    }

    /// A list behind the counter of open sections, filled the same way.
    static func subscriptions<Subscriber: InvalidationSubscriber>(
        _ subscribers: [Subscriber], _ functions: floor_subscriber
    ) -> Floor {
        let floor = Floor(floor_subscriptions_create(), keeping: subscribers, destroy: floor_subscriptions_destroy)
        for subscriber in subscribers {
            var functions = functions
            _ = floor_subscriptions_register(floor.pointer, address(of: subscriber), &functions)
        }
        return floor
    }

    /// What a floor knows a subscriber by.
    static func address(of subscriber: AnyObject) -> UnsafeMutableRawPointer {
        Unmanaged.passUnretained(subscriber).toOpaque()
    }
}
