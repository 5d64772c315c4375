import TorturedDispatch

/// A device's translations behind a guard of any kind.
protocol TorturedCache: AnyObject, Sendable {
    var shadow: ShadowTable { get }
    var range: InvalidationRange { get }

    /// A fault. `work` runs in each walk, and gets the number of the walk, from 1.
    func fault(at page: Int, as form: FaultForm, duringWalk work: (Int) -> Void) -> FaultOutcome.Status

    /// Registers it in the space of its life.
    func register() throws(RegistrationError) -> CacheSubscription
}

/// How a fault installs.
enum FaultForm: UInt64 {
    /// By a closure, which takes the device's lock.
    case underDeviceLock
    /// By a closure.
    case closure
    /// By the store of one word.
    case slot
    /// The pages around it, too.
    case range
    /// Its walk finds nothing.
    case absent
}

final class GuardedCache<Guard: TranslationGuard>: TranslationCache, TorturedCache {
    let `guard`: Guard
    let shadow: ShadowTable
    let range: InvalidationRange
    private let space: AddressSpace
    private let table: PageTable
    private let device = DriverLock(.device)
    private let ledger = DriverLock(.ledger)

    init(guard translationGuard: Guard, life: SpaceLife, range: InvalidationRange, name: String) {
        `guard` = translationGuard
        self.range = range
        space = life.space
        table = life.table
        shadow = ShadowTable(of: life.table, name: name)
        LiveObjects.caches.begin()
    }

    deinit { LiveObjects.caches.end() }

    func register() throws(RegistrationError) -> CacheSubscription { try space.register(self, over: range) }

    func drop(_ dropped: InvalidationRange) {
        guard let record = ThreadRecords.mineIfAny else { return shadow.drop(dropped.pages) }
        record.during(.drop, dropped.pages) {
            device.holding {
                ledger.holding {
                    record.random.delay(sleep: 0)
                    shadow.drop(Busted.is(.skippedPage) ? dropped.pages.dropLast(1) : dropped.pages)
                }
            }
        }
    }

    func fault(at page: Int, as form: FaultForm, duringWalk work: (Int) -> Void) -> FaultOutcome.Status {
        let record = ThreadRecords.mine
        if form == .range { return faultRange(around: page, record, work) }
        var (walks, first) = (0, ShadowTable.nothing)
        var (old, new) = (ShadowTable.nothing, ShadowTable.nothing)
        func walk() -> UInt64? {
            record.during(.walk, page..<page + 1) {
                new = table[page]
                walks += 1
                if walks == 1 { first = new }
                work(walks)
                // What a fault by the store of a word is about to overwrite: after the page, and before the install.
                old = shadow.translation(of: page)
                if Busted.is(.keptWalk) { new = first }
                return form == .absent ? nil : new
            }
        }
        let outcome: FaultOutcome
        switch form {
        case .slot:
            outcome = `guard`.fault(at: page, walk: walk, into: shadow.slot(of: page))
            // As in `install`: what lay there when the page had been looked at is older, or younger, and was visible then.
            if outcome.status == .installed { shadow.checkOverwritten(old, by: new, at: page) }
        default:
            outcome = `guard`.fault(at: page, walk: walk) { generation in
                record.during(.install, page..<page + 1) {
                    if form == .underDeviceLock {
                        return underDeviceLock(record) { shadow.install(generation, at: page) }
                    }
                    record.random.delay(sleep: 0)
                    shadow.install(generation, at: page)
                }
            }
        }
        return outcome.status
    }

    private func underDeviceLock(_ record: ThreadRecord, _ install: () -> Void) {
        // Always the device's lock first; see ``DriverLock``.
        let (outer, inner) = Busted.is(.crossedLocks) ? (ledger, device) : (device, ledger)
        outer.holding {
            record.random.delay(sleep: 0)
            inner.holding(install)
        }
    }

    private func faultRange(around page: Int, _ record: ThreadRecord, _ work: (Int) -> Void) -> FaultOutcome.Status {
        let start = max(range.startPage, page - Int(record.random.below(20)))
        let end = min(range.endPage, page + 1 + Int(record.random.below(20)))
        guard let around = InvalidationRange(pages: start..<end) else { return .absent }
        var walks = 0
        let outcome = `guard`.faultRange(containing: page, within: around) { part -> [UInt64]? in
            record.during(.walk, part.pages) {
                let found = part.pages.map { table[$0] }
                walks += 1
                work(walks)
                return found
            }
        } install: { part, found in
            record.during(.install, part.pages) {
                for (page, generation) in zip(part.pages, found) { shadow.install(generation, at: page) }
            }
        }
        return outcome.fault.status
    }
}
