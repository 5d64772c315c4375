import CPlatform
import NotifierDispatch
import Synchronization

/// Pins that share no counter: every thread has a row of words of its own, one a region. A get adds 1 to the word of its
/// thread, a put subtracts 1 from that of its own thread, and the sum over all threads is how many pins there are. So a word
/// alone may be anything, and all arithmetic wraps.
///
/// Only the rare thread that wants to deregister a region adds up. The race, with the outcome that it must have:
///
///     get, put                                sweep
///     my word + 1, or - 1                     state = retired, then settled
///     compiler barrier                        membarrier(2)
///     state?  (acquire)                       sum of all words = 0? deregister  (acquire)
///     Outcome: a get that finds the region live is in the sum; a put that is not in the sum finds it settled.
///
/// From the barrier on no get succeeds: it finds the state changed, and takes its pin back on its own word. So words only fall,
/// but for pins that are taken back. Each word is read at a time of its own, and can only be less at the end of the reading: the
/// sum is at least the number of pins that are left then. A sum of 0 is therefore never wrong. A sum that is too large belongs
/// to a put that comes after it, which finds the region settled and adds up itself.
struct PinRows: ~Copyable, @unchecked Sendable {
    // @unchecked: atomics behind pointers.

    /// What one thread says of one region. Only that thread writes it; a thread that gets its index later goes on with it.
    struct Word: ~Copyable {
        /// Gets less puts of this thread, modulo 2^32.
        let pins: Atomic<UInt32>
        /// When this thread last got it: the number of regions that had been published in the cache.
        let lastUse: Atomic<UInt32>
    }

    typealias Row = UnsafeMutablePointer<Word>

    /// The rows, at the thread's index plus 1: a thread that is not registered has index -1, and never a row.
    let rows: UnsafeMutablePointer<Atomic<Row?>>
    /// As many places, and no row in any.
    let noRows: UnsafeMutablePointer<Atomic<Row?>>
    static var count: Int { ThreadRegistration.maximumThreads + 1 }

    init() {
        rows = ZeroedMemory.map(Atomic<Row?>.self, count: Self.count)
        noRows = ZeroedMemory.map(Atomic<Row?>.self, count: Self.count)
    }

    deinit {
        for index in 0..<Self.count {
            if let row = rows[index].load(ordering: .relaxed) { ZeroedMemory.unmap(row, count: RegionRecords.capacity) }
        }
        ZeroedMemory.unmap(rows, count: Self.count)
        ZeroedMemory.unmap(noRows, count: Self.count)
    }

    /// The calling thread's row; `nil` if it has none yet.
    @inline(__always)
    static func mine(of rows: UnsafeMutablePointer<Atomic<Row?>>) -> Row? {
        // Relaxed: this thread made it, or one that had its index and whose end was seen when the index was given on.
        rows[Int(ThreadRegistration.index) &+ 1].load(ordering: .relaxed)
    }

    /// The calling thread's row, made if need be. Registers the thread. `nil` if there is no memory.
    func makeMine() -> Row? {
        let place = rows + (ThreadRegistration.registeredIndex + 1)
        if let row = place.pointee.load(ordering: .relaxed) { return row }
        guard let row = ZeroedMemory.tryMap(Word.self, count: RegionRecords.capacity) else { return nil }
        // Releasing: a sum that finds the row finds zeroes or what came after them.
        place.pointee.store(row, ordering: .releasing)
        return row
    }

    /// How many pins there are. After a barrier that came after the region was retired, 0 is never wrong.
    func sum(of index: UInt32) -> UInt32 {
        var sum: UInt32 = 0
        forEachRow { row in
            // Acquiring: what was done with the region before a put comes before its deregistration (pairs with unpin).
            sum &+= row[Int(index)].pins.load(ordering: .acquiring)
        }
        return sum
    }

    /// The last use that any thread made, or `known` if there was none since.
    func lastUse(of index: UInt32, known: UInt32) -> UInt32 {
        var last = known
        forEachRow { row in
            // Relaxed: a use that is missed makes the region seem older than it is.
            let use = row[Int(index)].lastUse.load(ordering: .relaxed)
            if UseHeap.isBefore(last, use) { last = use }
        }
        return last
    }

    /// In a forked child, where a record is used for the first time: a thread of the parent may have used it just when the
    /// memory was copied. Nobody here has it pinned or can come to it.
    func forget(_ index: UInt32) {
        forEachRow { $0[Int(index)].pins.store(0, ordering: .relaxed) }
    }

    private func forEachRow(_ body: (Row) -> Void) {
        for index in 0..<ThreadRegistration.indexLimit {
            // Acquiring: pairs with makeMine.
            if let row = rows[index + 1].load(ordering: .acquiring) { body(row) }
        }
    }
}

extension PinRows.Word {
    @inline(__always)
    borrowing func pin(at time: UInt32) {
        // Relaxed: only this thread writes the words; the barrier behind it orders them (see above).
        pins.store(pins.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        lastUse.store(time, ordering: .relaxed)
    }

    @inline(__always)
    borrowing func unpin() {
        // Releasing: what was done with the region comes before it (pairs with sum).
        pins.store(pins.load(ordering: .relaxed) &- 1, ordering: .releasing)
    }
}
