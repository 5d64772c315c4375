import CPlatform
import NotifierDispatch
import Synchronization

/// A cache of memory that is registered with a device, which invalidations of an address space keep coherent.
///
///     let cache = try RegistrationCache(of: device, in: space)
///     let region = try cache.get(buffer, length: 4096)
///     device.read(into: buffer, under: region.registration)
///     cache.put(region)
///     // and whoever unmaps:
///     space.invalidate(pages, event: .unmap) { munmap(buffer, 4096) }
///
/// After the start of an invalidation has returned, no get returns a region over its range until its end. Memory that is
/// mapped there later is registered anew.
///
/// A get and put that hit take no lock, allocate nothing and write only to memory of their own thread. The first get or put
/// of a thread registers it with the engine and maps the thread's own row of pins. Any thread may call in; a region may be put
/// by another one than got it. Signal handlers may not.
///
/// The race of a hit, with the outcome that it must have:
///
///     get                                       invalidation, eviction, merge (with the table's lock)
///     page's word -> index of a record          the record's state = retired
///     my pin of that index + 1                  the pages' words = none
///     compiler barrier                          full fence: start returns
///     state live, and the range inside?         later, a sweep: settled, membarrier, sum of the pins = 0?
///     no: my pin - 1, and a miss                deregister, free the record
///     Outcome: a get that begins after the return finds the region retired, and a region that a get returns is deregistered
///     after its put.
///
/// Nothing between the word and the check is believed: the word may lead to a record that was freed, or that is another
/// region's now. Pins may be put on any record, as records are never unmapped; if it is not live, or not of this memory, the
/// pin is taken back as by a put. If it is, the pin is visible to every sweep that begins after the record is retired (see
/// ``PinRows``). So neither lookups nor records need a read section of ``RCU``, and a thread that is stopped in one holds up
/// nobody.
public final class RegistrationCache: @unchecked Sendable {
    // @unchecked: constant pointers to atomics, valid as long as the table.
    let space: AddressSpace
    let table: RegionTable
    private let subscription: Subscription

    // What a hit needs, from `table`, at one remove less.
    private let root: PageTable.Words
    private let pageBits: UInt64
    /// Where there is no membarrier(2), rows that no thread has: every call then takes the slow path, which fences.
    private let rows: UnsafeMutablePointer<Atomic<PinRows.Row?>>
    private let records: UnsafeMutablePointer<RegionRecord>
    private let clock: UnsafeMutablePointer<Atomic<UInt32>>
    private let barrier: ProcessBarrier

    /// A cache for memory of `space`, whose page numbers are addresses divided by the configuration's page size. Throws if the
    /// space has been released, or if starts of the space call every subscriber and the cache may answer would-block.
    public convenience init(
        of device: any RegistrationDevice, in space: AddressSpace, configuration: Configuration = Configuration()
    ) throws(RegistrationError) {
        try self.init(of: device, in: space, configuration: configuration, barrier: ProcessBarrier())
    }

    init(
        of device: any RegistrationDevice, in space: AddressSpace, configuration: Configuration, barrier: ProcessBarrier
    ) throws(RegistrationError) {
        self.space = space
        self.barrier = barrier
        table = RegionTable(device, configuration, barrier)
        root = table.pages.root
        pageBits = table.pages.pageBits
        rows = barrier.isKernels ? table.pins.rows : table.pins.noRows
        records = table.records
        clock = table.clock
        subscription = try space.register(table)
    }

    // Ends the subscription, which drops everything: no callback runs any more.
    deinit {
        space.unregister(subscription)
        table.finish()
    }

    /// Pins the region that holds the bytes; registers them if there is none. Give it back with ``put(_:)``.
    ///
    /// A miss waits for invalidations of the pages that are open, and for other threads that register any of them, with the
    /// configuration's patience. Traps if the device's `register` gets memory that it is registering.
    public func get(_ address: UInt, length: UInt) throws(GetError) -> PinnedRegion {
        guard let row = PinRows.mine(of: rows), let record = pin(address, in: row) else {
            return try miss(address, length: length)
        }
        cplatform_compiler_barrier()
        if _fastPath(holds(record, address, length: length)) { return PinnedRegion(record: record) }
        return try missAfterPin(record, address, length: length)
    }

