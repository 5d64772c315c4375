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
            #expect(waited >= 1)
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

    @Test("Locking twice traps")
    func recursionTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread {
                let shared = SharedLock()
                shared.lock()
                shared.lock()
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
    case waitQueueWait, claim, waitUntilIdle, startPastAClaim

    var testDescription: String { rawValue }

    func perform() {
        let space = AddressSpace()
        switch self {
        case .waitQueueWait: _ = WaitQueue().wait(until: .never) { false }
        case .claim: _ = space.counter.claim(until: .never)
        case .waitUntilIdle: _ = space.counter.waitUntilIdle(until: .never)
        case .startPastAClaim:
            let isClaimed = Gate()
            let hasStarted = Gate()
            let claimant = RegisteredThread {
                _ = space.counter.claim(until: .never)
                isClaimed.open()
                _ = hasStarted.waitInVain()
                space.counter.releaseClaim()
            }
            isClaimed.wait()
            if space.counter.raise(isBlockable: true) { space.counter.lower() }
            hasStarted.open()
            claimant.join()
        }
    }
}

/// A small lock that closures can share.
final class SharedLock: @unchecked Sendable {
    // @unchecked: the only state is a lock, made for being shared.
    private let small = SmallLock()

    @discardableResult
    func lock() -> UInt64 { small.lock() }
    func lockSlow() -> UInt64 { small.lockSlow() }
    func tryLock() -> Bool { small.tryLock() }
    func unlock() { small.unlock() }
    var isHeldByThisThread: Bool { small.isHeldByThisThread }
}
