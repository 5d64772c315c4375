import NotifierDispatch
import Synchronization

/// How dropped regions are deregistered: by a sweep, or by the put of their last pin.
///
///     put                                       sweep, with the sweep lock held
///     my pin - 1                                state = settled, of all that were retired
///     compiler barrier                          membarrier, once for all
///     state settled?                            sum of the pins = 0? leaving; deregister
///     yes: take the sweep lock; still settled,
///     and the sum 0? leaving; deregister
///     Outcome: exactly one of them deregisters, when no pin is left.
///
/// The barrier serves both races. A get that found the region live before it was retired has its pin in the sum. A put that
/// found the region merely retired, and so leaves, has its subtraction in the sum; one that is not in the sum finds it settled, and
/// its turn with the lock comes after the sweep's sum. Of several such puts the last one finds 0.
extension RegionTable {
    /// Deregisters what was dropped and is not pinned.
    func sweep() {
        sweepLock.lock()
        let settled = settle()
        guard settled > 0 else { return sweepLock.unlock() }
        barrier.heavy()
        var leaving = RegionRecords.none
        lock.lock()
        // Only sweeps insert, at the front: these are the regions that this one has settled.
        var index = dropped.first
        for _ in 0..<settled {
            let next = regions.links[Int(index)].next
            if leaveIfUnpinned(index) {
                regions.links[Int(index)].nextLeaving = leaving
                leaving = index
            }
            index = next
        }
        lock.unlock()
        sweepLock.unlock()
        while leaving != RegionRecords.none {
            let next = regions.links[Int(leaving)].nextLeaving
            deregister(leaving)
            leaving = next
        }
    }

    /// A pin was taken back, and the region was found not to be live.
    @inline(never)
    func unpinnedDropped(_ index: UInt32) {
        // Relaxed: a put that must act finds it settled, or settled and gone on (see above).
        guard records[Int(index)].state.load(ordering: .relaxed) == RegionRecord.State.settled else { return }
        sweepLock.lock()
        lock.lock()
        let isMine =
            regions[index].pointee.state.load(ordering: .relaxed) == RegionRecord.State.settled
            && leaveIfUnpinned(index)
        lock.unlock()
        sweepLock.unlock()
        if isMine { deregister(index) }
    }

    /// Sweeps if too much waits for it.
    func sweepIfOverLimit() {
        lock.lock()
        let isOver = isOverUnsweptLimit
        lock.unlock()
        if isOver { sweep() }
    }

    /// With the lock held.
    var isOverUnsweptLimit: Bool {
        unswept.count > configuration.maximumUnsweptRegions || unswept.bytes > configuration.maximumUnsweptBytes
    }

    /// Moves what was retired to what is settled; returns how many regions that were.
    private func settle() -> Int {
        lock.lock()
        defer { lock.unlock() }
        let count = unswept.count
        while unswept.first != RegionRecords.none {
            let index = unswept.first
            unswept.remove(index, from: regions)
            dropped.insert(index, in: regions)
            // Relaxed: the barrier comes behind it.
            regions[index].pointee.state.store(RegionRecord.State.settled, ordering: .relaxed)
        }
        return count
    }

    /// With both locks held.
    private func leaveIfUnpinned(_ index: UInt32) -> Bool {
        guard pins.sum(of: index) == 0 else { return false }
        regions[index].pointee.state.store(RegionRecord.State.leaving, ordering: .relaxed)
        return true
    }

    /// With no lock held, by the thread that had the region leave.
    private func deregister(_ index: UInt32) {
        let record = records + Int(index)
        device.deregister(record.pointee.registration.load(ordering: .relaxed), of: record.pointee.memory)
        lock.lock()
        dropped.remove(index, from: regions)
        regions.giveBack(index)
        lock.unlock()
    }
}
