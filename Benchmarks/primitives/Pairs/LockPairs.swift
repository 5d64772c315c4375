import CPlatform
import CPrimitiveFloors
import NotifierDispatch

/// The small lock, the counter of open sections and the invlock.
enum LockPairs {
    static var all: [Pair] { [smallLock] + rangeCounter + invLock }

    private static var smallLock: Pair {
        let lock = OnCacheLines(SmallLock())
        let floor = Floor(floor_small_lock_create(), destroy: floor_small_lock_destroy)
        return Pair(
            "small-lock/lock-unlock", isShared: true,
            swift: { lockUnlock(lock, count: $0) }, c: { floor_small_lock_loop(floor.pointer, $0) })
    }

    /// What a reader does when no section is open; and what a section does.
    private static var rangeCounter: [Pair] {
        let counter = OnCacheLines(RangeCounter())
        let floor = Floor(floor_range_counter_create(), destroy: floor_range_counter_destroy)
        return [
            Pair(
                "range-counter/begin-retry", isShared: true,
                swift: { beginRetry(counter, count: $0) },
                c: { floor_range_counter_begin_retry_loop(floor.pointer, $0) }),
            Pair(
                "range-counter/raise-lower", isShared: true,
                swift: { raiseLower(counter, count: $0) },
                c: { floor_range_counter_raise_lower_loop(floor.pointer, $0) }),
        ]
    }

    /// The same of the invlock, where a reader takes the lock for its check.
    private static var invLock: [Pair] {
        let invLock = InvLock(space: AddressSpace())
        let floor = Floor(floor_inv_lock_create(), destroy: floor_inv_lock_destroy)
        return [
            Pair(
                "invlock/begin-retry", isShared: true,
                swift: { beginRetry(invLock, count: $0) }, c: { floor_inv_lock_begin_retry_loop(floor.pointer, $0) }),
            Pair(
                "invlock/section", isShared: true,
                swift: { section(invLock, count: $0) }, c: { floor_inv_lock_section_loop(floor.pointer, $0) }),
        ]
    }

    private static func lockUnlock(_ shared: OnCacheLines<SmallLock>, count: Int) -> Int {
        let lock = shared.pointer
        for _ in 0..<count {
            lock.pointee.lock()
            lock.pointee.unlock()
        }
        return count
    }

    /// A reader's whole round on the counter. Returns how many met no section.
    static func beginRetry(_ shared: OnCacheLines<RangeCounter>, count: Int) -> Int {
        let counter = shared.pointer
        var undisturbed = 0
        for _ in 0..<count {
            let ticket = counter.pointee.readBegin()
            guard ticket.isIdle else { continue }
            cplatform_compiler_barrier()
            if !counter.pointee.readRetry(ticket) { undisturbed += 1 }
        }
        return undisturbed
    }

    private static func raiseLower(_ shared: OnCacheLines<RangeCounter>, count: Int) -> Int {
        let counter = shared.pointer
        // Whether a section was the last one is no measure of success: beside another thread it often is not.
        for _ in 0..<count { _ = counter.pointee.lower(parity: counter.pointee.raise()) }
        return count
    }

    /// A reader's whole round on the invlock, without anything to install. Returns how many met no section.
    static func beginRetry(_ invLock: InvLock, count: Int) -> Int {
        var undisturbed = 0
        for _ in 0..<count {
            guard let ticket = invLock.readBeginIfIdle() else { continue }
            invLock.lock()
            if !invLock.readRetry(ticket) { undisturbed += 1 }
            invLock.unlock()
        }
        return undisturbed
    }

    private static func section(_ invLock: InvLock, count: Int) -> Int {
        guard let range = InvalidationRange(pages: 0..<16) else { return 0 }
        for _ in 0..<count {
            invLock.invalidationStarted(range) { _ in }
            invLock.invalidationEnded(range)
        }
        return count
    }
}
