import NotifierDispatch

/// What a driver does in each fault besides the protocol: how long its walks and installs take.
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
    /// Whether there is nothing to do, so that faults take the path without it.
    @usableFromInline
    let isNone: Bool

    /// Nothing besides the protocol: its pure cost.
    public static let none = DriverWork(walkDelay: .none, installDelay: .none)

    init(walkDelay: Delay, installDelay: Delay) {
        self.walkDelay = walkDelay
        self.installDelay = installDelay
        isNone = walkDelay.ticks == 0 && installDelay.ticks == 0
    }

    /// The work of a repetition's faults.
    @usableFromInline
    init(_ settings: StormSettings) {
        self.init(
            walkDelay: Delay(nanoseconds: settings.walkNanoseconds, clock: .calibrated),
            installDelay: Delay(nanoseconds: settings.installNanoseconds, clock: .calibrated))
    }

    /// Looks a page up.
    @inlinable @inline(__always)
    func walk(_ page: Int, in entries: PageTable.Entries) -> UInt64 {
        let generation = PageTable.walk(page, in: entries)
        walkDelay.spend()
        return generation
    }
}
