import ExploredDispatch
import Interleaving

/// A few threads that do something to a world.
struct Scenario {
    let name: String
    /// Makes a world and says what each thread does to it.
    private let prepare: () -> (World, [ModelBody])

    init(_ name: String, _ prepare: @escaping () -> (World, [ModelBody])) {
        self.name = name
        self.prepare = prepare
    }

    /// With one cache of the kind, which is registered.
    init(_ kind: GuardKind, _ name: String, _ bodies: @escaping (World, Client) -> [ModelBody]) {
        self.init("\(kind.name)/\(name)") {
            let world = World()
            let client = world.add(kind)
            return (world, bodies(world, client))
        }
    }

    /// Its guard's name, or what else it is about.
    var group: String { String(name.prefix { $0 != "/" }) }

    /// How many threads it has.
    var threads: Int { prepare().1.count }

    /// Has the engine make what it makes once in a process, in which executions would differ.
    static func warmUp() {
        Scheduler.shared.warmUp { wait in RCU.withRegisteredThread { wait() } }
        for scenario in all { _ = scenario.execute(FirstChoice()) }
    }

    /// Runs one execution.
    func execute(_ chooser: any Chooser) -> Failure? {
        ThreadRegistration.forgetOtherThreads()
        let (world, bodies) = prepare()
        let registered = bodies.map { body in
            ModelBody(body.name) { RCU.withRegisteredThread { body.run() } }
        }
        // Caches know their world, and it knows them.
        defer { world.forgetAll() }
        let checks = ModelBody("the end") { RCU.withRegisteredThread { world.checkEnd() } }
        return Scheduler.shared.run(registered, finally: checks, choosing: chooser)
    }

    /// Every scenario: those of a guard for each guard, then those of the two halves.
    static var all: [Scenario] { GuardKind.all.flatMap(ofGuard) + ofList + ofIntervals }

    private static func ofGuard(_ kind: GuardKind) -> [Scenario] {
        [
            Scenario(kind, "fault+section") { world, client in
                [ModelBody("fault") { client.fault() }, ModelBody("section") { world.section() }]
            },
            Scenario(kind, "2-faults+section") { world, client in
                [
                    ModelBody("fault 1") { client.fault() }, ModelBody("fault 2") { client.fault() },
                    ModelBody("section") { world.section() },
                ]
            },
            Scenario(kind, "fault+2-sections") { world, client in
                [
                    ModelBody("fault") { client.fault() }, ModelBody("section 1") { world.section() },
                    ModelBody("section 2") { world.section() },
                ]
            },
            Scenario(kind, "fault+section+end") { world, client in
                [
                    ModelBody("fault") { client.fault() }, ModelBody("section") { world.section() },
                    ModelBody("end") { client.unregister() },
                ]
            },
            Scenario(kind, "fault+section+deferred-end") { world, client in
                [
                    ModelBody("fault") { client.fault() }, ModelBody("section") { world.section() },
                    ModelBody("end") { client.unregisterDeferred() },
                ]
            },
            // The sections are over two pages of one stripe.
            Scenario(kind, "fault+sections-beside") { world, client in
                [
                    ModelBody("fault") { client.fault(at: 1) },
                    ModelBody("section 1") { world.section(over: World.first) },
                    ModelBody("section 2") { world.section(over: World.second) },
                ]
            },
            Scenario(kind, "fault+section+release") { world, client in
                [
                    ModelBody("fault") { client.fault() }, ModelBody("section") { world.section() },
                    ModelBody("release") { world.release() },
                ]
            },
            // The driver holds its lock around sections, and its walks take it.
            Scenario(kind, "drivers-lock") { world, client in
                [
                    ModelBody("fault") {
                        client.fault { world.driversLock.with { world.walk() } }
                    },
                    ModelBody("sections") {
                        for _ in 0..<2 { world.driversLock.with { world.section() } }
                    },
                ]
            },
            // A walk that invalidates the page itself once.
            Scenario(kind, "walk-invalidates") { world, client in
                var hasInvalidated = false
                return [
                    ModelBody("fault") {
                        client.fault {
                            if !hasInvalidated {
                                hasInvalidated = true
                                world.section()
                            }
                            return world.walk()
                        }
                    }, ModelBody("section") { world.section() },
                ]
            },
            Scenario("\(kind.name)/register+section") {
                let world = World()
                let client = world.add(kind, registered: false)
                return (
                    world,
                    [
                        ModelBody("register") {
                            client.register()
                            client.fault()
                        }, ModelBody("section") { world.section() },
                    ]
                )
            },
            Scenario("\(kind.name)/register+2-sections") {
                let world = World()
                let client = world.add(kind, registered: false)
                return (
                    world,
                    [
                        ModelBody("register") {
                            client.register()
                            client.fault()
                        }, ModelBody("section 1") { world.section() }, ModelBody("section 2") { world.section() },
                    ]
                )
            },
        ]
    }

