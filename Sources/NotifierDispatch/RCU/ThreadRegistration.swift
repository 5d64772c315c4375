import CPlatform
import Synchronization

/// The threads that the engine knows: each has a dense index, from the first registration to the last one's end.
///
/// Indices are small and reused, the lowest free one first, so that per-thread slots can be plain arrays.
public enum ThreadRegistration {
    /// The most threads that can be registered at once. Index values lie below it.
    public static let maximumThreads = 4096

    /// The calling thread's dense index, or -1 where it is not registered. Costs one thread-local load.
    @inlinable @inline(__always)
    public static var index: Int32 { cplatform_thread_index() }

    /// The calling thread's dense index; traps where it is not registered.
    @inlinable @inline(__always)
    package static var registeredIndex: Int {
        guard index >= 0 else { trapUnregistered() }
        return Int(index)
    }

    @usableFromInline
    static func enter<Flavour: RCUFlavour>(_: Flavour.Type) {
        if index < 0 { cplatform_thread().pointee.index = indices.take() }
        if Flavour.registrations.pointee == 0 { Flavour.registerThread() }
        Flavour.registrations.pointee += 1
    }

    @usableFromInline
    static func leave<Flavour: RCUFlavour>(_: Flavour.Type) {
        Flavour.registrations.pointee -= 1
        guard Flavour.registrations.pointee == 0 else { return }
        Flavour.unregisterThread()
        let thread = cplatform_thread()
        guard thread.pointee.registrations == (0, 0, 0) else { return }
        indices.giveBack(thread.pointee.index)
        thread.pointee.index = -1
    }

    /// One above the highest index that any thread ever had.
    ///
    /// Who has made sure that the stores of all threads are visible (membarrier(2), or fences on both sides) and loads this
    /// afterwards finds every thread whose earlier stores it now sees: a thread's index was counted before it did anything.
    package static var indexLimit: Int { indices.limit.load(ordering: .acquiring) }

    @usableFromInline @inline(never)
    package static func trapUnregistered() -> Never {
        fatalError("this thread is not registered with RCU: wrap its work in RCU.withRegisteredThread { }")
    }

    private static let indices = ThreadIndices()
}

/// Hands out the lowest free index.
private final class ThreadIndices: @unchecked Sendable {
    // @unchecked: `isTaken` is only touched with `lock` held.
    private let lock = PthreadMutex()
    private var isTaken: [Bool] = []
    /// The count of `isTaken`, which only grows; written with `lock` held.
    let limit = Atomic<Int>(0)

    func take() -> Int32 {
        lock.lock()
        defer { lock.unlock() }
        if let free = isTaken.firstIndex(of: false) {
            isTaken[free] = true
            return Int32(free)
        }
        precondition(
            isTaken.count < ThreadRegistration.maximumThreads,
            "more than \(ThreadRegistration.maximumThreads) threads are registered with RCU")
        isTaken.append(true)
        // Releasing: before whatever the thread does with its index; pairs with indexLimit.
        limit.store(isTaken.count, ordering: .releasing)
        return Int32(isTaken.count - 1)
    }

    func giveBack(_ index: Int32) {
        lock.lock()
        defer { lock.unlock() }
        isTaken[Int(index)] = false
    }
}