    /// Gives a region back, on any thread. If it was dropped meanwhile and this is its last pin, it is deregistered.
    public func put(_ region: consuming PinnedRegion) {
        let record = region.relinquish().assumingMemoryBound(to: RegionRecord.self)
        guard let row = PinRows.mine(of: rows) else { return unpinSlow(record) }
        row[Int(index(of: record))].unpin()
        cplatform_compiler_barrier()
        unpinned(record)
    }

    /// Deregisters what was dropped and is not pinned. Waits for nobody's put. Not inside a call of the device.
    public func sweep() { table.sweep() }

    /// What the cache holds, and what it has done so far.
    public struct Statistics: Sendable {
        /// Regions and their bytes that gets may return.
        public var regions = 0, bytes: UInt = 0
        /// Regions and their bytes that were dropped, and are still registered.
        public var deferredRegions = 0, deferredBytes: UInt = 0
        /// Gets that asked the device, failed ones too. Regions that were dropped by invalidations, for room, and for a merge.
        public var misses = 0, invalidated = 0, evicted = 0, merged = 0
    }

    /// What the cache holds, and what it has done so far. Takes a lock.
    public var statistics: Statistics { table.statistics }

    /// The record of the region that the bytes seem to be in, pinned by this thread, whose row it is.
    @inline(__always)
    private func pin(_ address: UInt, in row: PinRows.Row) -> UnsafeMutablePointer<RegionRecord>? {
        guard address < 1 << PageTable.addressBits,
            let index = PageTable.find(UInt64(address) &>> pageBits, in: root)
        else { return nil }
        // Relaxed: it dates a use.
        row[Int(index)].pin(at: clock.pointee.load(ordering: .relaxed))
        return records + Int(index)
    }

    /// Whether a pinned region is live, and has the bytes. Then it stays so until it is unpinned.
    @inline(__always)
    private func holds(_ record: UnsafeMutablePointer<RegionRecord>, _ address: UInt, length: UInt) -> Bool {
        // Acquiring: the record's other words come after it (pairs with publish).
        let isLive = record.pointee.state.load(ordering: .acquiring) == RegionRecord.State.live
        let offset = address &- record.pointee.address.load(ordering: .relaxed)
        let size = record.pointee.length.load(ordering: .relaxed)
        return isLive && offset < size && length &- 1 < size &- offset
    }

    @inline(__always)
    private func index(of record: UnsafeMutablePointer<RegionRecord>) -> UInt32 {
        // Unsigned, and so a shift.
        let offset = UInt(bitPattern: record) &- UInt(bitPattern: records)
        return UInt32(truncatingIfNeeded: offset / UInt(MemoryLayout<RegionRecord>.stride))
    }

    // MARK: Out of line

    /// Takes back a pin of a region that is not the one, and goes on as a miss.
    @inline(never)
    private func missAfterPin(
        _ record: UnsafeMutablePointer<RegionRecord>, _ address: UInt, length: UInt
    ) throws(GetError) -> PinnedRegion {
        unpinSlow(record)
        return try miss(address, length: length)
    }

    @inline(never)
    private func miss(_ address: UInt, length: UInt) throws(GetError) -> PinnedRegion {
        let limit: UInt = 1 << PageTable.addressBits
        guard length != 0, address < limit, length <= limit &- address else { throw .invalidRange }
        guard let row = table.pins.makeMine() else { throw .full }
        let record = try table.register(MemoryRange(address: address, length: length)) {
            guard let record = pin(address, in: row) else { return nil }
            barrier.light()
            if holds(record, address, length: length) { return record }
            unpinSlow(record)
            return nil
        }
        return PinnedRegion(record: record)
    }

    /// The whole of a put: also of a thread that has no row yet, and where there is no membarrier(2).
    @inline(never)
    private func unpinSlow(_ record: UnsafeMutablePointer<RegionRecord>) {
        guard let row = table.pins.makeMine() else { fatalError("no memory for the pins of a thread") }
        row[Int(index(of: record))].unpin()
        barrier.light()
        unpinned(record)
    }

    /// After the barrier behind an unpin.
    @inline(__always)
    private func unpinned(_ record: UnsafeMutablePointer<RegionRecord>) {
        // Acquiring: the deregistration comes after the sweep that settled it.
        if _slowPath(record.pointee.state.load(ordering: .acquiring) != RegionRecord.State.live) {
            table.unpinnedDropped(index(of: record))
        }
    }
}
