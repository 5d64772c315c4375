import Testing

@testable import NotifierDispatch

@Suite("SmallLock")
struct SmallLockTests {
    @Test("It is held between lock and unlock, by the thread that took it and by nobody else")
    func heldByItsThread() {
        RCU.withRegisteredThread {
            let shared = SharedLock()
            #expect(!shared.isHeldByThisThread)
            #expect(shared.lock() == 0)
            #expect(shared.isHeldByThisThread)
            RegisteredThread {
                #expect(!shared.isHeldByThisThread)
                #expect(!shared.tryLock())
            }.join()
            shared.unlock()
            #expect(!shared.isHeldByThisThread)
            RegisteredThread {
                #expect(shared.tryLock())
                shared.unlock()
            }.join()
        }
    }

    @Test("A wait is measured, and is never said to be none")
    func waitIsMeasured() {
        let shared = SharedLock()
        let isHeld = Gate()
        let isWaiting = Gate()
        let holder = RegisteredThread {
            shared.lock()
            isHeld.open()
            isWaiting.wait()
            shared.unlock()
        }
        RegisteredThread {
            isHeld.wait()
            isWaiting.open()
            // Whether it still had to wait is chance; lockSlow is what it calls then.
            let waited = shared.lockSlow()
            #expect((waited ?? 0) >= 1)
            shared.unlock()
        }.join()
        holder.join()
    }

    @Test("A thread that knows nothing of the engine locks, waits and gives back")
    func firstUse() {
        let shared = SharedLock()
        let isHeld = Gate()
        let isWaiting = Gate()
        let holder = PlainThread {
            shared.lock()
            #expect(shared.isHeldByThisThread)
            isHeld.open()
            isWaiting.wait()
            shared.unlock()
        }
        PlainThread {
            isHeld.wait()
            #expect(!shared.isHeldByThisThread)
            #expect(!shared.tryLock())
            isWaiting.open()
            shared.lock()
            #expect(shared.isHeldByThisThread)
            shared.unlock()
        }.join()
        holder.join()
    }

    @Test("A wait with a deadline ends there without the lock, and takes one that is free")
    func deadline() {
        RCU.withRegisteredThread {
            let shared = SharedLock()
            shared.lock()
            RegisteredThread {
                let start = MonotonicClock.now()
                #expect(shared.lockSlow(until: .after(nanoseconds: 2_000_000)) == nil)
                #expect(MonotonicClock.now() - start >= 2_000_000)
                #expect(!shared.isHeldByThisThread)
            }.join()
            shared.unlock()
            RegisteredThread {
                #expect(shared.lockSlow(until: .after(nanoseconds: 60_000_000_000)) != nil)
                shared.unlock()
            }.join()
            SmallLock.assertNoneHeld()
        }
    }

    @Test("An install section waits for the lock a millisecond at most, and counts as a collision then")
    func lockForInstall() {
        RCU.withRegisteredThread {
            let shared = SharedLock()
            #expect(shared.lockForInstall() == 0)
            RegisteredThread {
                let start = MonotonicClock.now()
                #expect(shared.lockForInstall() == nil)
                #expect(MonotonicClock.now() - start >= SmallLock.patienceNanoseconds)
                #expect(!shared.isHeldByThisThread)
            }.join()
            shared.unlock()
            SmallLock.assertNoneHeld()
        }
    }

    @Test("A section takes a lock that is free, waits without a limit for one that is not, and is counted meanwhile")
    func lockForSection() {
        RCU.withRegisteredThread {
            let shared = SharedLock()
            shared.lockForSection()
            #expect(shared.isHeldByThisThread)
            #expect(shared.waitingSections == 0)
            let hasTheLock = Gate()
            let section = RegisteredThread {
                shared.lockForSection()
                hasTheLock.open()
                shared.unlock()
            }
            #expect(eventually { shared.waitingSections == 1 })
            // Longer than any fault waits.
            #expect(!hasTheLock.waitInVain())
            shared.unlock()
            section.join()
            #expect(hasTheLock.isOpen)
            #expect(shared.waitingSections == 0)
        }
    }