    private static var ofList: [Scenario] {
        [
            nonBlocking(.targetedUndo, [.receivesEnd, .mayWouldBlock]), nonBlocking(.callAll, [.mayWouldBlock]),
            Scenario("list/unregister+2-sections") {
                let world = World()
                let subscriber = Reluctant(.receivesEnd)
                let subscription = world.add(subscriber)
                return (
                    world,
                    [
                        ModelBody("unregister") {
                            if let subscription { world.space.unregister(subscription) }
                            subscriber.end()
                        }, ModelBody("section 1") { world.section() }, ModelBody("section 2") { world.section() },
                    ]
                )
            },
            Scenario("list/callback-takes-drivers-lock") {
                let world = World()
                let client = world.add(.named("striped"))
                let subscriber = Reluctant(.receivesEnd) { world.driversLock.with {} }
                _ = world.add(subscriber, behind: client)
                let other = world.add(.named("striped"), registered: false)
                return (
                    world,
                    [
                        ModelBody("driver") {
                            world.driversLock.with {
                                other.register()
                                client.fault()
                                client.unregisterDeferred()
                            }
                        }, ModelBody("section") { world.section() },
                    ]
                )
            },
            Scenario("list/2-unregister+section") {
                let world = World()
                let subscriber = Reluctant(.receivesEnd)
                let subscription = world.add(subscriber)
                let unregister = {
                    if let subscription { world.space.unregister(subscription) }
                    subscriber.end()
                }
                return (
                    world,
                    [
                        ModelBody("unregister 1", unregister), ModelBody("unregister 2", unregister),
                        ModelBody("section") { world.section() },
                    ]
                )
            },
            Scenario("list/unregister+deferred+section") {
                let world = World()
                let subscriber = Reluctant(.receivesEnd)
                let subscription = world.add(subscriber)
                return (
                    world,
                    [
                        ModelBody("unregister") {
                            if let subscription { world.space.unregister(subscription) }
                            subscriber.end()
                        },
                        ModelBody("deferred") {
                            if let subscription {
                                world.space.unregisterDeferred(subscription) { subscriber.end() }
                            }
                        }, ModelBody("section") { world.section() },
                    ]
                )
            },
            Scenario("list/register+unregister+section") {
                let world = World()
                let subscriber = Reluctant(.receivesEnd)
                let subscription = world.add(subscriber)
                let client = world.add(.named("striped"), registered: false)
                return (
                    world,
                    [
                        ModelBody("unregister") {
                            if let subscription { world.space.unregister(subscription) }
                            subscriber.end()
                        },
                        ModelBody("register") {
                            client.register()
                            client.fault()
                        }, ModelBody("section") { world.section() },
                    ]
                )
            },
        ]
    }

    private static var ofIntervals: [Scenario] {
        [
            Scenario("intervals/non-blocking+section+fault") {
                let world = World()
                let client = world.add(.named("interval"))
                let device = SlowDevice(world)
                return (
                    world,
                    [
                        ModelBody("fault") { client.fault() },
                        ModelBody("non-blocking") { world.section(over: World.pages, isBlockable: false) },
                        ModelBody("section") {
                            world.section(over: World.pages)
                            device.remove(from: world.space)
                        },
                    ]
                )
            },
            Scenario("intervals/remove+2-sections") {
                let world = World()
                let device = SlowDevice(world)
                return (
                    world,
                    [
                        ModelBody("remove") { device.remove(from: world.space) },
                        ModelBody("section 1") { world.section(over: World.pages) },
                        ModelBody("section 2") { world.section(over: World.pages) },
                    ]
                )
            },
            // The first insertion of a space opens the half while a section may be open that went by it.
            Scenario("intervals/first-insertion+section+fault") {
                let world = World()
                let client = world.add(.named("striped"))
                return (
                    world,
                    [
                        ModelBody("insert") { SlowDevice(world).remove(from: world.space) },
                        ModelBody("section") { world.section(over: World.pages) },
                        ModelBody("fault") { client.fault() },
                    ]
                )
            },
        ]
    }

    /// A start that must not block, which a subscriber behind a cache makes fail.
    private static func nonBlocking(_ pairing: PairingPolicy, _ capabilities: SubscriberCapabilities) -> Scenario {
        Scenario("list/non-blocking-\(pairing.rawValue)") {
            let world = World(pairing: pairing)
            let client = world.add(.named("striped"))
            _ = world.add(Reluctant(capabilities), behind: client)
            return (
                world,
                [
                    ModelBody("fault") { client.fault() },
                    ModelBody("non-blocking") { world.section(isBlockable: false) },
                    ModelBody("section") { world.section() },
                ]
            )
        }
    }
}
