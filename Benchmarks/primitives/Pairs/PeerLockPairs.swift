import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch

/// Locks of other libraries, taken shared and given back, as a fault does it and as a program in the library's own
/// language does. What a C++ lock costs more on the first side is the call.
enum PeerLockPairs {
    static var all: [Pair] {
        [
            pair("shared-mutex", StandardSharedMutex(), floor: floor_shared_mutex_loop),
            pair("ck-rwlock", CKReadWriteLock(), floor: floor_ck_rwlock_loop),
            pair("ck-pflock", CKPhaseFairLock(), floor: floor_ck_pflock_loop),
            pair("ck-tflock", CKTaskFairLock(), floor: floor_ck_tflock_loop),
            pair("ck-brlock", CKBigReaderLock(), floor: floor_ck_brlock_loop),
            pair("ck-bytelock", CKByteLock(), floor: floor_ck_bytelock_loop),
            pair("ck-rwcohort", CKCohortLock(), floor: floor_ck_rwcohort_loop),
            pair("tbb-rw", TBBSpinReadWriteLock(), floor: floor_tbb_rw_loop),
            pair("tbb-queuing-rw", TBBQueuingReadWriteLock(), floor: floor_tbb_queuing_rw_loop),
        ]
    }

    /// A lock, by its guard's name on invbench's command line, and the same one in C or C++.
    private static func pair<Lock: SectionLock & ~Copyable>(
        _ name: String, _ lock: consuming Lock, floor loop: @escaping @Sendable (UInt64) -> UInt64
    ) -> Pair {
        let shared = OnCacheLines(lock)
        return Pair("locks/\(name)/shared", isShared: true, swift: { takeAndGiveBack(shared, count: $0) }, c: loop)
    }

    private static func takeAndGiveBack<Lock: SectionLock & ~Copyable>(
        _ shared: OnCacheLines<Lock>, count: Int
    ) -> Int {
        let lock = shared.pointer
        for _ in 0..<count {
            _ = lock.pointee.lockForFault()
            lock.pointee.unlockForFault()
        }
        return count
    }
}
