import CPlatform
import Synchronization

@testable import InvalidationStorm

/// Plain memory under a lock: nothing but the lock keeps its threads apart. What they leave shows whether it did, and
/// ThreadSanitizer whether it was told so.
final class LockedCounters: @unchecked Sendable {
    // @unchecked: `total` is only touched with the lock held alone or shared, and each sharer's own only by it, sharing, and
    // by who has the lock alone.
    private let lock: any SharedLock
    private let total = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    private let own: UnsafeMutablePointer<Int>
    private let sharers: Int
    private let wrong = Atomic<Int>(0)

    init(_ lock: any SharedLock, threads: Int) {
        self.lock = lock
        sharers = threads
        total.initialize(to: 0)
        own = .allocate(capacity: threads)
        own.initialize(repeating: 0, count: threads)
    }

    deinit {
        total.deallocate()
        own.deallocate()
    }

    /// Has so many threads take the lock so often each, every fourth time alone. `atStart` runs on each thread first.
    /// Returns how many times anything was wrong.
    func run(rounds: Int, atStart: @escaping @Sendable (_ number: Int) -> Void = { _ in }) -> Int {
        let threads = (0..<sharers).map { number in
            RoleThread(number: number) {
                atStart(number)
                for round in 0..<rounds { if (round + number) % 4 == 0 { self.addAlone() } else { self.look(number) } }
            }
        }
        threads.forEach { $0.join() }
        let alone = (0..<sharers).reduce(0) { sum, number in sum + (0..<rounds).count { ($0 + number) % 4 == 0 } }
        if total.pointee != alone { wrong.wrappingAdd(1, ordering: .relaxed) }
        if (0..<sharers).reduce(0, { $0 + own[$1] }) != sharers * rounds - alone {
            wrong.wrappingAdd(1, ordering: .relaxed)
        }
        return wrong.load(ordering: .relaxed)
    }

    private func addAlone() {
        lock.takeAlone {
            let before = total.pointee
            let ownBefore = (0..<sharers).map { own[$0] }
            linger()
            // Nobody shared it meanwhile, and nobody else had it.
            if total.pointee != before || (0..<sharers).contains(where: { own[$0] != ownBefore[$0] }) {
                wrong.wrappingAdd(1, ordering: .relaxed)
            }
            total.pointee = before + 1
        }
    }

    /// Gives others the time to come in where they must not.
    private func linger() { for _ in 0..<20 { cplatform_spin_hint() } }

    private func look(_ number: Int) {
        lock.share {
            let before = total.pointee
            own[number] += 1
            linger()
            if total.pointee != before { wrong.wrappingAdd(1, ordering: .relaxed) }
        }
    }
}
