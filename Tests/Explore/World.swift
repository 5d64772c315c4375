import ExploredDispatch
import Interleaving

/// What an execution happens to: a space, the page table of its two pages, and their caches.
final class World: @unchecked Sendable {
    // @unchecked: the threads of an execution run one at a time.
    let space: AddressSpace
    /// What the page table says of each page: a number that grows.
    private let table: UnsafeMutablePointer<Atomic<UInt64>>
    private var clients: [Client] = []
    private var subscribers: [Reluctant] = []
    /// For each page: the sections whose start has returned and whose end was not called yet.
    private var openSections = [0, 0]
    /// Held around sections and in walks where a scenario wants that.
    let driversLock = DriversLock()

    /// All pages, and the first and the second one alone.
    static let pages = InvalidationRange(pages: 0..<2)!
    static let first = InvalidationRange(pages: 0..<1)!
    static let second = InvalidationRange(pages: 1..<2)!

    init(pairing: PairingPolicy = .targetedUndo) {
        space = AddressSpace(pairing: pairing)
        table = .allocate(capacity: Self.pages.count)
        for page in Self.pages.pages { (table + page).initialize(to: Atomic(1)) }
    }

    deinit {
        table.deinitialize(count: Self.pages.count)
        table.deallocate()
    }

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
    func violation(of entry: UInt64, at page: Int, isOver: Bool) -> String? {
        guard entry != 0 else { return nil }
        if openSections[page] > 0 { return "a translation became visible inside a section" }
        if isOver { return "a translation became visible after the subscription was over" }
        let now = table[page].rawValue
        return entry == now ? nil : "translation \(entry) became visible, where the page table holds \(now)"
    }

    /// Looks a page up.
    func walk(_ page: Int = 0) -> UInt64 { table[page].load(ordering: .acquiring) }

    /// A whole section that changes the pages; does nothing if it would block.
    func section(over range: InvalidationRange = first, isBlockable: Bool = true) {
        let invalidation = Invalidation(range: range, event: .unmap, isBlockable: isBlockable)
        guard let section = space.invalidateRangeStart(invalidation) else { return }
        for page in range.pages {
            openSections[page] += 1
            for client in clients where client.isRegistered {
                Scheduler.shared.require(client.entry(page) == 0, "a start returned although a translation is left")
            }
        }
        for page in range.pages { table[page].wrappingAdd(1, ordering: .relaxed) }
        for page in range.pages { openSections[page] -= 1 }
        space.invalidateRangeEnd(section)
    }

    /// The execution is over.
    func forgetAll() {
        clients = []
        subscribers = []
    }

    /// The space ends: every cache is over.
    func release() {
        space.release()
        for client in clients { client.noteEnd() }
    }

    /// What must hold when all threads are done: nothing is left over, and everything still works.
    func checkEnd() {
        let scheduler = Scheduler.shared
        scheduler.require(space.counter.activeCount == 0, "\(space.counter.activeCount) sections are open at the end")
        section(over: Self.pages)
        for subscriber in subscribers {
            scheduler.require(!subscriber.isOwedEnd, "a subscriber is owed an end")
        }
        for client in clients where client.isRegistered {
            for page in Self.pages.pages {
                let status = client.fault(at: page).status
                scheduler.require(
                    status == .installed && client.entry(page) == walk(page),
                    "a fault at the end is \(status), and the translation is \(client.entry(page))")
            }
            client.unregister()
        }
        for client in clients where client.isOver {
            let status = client.fault().status
            scheduler.require(status == .dead && client.entry(0) == 0, "a fault after the end is \(status)")
        }
    }
}

extension Atomic<UInt64> {
    /// The value, without a step.
    var rawValue: UInt64 { address.load(as: UInt64.self) }
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
