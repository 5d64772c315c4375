import Testing

@testable import NotifierDispatch

@Suite struct PthreadLocksTests {
    @Test("Each lock has cache lines of its own")
    func ownLines() {
        // Several at once: one alone may lie well by chance.
        let mutexes = (0..<16).map { _ in Kept(PthreadMutex()) }
        let locks = (0..<16).map { _ in Kept(PthreadReadWriteLock()) }
        let addresses =
            mutexes.map { UInt(bitPattern: $0.lock.raw) } + locks.map { UInt(bitPattern: $0.lock.raw) }
        #expect(addresses.allSatisfy { $0 % 128 == 0 })
        #expect(Set(addresses).count == 32)
    }

    /// Keeps a lock, which cannot be copied, in an array.
    private final class Kept<Lock: ~Copyable & Sendable> {
        let lock: Lock
        init(_ lock: consuming Lock) { self.lock = lock }
    }
}
