import Glibc
import Testing

@testable import NotifierDispatch

@Suite("SmallReadWriteLock")
struct SmallReadWriteLockTests {
    @Test("Readers share it; a writer has it alone, against readers and writers")
    func sharingAndExclusion() {
        let shared = SharedReadWriteLock()
        #expect(shared.lockShared() == 0)
        RegisteredThread {
            #expect(shared.tryLockShared())
            #expect(!shared.tryLockExclusive())
            shared.unlockShared()
        }.join()
        #expect(!shared.tryLockExclusive())
        shared.unlockShared()
        #expect(shared.tryLockExclusive())
        RegisteredThread {
            #expect(!shared.tryLockShared())
            #expect(!shared.tryLockExclusive())
        }.join()
        shared.unlockExclusive()
        #expect(shared.tryLockShared())
        shared.unlockShared()
        #expect(shared.word == 0)
    }

    @Test("A try that fails leaves no trace")
    func triesLeaveNoTrace() {
        let shared = SharedReadWriteLock()
        shared.lockShared()
        let withOneReader = shared.word
        #expect(!shared.tryLockExclusive())
        #expect(shared.word == withOneReader)
        shared.unlockShared()
        shared.lockExclusive()
        let withWriter = shared.word
        #expect(!shared.tryLockExclusive())
        #expect(!shared.tryLockShared())
        #expect(shared.word == withWriter)
        shared.unlockExclusive()
        #expect(shared.word == 0)
    }

    @Test("A writer that goes leaves what others have announced: a writer that waits, a reader that takes its try back")
    func unlockLeavesTheOthers() {
        let lock = SmallReadWriteLock()
        lock.lockExclusive()
        let announced = SmallReadWriteLock.waiting + SmallReadWriteLock.reader
        lock.word.wrappingAdd(announced, ordering: .relaxed)
        lock.unlockExclusive()
        let left = lock.word.load(ordering: .relaxed)
        #expect(left == announced)
    }

    @Test("A reader waits for the writer a millisecond at most, and leaves no trace if it was in vain")
    func readerWaitsInVain() {
        let shared = SharedReadWriteLock()
        shared.lockExclusive()
        let withWriter = shared.word
        RegisteredThread {
            let start = MonotonicClock.now()
            #expect(shared.lockShared() == nil)
            #expect(MonotonicClock.now() - start >= SmallLock.patienceNanoseconds)
            SmallLock.assertNoneHeld()
        }.join()
        #expect(shared.word == withWriter)
        shared.unlockExclusive()
        #expect(shared.word == 0)
    }

    @Test("A reader that waits gets in when the writer is done, measures the wait, and never says that it was none")
    func readerWaits() {
        let shared = SharedReadWriteLock()
        let waits = OrderedLog<UInt64>()
        let isIn = EventCounter()
        // Whether it has to wait, and not too long, is chance.
        for _ in 0..<2_000 where isIn.value < 3 {
            let isWaiting = Gate()
            shared.lockExclusive()
            let reader = RegisteredThread {
                isWaiting.open()
                guard let waited = shared.lockShared() else { return }
                if waited > 0 {
                    waits.append(waited)
                    isIn.count()
                }
                shared.unlockShared()
            }
            isWaiting.wait()
            usleep(100)
            shared.unlockExclusive()
            reader.join()
            #expect(shared.word == 0)
        }
        #expect(isIn.value == 3)
        #expect(waits.take().allSatisfy { $0 >= 1 })
    }

    @Test("A writer waits for the last reader, and for the writer before it")
    func writerWaits() {
        let shared = SharedReadWriteLock()
        let isIn = Gate()
        shared.lockShared()
        shared.lockShared()
        let first = RegisteredThread {
            shared.lockExclusive()
            isIn.open()
            shared.unlockExclusive()
        }
        #expect(eventually { shared.isWaitedFor })
        shared.unlockShared()
        #expect(!isIn.waitInVain())
        shared.unlockShared()
        first.join()
        shared.lockExclusive()
        let hasFollowed = Gate()
        let second = RegisteredThread {
            shared.lockExclusive()
            hasFollowed.open()
            shared.unlockExclusive()
        }
        #expect(!hasFollowed.waitInVain())
        shared.unlockExclusive()
        second.join()
        #expect(shared.word == 0)
    }

    @Test("A writer that waits holds new readers back, so readers that overlap do not starve it")
    func writerIsNotStarved() {
        let shared = SharedReadWriteLock()
        let hasWritten = Gate()
        shared.lockShared()
        let writer = RegisteredThread {
            shared.lockExclusive()
            hasWritten.open()
            shared.unlockExclusive()
        }
        #expect(eventually { shared.isWaitedFor })
        #expect(!shared.tryLockShared())
        let reader = RegisteredThread {
            // It overlaps the first reader, but the writer was there before it: until that is done, all is in vain.
            while shared.lockShared() == nil {}
            #expect(hasWritten.isOpen)
            shared.unlockShared()
        }
        #expect(!hasWritten.waitInVain())
        shared.unlockShared()
        writer.join()
        reader.join()
        #expect(shared.word == 0)
    }

    #if DEBUG
        @Test("Invariant 35: waiting while holding a share, or the lock alone, traps", arguments: [true, false])
        func waitingUnderIt(sharing: Bool) async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [sharing] in
                let shared = SharedReadWriteLock()
                if sharing { shared.lockShared() } else { shared.lockExclusive() }
                _ = WaitQueue().wait(until: .never) { false }
            }
            #expect(result?.trapped(saying: "a thread waits while holding a lock") == true)
        }

        @Test("Invariant 35: the count of held locks goes down again, and a try that fails does not raise it")
        func heldCountGoesDown() {
            RCU.withRegisteredThread {
                let shared = SharedReadWriteLock()
                shared.lockShared()
                #expect(!shared.tryLockExclusive())
                shared.unlockShared()
                SmallLock.assertNoneHeld()
                shared.lockExclusive()
                #expect(!shared.tryLockShared())
                shared.unlockExclusive()
                SmallLock.assertNoneHeld()
            }
        }

        @Test("Giving back what nobody has traps", arguments: [true, false])
        func unlockOfAFreeLock(sharing: Bool) async {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [sharing] in
                let shared = SharedReadWriteLock()
                if sharing { shared.unlockShared() } else { shared.unlockExclusive() }
            }
            #expect(result?.trapped(saying: "was given back that") == true)
        }
    #endif
}

/// A small read-write lock that closures can share.
final class SharedReadWriteLock: @unchecked Sendable {
    // @unchecked: the only state is a lock, made for being shared.
    private let small = SmallReadWriteLock()

    @discardableResult
    func lockShared() -> UInt64? { small.lockShared() }
    func tryLockShared() -> Bool { small.tryLockShared() }
    func unlockShared() { small.unlockShared() }
    func lockExclusive() { small.lockExclusive() }
    func tryLockExclusive() -> Bool { small.tryLockExclusive() }
    func unlockExclusive() { small.unlockExclusive() }
    var word: UInt32 { small.word.load(ordering: .acquiring) }
    /// Whether a writer has announced itself.
    var isWaitedFor: Bool { word & SmallReadWriteLock.waiting != 0 }
}
