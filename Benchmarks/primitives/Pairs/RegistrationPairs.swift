import CPrimitiveFloors
import NotifierDispatch

/// One subscriber more, and one less again, with the wait for a grace period that this takes.
enum RegistrationPairs {
    static func make() -> [Pair] { [0, 16].map(list) + [0, 16].map(subscriptions) }

    /// On a notifier list with so many others.
    private static func list(others count: Int) -> Pair {
        let others = IdleSubscriber.make(count)
        let one = IdleSubscriber()
        let list = NotifierList(subscribers: others)
        let floor = Floor.list(others, floor_idle_subscriber)
        return Pair(
            "list-register/subscribers:\(count)",
            swift: { count in
                for _ in 0..<count { list.unregister(list.registerOrTrap(one)) }
                return count
            },
            c: { floor_list_register_loop(floor.pointer, Floor.address(of: one), $0) })
    }

    /// On a space, which holds sections back meanwhile.
    private static func subscriptions(others count: Int) -> Pair {
        let others = IdleSubscriber.make(count)
        let one = IdleSubscriber()
        let space = AddressSpace(subscribers: others)
        let floor = Floor.subscriptions(others, floor_idle_subscriber)
        return Pair(
            "subscriptions-register/subscribers:\(count)",
            swift: { count in
                for _ in 0..<count { space.unregister(space.registerOrTrap(one)) }
                return count
            },
            c: { floor_subscriptions_register_loop(floor.pointer, Floor.address(of: one), $0) })
    }
}
