import ExploredDispatch
import Interleaving

/// A cache of the pages, whatever its guard.
final class Client: @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    private unowned let world: World
    /// One for each page.
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>
    /// Where a subscriber goes that is to come right behind this one.
    private(set) var place: CacheSubscription?
    /// Whether its subscription has ended.
    private(set) var isOver = false
    private var faultOnce: (Int, () -> UInt64?) -> FaultOutcome = { _, _ in FaultOutcome(.dead) }
    private var subscribe: () throws -> CacheSubscription? = { nil }

    init(_ world: World) {
        self.world = world
        slots = .allocate(capacity: World.pages.count)
        for page in World.pages.pages {
            (slots + page).initialize(to: Atomic(0))
            Scheduler.shared.watch(slots[page].address) { [unowned self] in
                self.world.violation(of: entry(page), at: page, isOver: isOver)
            }
        }
    }

    deinit {
        slots.deinitialize(count: World.pages.count)
        slots.deallocate()
    }

    /// A page's translation, without a step; 0 for none.
    func entry(_ page: Int) -> UInt64 { slots[page].rawValue }

    var isRegistered: Bool { place != nil && !isOver }

    /// A fault of a page.
    @discardableResult
    func fault(at page: Int = 0, walk: (() -> UInt64?)? = nil) -> FaultOutcome {
        faultOnce(page, walk ?? { [world] in world.walk(page) })
    }

    func register() {
        do { place = try subscribe() } catch { Scheduler.shared.require(false, "a registration failed: \(error)") }
    }

    /// Ends the subscription and waits.
    func unregister() {
        guard let place else { return }
        world.space.unregister(place)
        noteEnd()
    }

    /// Ends it without a wait. It is over when liburcu's thread says so.
    func unregisterDeferred() {
        guard let place else { return }
        world.space.unregisterDeferred(place) { [self] in noteEnd() }
    }

    /// The subscription is over.
    func noteEnd() {
        isOver = true
        Scheduler.shared.require(
            entry(0) == 0 && entry(1) == 0, "a translation is left when the subscription is over")
    }

    fileprivate func drop(_ range: InvalidationRange) {
        Scheduler.shared.require(!isOver, "a callback runs after the subscription was over")
        for page in range.pages { slots[page].store(0, ordering: .relaxed) }
    }

    /// Has it guarded by `translationGuard`, whose faults install like this.
    func guarded<Guard: TranslationGuard>(by translationGuard: Guard, into install: GuardKind.Install) -> Client {
        let cache = Cache(guard: translationGuard, client: self)
        let (world, slots) = (world, slots)
        subscribe = { try world.space.register(cache, over: World.pages) }
        switch install {
        case .slot: faultOnce = { translationGuard.fault(at: $0, walk: $1, into: slots + $0) }
        case .closure:
            faultOnce = { page, walk in
                translationGuard.fault(at: page, walk: walk, install: { slots[page].store($0, ordering: .releasing) })
            }
        case .range:
            faultOnce = { page, walk in
                translationGuard.faultRange(containing: page, within: World.pages) { range in
                    walk().map { own in range.pages.map { $0 == page ? own : world.walk($0) } }
                } install: { range, found in
                    for (page, translation) in zip(range.pages, found) {
                        slots[page].store(translation, ordering: .releasing)
                    }
                }.fault
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

    func drop(_ range: InvalidationRange) { client.drop(range) }
}

/// A guard of the engine, as a scenario names it.
struct GuardKind: Sendable {
    /// A fault stores in the entry, calls a closure, or fills in all pages of the stripe.
    enum Install { case slot, closure, range }

    let name: String
    private let make: @Sendable (Client, AddressSpace) -> Client

    func makeClient(_ world: World) -> Client { make(Client(world), world.space) }

    /// One collision until the fallback, and an end of it within the time that an execution lets pass.
    private static let budget = RetryBudget(collisions: 1, nanoseconds: 2_000_000, fallbackNanoseconds: 20_000_000)

    static let all: [GuardKind] = [
        GuardKind(name: "striped") { $0.guarded(by: StripedGuard(space: $1, pages: 2, budget: budget), into: .slot) },
        GuardKind(name: "striped-range") {
            $0.guarded(by: StripedGuard(space: $1, pages: 2, budget: budget), into: .range)
        },
        GuardKind(name: "striped-wide") {
            $0.guarded(by: StripedGuard(space: $1, pages: 2, wideBound: 0, budget: budget), into: .slot)
        },
        GuardKind(name: "asymmetric") {
            $0.guarded(by: AsymmetricGuard(space: $1, pages: 2, budget: budget), into: .slot)
        },
        GuardKind(name: "fenced") { $0.guarded(by: FencedGuard(space: $1, pages: 2, budget: budget), into: .slot) },
        GuardKind(name: "restartable") {
            $0.guarded(by: RestartableGuard(space: $1, pages: 2, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive") { $0.guarded(by: AdaptiveGuard(space: $1, pages: 2, budget: budget), into: .slot) },
        GuardKind(name: "asymmetric-range") {
            $0.guarded(by: AsymmetricGuard(space: $1, pages: 2, budget: budget), into: .range)
        },
        GuardKind(name: "adaptive-range") {
            $0.guarded(by: AdaptiveGuard(space: $1, pages: 2, budget: budget), into: .range)
        },
        GuardKind(name: "kvm-range") { $0.guarded(by: KVMGuard(space: $1, budget: budget), into: .range) },
        GuardKind(name: "adaptive-wide") {
            $0.guarded(by: AdaptiveGuard(space: $1, pages: 2, wideBound: 0, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive-restarting") {
            $0.guarded(by: AdaptiveRestartingGuard(space: $1, pages: 2, budget: budget), into: .slot)
        },
        GuardKind(name: "adaptive-restarting-closure") {
            $0.guarded(by: AdaptiveRestartingGuard(space: $1, pages: 2, budget: budget), into: .closure)
        },
        GuardKind(name: "invlock") { $0.guarded(by: InvLockGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "range-counter") { $0.guarded(by: RangeCounterGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "kvm") { $0.guarded(by: KVMGuard(space: $1, budget: budget), into: .slot) },
        GuardKind(name: "interval") {
            $0.guarded(by: IntervalGuard(space: $1, pages: 2, budget: budget), into: .slot)
        },
        GuardKind(name: "interval-lockfree") {
            $0.guarded(by: IntervalLockFreeGuard(space: $1, pages: 2, budget: budget), into: .slot)
        },
    ]

    /// One of the above by its name.
    static func named(_ name: String) -> GuardKind { all.first { $0.name == name }! }
}
