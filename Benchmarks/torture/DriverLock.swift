import Glibc
import TorturedDispatch

/// A lock of the torture's driver. The order in which a thread may take them, each only after those before it:
///
///     mapping   around sections, faults, registrations; in walks of guards that hold no lock over them
///     (section) a section of the space
///     device    in drops and installs; nobody waits with it held, but for the next one
///     ledger    inside `device`
///
/// It is a pthread read-write lock that prefers writers, and says who holds it and who waits for it.
final class DriverLock: Sendable {
    enum Kind: Int, CaseIterable {
        case mapping = 1
        case device, ledger, gate, acknowledgement

        var name: String {
            switch self {
            case .mapping: "the mapping lock"
            case .device: "a device's lock"
            case .ledger: "a device's ledger"
            case .gate: "the exclusive gate"
            case .acknowledgement: "a device's acknowledgement"
            }
        }
    }

    private static let made = Atomic<Int>(0)
    /// For ``ThreadRecord``: the kind is in the low four bits.
    let identity: Int
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    /// How often it was taken.
    private let acquisitions = Atomic<UInt64>(0)

    init(_ kind: Kind) {
        identity = Self.newIdentity(kind)
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_rwlock_t())
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        // PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP: with glibc's default a stream of walks starves the writers.
        pthread_rwlockattr_setkind_np(&attributes, 2)
        let status = pthread_rwlock_init(lock, &attributes)
        precondition(status == 0, "pthread_rwlock_init failed with error \(status)")
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    static func newIdentity(_ kind: Kind) -> Int {
        made.wrappingAdd(1, ordering: .relaxed).newValue << 4 | kind.rawValue
    }

    static func name(of identity: Int) -> String {
        "\(Kind(rawValue: identity & 15)?.name ?? "a lock") (\(identity >> 4))"
    }

    /// Holds the lock over `body`: shared, or alone. A forked child has one thread, and takes none.
    @inline(__always)
    func holding<Result>(shared: Bool = false, _ body: () throws -> Result) rethrows -> Result {
        guard !Forks.isChild else { return try body() }
        let record = ThreadRecords.mineIfAny
        take(shared: shared, record)
        defer { giveBack(record) }
        return try body()
    }

    private func take(shared: Bool, _ record: ThreadRecord?) {
        record?.waitsFor.store(identity, ordering: .relaxed)
        if isUnfair(shared) { waitUntilNobodyWantsIt() }
        let status = shared ? pthread_rwlock_rdlock(lock) : pthread_rwlock_wrlock(lock)
        precondition(status == 0, "a lock of the torture failed with error \(status)")
        record?.waitsFor.store(0, ordering: .relaxed)
        acquisitions.wrappingAdd(1, ordering: .relaxed)
        record?.holds(identity)
    }

    /// Whether ``Busted/unfairLock`` lets this thread wait for good.
    private func isUnfair(_ shared: Bool) -> Bool {
        Busted.is(.unfairLock) && !shared && identity & 15 == Kind.mapping.rawValue
            && ThreadRecords.mineIfAny?.number == Workers.victim.load(ordering: .relaxed)
    }

    private func waitUntilNobodyWantsIt() {
        while true {
            let before = acquisitions.load(ordering: .relaxed)
            usleep(300_000)
            if acquisitions.load(ordering: .relaxed) == before { return }
        }
    }

    private func giveBack(_ record: ThreadRecord?) {
        record?.letsGo(identity)
        pthread_rwlock_unlock(lock)
    }
}
