import ExploredDispatch
import Interleaving

/// A cache of the page, whatever its guard.
final class Client: @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    private unowned let world: World
    private let slot: UnsafeMutablePointer<Atomic<UInt64>>
    private var subscription: CacheSubscription?
    /// Whether its subscription has ended.
    private(set) var isOver = false
    fileprivate var faultOnce: (() -> UInt64?) -> FaultOutcome = { _ in FaultOutcome(.dead) }
    fileprivate var subscribe: () throws -> CacheSubscription? = { nil }

    init(_ world: World) {
        self.world = world
        slot = .allocate(capacity: 1)
        slot.initialize(to: Atomic(0))
        Scheduler.shared.watch(slot.pointee.address) { [unowned self] in
            self.world.violation(of: entry, isOver: isOver)
        }
    }

    deinit {
        slot.deinitialize(count: 1)
        slot.deallocate()
    }

    /// The translation, without a step; 0 for none.
    var entry: UInt64 { slot.pointee.address.load(as: UInt64.self) }

    var isRegistered: Bool { subscription != nil && !isOver }

    /// A fault of the page.
    @discardableResult
    func fault(walk: (() -> UInt64?)? = nil) -> FaultOutcome { faultOnce(walk ?? { [world] in world.walk() }) }

    func register() {
        do { subscription = try subscribe() } catch {
            Scheduler.shared.require(false, "a registration failed: \(error)")
        }
    }

    /// Ends the subscription and waits.
    func unregister() {
        guard let subscription else { return }
        world.space.unregister(subscription)
        isOver = true
        Scheduler.shared.require(entry == 0, "a translation is left when the subscription is over")
    }

    /// Ends it without a wait. It is over when liburcu's thread says so.
    func unregisterDeferred() {
        guard let subscription else { return }
        world.space.unregisterDeferred(subscription) { [self] in
            isOver = true
            Scheduler.shared.require(entry == 0, "a translation is left when the subscription is over")
        }
    }

    fileprivate func drop() {
        Scheduler.shared.require(!isOver, "a callback runs after the subscription was over")
        slot.pointee.store(0, ordering: .relaxed)
    }

    /// Where a subscriber goes that is to come right behind this one.
    var place: CacheSubscription? { subscription }

    /// Has it guarded by `translationGuard`, whose install is a closure or the store in a slot.
    func guarded<Guard: TranslationGuard>(by translationGuard: Guard, into kind: GuardKind.Install) -> Client {
        let cache = Cache(guard: translationGuard, client: self)
        let (world, slot) = (world, slot)
        subscribe = { try world.space.register(cache, over: World.pages) }
        switch kind {
        case .slot: faultOnce = { translationGuard.fault(at: 0, walk: $0, into: slot) }
        case .closure:
            faultOnce = {
                translationGuard.fault(at: 0, walk: $0, install: { slot.pointee.store($0, ordering: .releasing) })
            }
        }
        return self
    }
}

private final class Cache<Guard: TranslationGuard>: TranslationCache {
    let `guard`: Guard
    private unowned let client: Client

    init(guard translationGuard: Guard, client: Client) {
        `guard` = translationGuard
        self.client = client
    }

    func drop(_ range: InvalidationRange) { client.drop() }
}

/// A guard of the engine, as a scenario names it.
struct GuardKind: Sendable {
    enum Install { case slot, closure }

    let name: String
    private let make: @Sendable (Client, AddressSpace) -> Client

    func makeClient(_ world: World) -> Client { make(Client(world), world.space) }

    /// One collision until the fallback, and an end of it within the time that an execution lets pass.
    private static let budget = RetryBudget(collisions: 1, nanoseconds: 2_000_000, fallbackNanoseconds: 20_000_000)

    static let all: [GuardKind] = [
        GuardKind(name: "striped") { $0.guarded(by: StripedGuard(space: $1, pages: 1, budget: budget), into: .slot) },
        GuardKind(name: "striped-wide") {
            $0.guarded(by: StripedGuard(space: $1, pages: 1, wideBound: 0, budget: budget), into: .slot)
        },
        GuardKind(name: "asymmetric") {
            $0.guarded(by: AsymmetricGuard(space: $1, pages: 1, budget: budget), into: .slot)
        },
        GuardKind(name: "fenced") { $0.guarded(by: FencedGuard(space: $1, pages: 1, budget: budget), into: .slot) },
        GuardKind(name: "restartable") {
            $0.guarded(by: RestartableGuard(space: $1, pages: 1, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive") { $0.guarded(by: AdaptiveGuard(space: $1, pages: 1, budget: budget), into: .slot) },
        GuardKind(name: "adaptive-wide") {
            $0.guarded(by: AdaptiveGuard(space: $1, pages: 1, wideBound: 0, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive-restarting") {
            $0.guarded(by: AdaptiveRestartingGuard(space: $1, pages: 1, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive-restarting-closure") {
            $0.guarded(by: AdaptiveRestartingGuard(space: $1, pages: 1, budget: budget), into: .closure)
        },
        GuardKind(name: "invlock") { $0.guarded(by: InvLockGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "range-counter") { $0.guarded(by: RangeCounterGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "kvm") { $0.guarded(by: KVMGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "interval") {
            $0.guarded(by: IntervalGuard(space: $1, pages: 1, budget: budget), into: .slot)
        },
        GuardKind(name: "interval-lockfree") {
            $0.guarded(by: IntervalLockFreeGuard(space: $1, pages: 1, budget: budget), into: .slot)
        },
    ]

    /// One of the above by its name.
    static func named(_ name: String) -> GuardKind { all.first { $0.name == name }! }
}
