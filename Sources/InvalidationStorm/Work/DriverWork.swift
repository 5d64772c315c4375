import NotifierDispatch

/// What a driver does in each fault besides the protocol: how long its walks and installs take,
/// and the lock that its walks and its sections share.
///
/// It lies with the cache and not with the faulter: what a fault's closures hold is written to memory for the guard's
/// slow path, each time.
public struct DriverWork: Sendable {
    /// Spent by each walk, on top of reading the page table.
    @usableFromInline
    let walkDelay: Delay
    /// Spent by each install, before the translation is visible.
    @usableFromInline
    let installDelay: Delay
    /// Held over each walk, and around each section; `nil` where the driver has none.
    @usableFromInline
    let mappingLock: MappingLock?
    /// How many pages a fault fills in, a power of two.
    @usableFromInline
    let pagesPerFault: Int
    /// Whether there is nothing to do, so that faults take the path without it.
    @usableFromInline
    let isNone: Bool

    /// Nothing besides the protocol: its pure cost.
    public static let none = DriverWork(walkDelay: .none, installDelay: .none, mappingLock: nil, pagesPerFault: 1)

    private init(walkDelay: Delay, installDelay: Delay, mappingLock: MappingLock?, pagesPerFault: Int) {
        self.walkDelay = walkDelay
        self.installDelay = installDelay
        self.mappingLock = mappingLock
        self.pagesPerFault = pagesPerFault
        isNone = walkDelay.ticks == 0 && installDelay.ticks == 0 && mappingLock == nil && pagesPerFault == 1
    }

    /// The work of one repetition, with a fresh lock where it has one.
    @usableFromInline
    init(_ settings: StormSettings) {
        self.init(
            walkDelay: Delay(nanoseconds: settings.walkNanoseconds, clock: .calibrated),
            installDelay: Delay(nanoseconds: settings.installNanoseconds, clock: .calibrated),
            mappingLock: settings.scenario.hasMappingLock ? MappingLock() : nil,
            pagesPerFault: settings.pagesPerFault)
    }

    /// Looks a page up, with the lock held where there is one.
    @inlinable @inline(__always)
    func walk(_ page: Int, in entries: PageTable.Entries) -> UInt64 {
        mappingLock?.lock()
        defer { mappingLock?.unlock() }
        let generation = PageTable.walk(page, in: entries)
        walkDelay.spend()
        return generation
    }

    /// Looks the pages of a range up, in one walk; their generations go to `walked`.
    @inlinable @inline(__always)
    func walk(_ range: InvalidationRange, in entries: PageTable.Entries, into walked: WalkedPages) {
        mappingLock?.lock()
        defer { mappingLock?.unlock() }
        for page in range.pages { walked[page, of: range] = PageTable.walk(page, in: entries) }
        walkDelay.spend()
    }
}
