import ExploredDispatch
import Interleaving

/// What an execution happens to: a space, the page table of its one page, and the caches of that page.
final class World: @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    let space: AddressSpace
    /// What the page table says of the page: a number that grows.
    private let table = Atomic<UInt64>(1)
    private(set) var clients: [Client] = []
    private var subscribers: [Reluctant] = []
    /// Sections whose start has returned and whose end was not called yet.
    private var openSections = 0
    /// Held around sections and in walks where a scenario wants that.
    let driversLock = DriversLock()

    static let pages = InvalidationRange(pages: 0..<1)!

    init(pairing: PairingPolicy = .targetedUndo) { space = AddressSpace(pairing: pairing) }

    /// Adds a cache, which is registered unless a scenario does so itself.
    @discardableResult
    func add(_ kind: GuardKind, registered: Bool = true) -> Client {
        let client = kind.makeClient(self)
        clients.append(client)
        if registered { client.register() }
        return client
    }

    /// Adds a subscriber of the list right behind a cache, or by its address.
    func add(_ subscriber: Reluctant, behind client: Client? = nil) -> CacheSubscription? {
        subscribers.append(subscriber)
        do {
            if let place = client?.place { return try space.register(subscriber, behind: place) }
            return CacheSubscription(try space.register(subscriber))
        } catch {
            Scheduler.shared.require(false, "a registration failed: \(error)")
            return nil
        }
    }

    /// What is wrong now with a translation that a cache holds, or `nil`.
    ///
    /// The rule: between the return of a start and the call of its end there is none, and at all times one that is there is
    /// what the page table holds.
    func violation(of entry: UInt64, isOver: Bool) -> String? {
        guard entry != 0 else { return nil }
        if openSections > 0 { return "a translation became visible inside a section" }
        if isOver { return "a translation became visible after the subscription was over" }
        let now = table.address.load(as: UInt64.self)
        return entry == now ? nil : "translation \(entry) became visible, where the page table holds \(now)"
    }

    /// Looks the page up.
    func walk() -> UInt64 { table.load(ordering: .acquiring) }

    /// A whole section that changes the page; does nothing if it would block.
    func section(isBlockable: Bool = true, inside: () -> Void = {}) {
        let invalidation = Invalidation(range: Self.pages, event: .unmap, isBlockable: isBlockable)
        guard let section = space.invalidateRangeStart(invalidation) else { return }
        openSections += 1
        for client in clients where client.isRegistered {
            Scheduler.shared.require(client.entry == 0, "a start returned although a translation is left")
        }
        table.wrappingAdd(1, ordering: .relaxed)
        inside()
        openSections -= 1
        space.invalidateRangeEnd(section)
    }

    /// What must hold when all threads are done: nothing is left over, and everything still works.
    func checkEnd() {
        let scheduler = Scheduler.shared
        scheduler.require(space.counter.activeCount == 0, "\(space.counter.activeCount) sections are open at the end")
        section()
        for subscriber in subscribers {
            scheduler.require(!subscriber.isOwedEnd, "a subscriber is owed an end")
        }
        for client in clients where client.isRegistered {
            let status = client.fault().status
            scheduler.require(
                status == .installed && client.entry == walk(),
                "a fault at the end is \(status), and the translation is \(client.entry)")
            client.unregister()
        }
        for client in clients where client.isOver {
            let status = client.fault().status
            scheduler.require(status == .dead && client.entry == 0, "a fault after the end is \(status)")
        }
    }
}

/// A lock of the driver's own.
final class DriversLock {
    private var isTaken = false

    func with<Result>(_ body: () -> Result) -> Result {
        Scheduler.shared.step()
        _ = Scheduler.shared.wait("waits for the driver's lock") { [self] in !isTaken }
        isTaken = true
        let result = body()
        Scheduler.shared.step()
        isTaken = false
        Scheduler.shared.noteChange()
        return result
    }
}