    @Test("Faults give way to a section that waits, for a tenth of a millisecond, though the lock is free")
    func faultsGiveWay() {
        RCU.withRegisteredThread {
            let shared = SharedLock()
            shared.addWaitingSection(1)
            for _ in 0..<3 {
                #expect(shared.lock() >= 100_000)
                shared.unlock()
                let waited = shared.lockForInstall()
                #expect((waited ?? 0) >= 100_000)
                if waited != nil { shared.unlock() }
            }
            // Sections do not give way to each other.
            let fastest = (0..<20).map { _ in
                let start = MonotonicClock.now()
                shared.lockForSection()
                shared.unlock()
                return MonotonicClock.now() - start
            }.min()
            #expect((fastest ?? .max) < 100_000)
            shared.addWaitingSection(-1)
            #expect(shared.lock() == 0)
            shared.unlock()
            #expect(shared.lockForInstall() == 0)
            shared.unlock()
        }
    }

    @Test("Locking twice traps, also for a section", arguments: [false, true])
    func recursionTraps(forSection: Bool) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [forSection] in
            RCU.withRegisteredThread {
                let shared = SharedLock()
                shared.lock()
                if forSection { shared.lockForSection() } else { shared.lock() }
            }
        }
        #expect(result?.trapped(saying: "this thread already holds the lock") == true)
    }

    #if DEBUG
        @Test("Giving back a lock that another thread holds traps")
        func foreignUnlockTraps() async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                RCU.withRegisteredThread {
                    let shared = SharedLock()
                    RegisteredThread { shared.lock() }.join()
                    shared.unlock()
                }
            }
            #expect(result?.trapped(saying: "given back by a thread that does not hold it") == true)
        }

        @Test("Invariant 35: waiting while holding a small lock traps", arguments: Wait.allCases)
        func waitingUnderALockTraps(wait: Wait) async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [wait] in
                RCU.withRegisteredThread {
                    let shared = SharedLock()
                    shared.lock()
                    wait.perform()
                    shared.unlock()
                }
            }
            #expect(result?.trapped(saying: "a thread waits while holding a lock") == true)
        }

        @Test("Invariant 35: waking sleepers under the lock that they will take traps")
        func wakingUnderTheLockTraps() async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                RCU.withRegisteredThread {
                    let lock = SmallLock()
                    lock.lock()
                    WaitQueue().wakeAll(outside: lock)
                    lock.unlock()
                }
            }
            #expect(result?.trapped(saying: "woken under the lock that they will take") == true)
        }

        @Test("Invariant 35: the count of held locks goes down again, whoever held the lock between")
        func heldCountGoesDown() {
            RCU.withRegisteredThread {
                let shared = SharedLock()
                shared.lock()
                RegisteredThread { #expect(!shared.tryLock()) }.join()
                shared.unlock()
                SmallLock.assertNoneHeld()
                #expect(shared.tryLock())
                #expect(!shared.tryLock())
                shared.unlock()
                SmallLock.assertNoneHeld()
            }
        }
    #endif
}

/// Everything in the engine that waits.
enum Wait: String, CaseIterable, Codable, CustomTestStringConvertible {
    case waitQueueWait, readBegin, startPastAClaim

    var testDescription: String { rawValue }

    func perform() {
        let space = AddressSpace()
        switch self {
        case .waitQueueWait: _ = WaitQueue().wait(until: .never) { false }
        case .readBegin: _ = RangeCounterGuard(space: space).scheme.readBegin(at: 0, until: .never)
        case .startPastAClaim:
            RegisteredThread { _ = space.claim() }.join()
            _ = space.startsAndEnds(.blockable())
        }
    }
}

/// A small lock that closures can share.
final class SharedLock: @unchecked Sendable {
    // @unchecked: the only state is a lock, made for being shared.
    private let small = SmallLock()

    @discardableResult
    func lock() -> UInt64 { small.lock() }
    func lockSlow(until deadline: Deadline = .never) -> UInt64? { small.lockSlow(until: deadline) }
    func lockForInstall() -> UInt64? { small.lockForInstall() }
    func lockForSection() { small.lockForSection() }
    /// How many sections wait for it.
    var waitingSections: UInt32 { small.waitingSections.load(ordering: .relaxed) }
    /// Counts a section that waits, or takes it away again.
    func addWaitingSection(_ change: Int) {
        small.waitingSections.wrappingAdd(UInt32(truncatingIfNeeded: change), ordering: .relaxed)
    }
    func tryLock() -> Bool { small.tryLock() }
    func unlock() { small.unlock() }
    var isHeldByThisThread: Bool { small.isHeldByThisThread }
}
