import CPlatform
import Glibc
import Synchronization

/// The threads that the engine knows: each has a dense index, from its first use of the engine to its end.
///
/// Indices are small and reused, the lowest free one first, so that per-thread slots can be plain arrays.
///
/// A thread gets its index in one of two ways, and by either it is known to ``RCU`` too:
///
///     way                                  index and registration are given back
///     its first use of the engine          when it ends, by the destructor of a pthread key
///     ``RCU/withRegisteredThread(_:)``     with the outermost one's return, unless it has used the first way before
///
/// Destructors of other keys may use the engine before this one or after it: the thread then registers itself again, and
/// pthreads calls the destructor again, up to `PTHREAD_DESTRUCTOR_ITERATIONS` times, of which glibc makes four. A thread
/// that goes on beyond that takes its index with it. The main thread ends with the process, or by `pthread_exit`.
public enum ThreadRegistration {
    /// The most threads that can be registered at once. Index values lie below it.
    public static let maximumThreads = 4096

    /// The calling thread's dense index, or -1 where it is not registered. Costs one thread-local load.
    @inlinable @inline(__always)
    public static var index: Int32 { cplatform_thread_index() }

    /// The calling thread's dense index; registers it where it is not registered.
    @inlinable @inline(__always)
    package static var registeredIndex: Int {
        let index = index
        guard _fastPath(index >= 0) else { return Int(registerForGoodSlow()) }
        return Int(index)
    }

    /// Registers the calling thread with a flavour that it uses for the first time; traps where the flavour cannot.
    @usableFromInline @inline(never)
    static func registerOnFirstUse<Flavour: RCUFlavour>(of _: Flavour.Type) {
        guard Flavour.registersOnFirstUse else { trapUnregistered() }
        _ = registerForGoodSlow()
    }

    /// Registers the calling thread until it ends. Returns its index.
    @usableFromInline @inline(never)
    static func registerForGoodSlow() -> Int32 {
        let thread = cplatform_thread()
        if thread.pointee.is_registered_for_good == 0 {
            enter(BPFlavour.self)
            thread.pointee.is_registered_for_good = 1
        }
        return thread.pointee.index
    }

    /// Registers the calling thread until it ends, as its first use would. Returns `false`, where a first use would trap, if
    /// ``maximumThreads`` are registered already.
    package static func register() -> Bool {
        ProcessFork.trapIfUnprepared()
        if index < 0 {
            guard let free = indices.take() else { return false }
            cplatform_thread().pointee.index = free
        }
        _ = registerForGoodSlow()
        return true
    }

    /// Has ``leaveForGood()`` run when the calling thread ends.
    private static func noteEnd() {
        // Any value but null, for which the destructor would not be called.
        let status = pthread_setspecific(endOfThread, cplatform_thread())
        precondition(status == 0, "pthread_setspecific failed with error \(status)")
        guard cplatform_thread().pointee.is_end_noted == 0 else { return }
        cplatform_thread().pointee.is_end_noted = 1
        let result = cplatform_at_thread_end { _ in ThreadRegistration.indices.beginLeaving() }
        precondition(result == 0, "no memory to note the end of a thread")
    }

    /// The key whose destructor runs at the end of each thread that has registered itself.
    private static let endOfThread: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { _ in ThreadRegistration.leaveForGood() }
        precondition(status == 0, "pthread_key_create failed with error \(status)")
        return key
    }()

    /// The calling thread ends, or will register itself again.
    private static func leaveForGood() {
        indices.endLeaving()
        guard cplatform_thread().pointee.is_registered_for_good != 0 else { return }
        cplatform_thread().pointee.is_registered_for_good = 0
        leave(BPFlavour.self)
    }

    @usableFromInline
    static func enter<Flavour: RCUFlavour>(_: Flavour.Type) {
        ProcessFork.trapIfUnprepared()
        ProcessFork.install()
        if index < 0 {
            guard let free = indices.take() else {
                fatalError("more than \(maximumThreads) threads are registered with RCU at once")
            }
            cplatform_thread().pointee.index = free
        }
        guard Flavour.registrations.pointee == 0 else { return Flavour.registrations.pointee += 1 }
        // Not while the process forks: liburcu would leave a lock of its own locked in the child.
        indices.lock.lock()
        Flavour.registerThread()
        indices.lock.unlock()
        Flavour.registrations.pointee += 1
        // Last, since it allocates: where malloc itself uses the engine, it finds this thread registered. Nothing before it
        // allocates.
        if Flavour.registersOnFirstUse { noteEnd() }
    }

    @usableFromInline
    static func leave<Flavour: RCUFlavour>(_: Flavour.Type) {
        Flavour.registrations.pointee -= 1
        guard Flavour.registrations.pointee == 0 else { return }
        Flavour.unregisterThread()
        let thread = cplatform_thread()
        guard thread.pointee.registrations == (0, 0, 0, 0) else { return }
        indices.giveBack(thread.pointee.index)
        thread.pointee.index = -1
    }

    /// One above the highest index that any thread ever had.
    ///
    /// A thread that has made the stores of all threads visible (membarrier(2), or fences on both sides) and loads this
    /// afterwards finds every thread whose earlier stores it now sees: a thread's index was counted before it did anything.
    package static var indexLimit: Int { indices.limit.load(ordering: .acquiring) }

    @usableFromInline @inline(never)
    package static func trapUnregistered() -> Never {
        fatalError("this thread is not registered with RCU: wrap its work in withRegisteredThread { } of this flavour")
    }

    fileprivate static let indices = ThreadIndices()

    // MARK: Fork

    /// Keeps threads from coming and going until one of the other two is called.
    static func prepareFork() { indices.prepareFork() }

    static func afterForkInParent() { indices.lock.unlock() }

    /// In a forked child: the indices of the threads that are no more are free.
    static func resetAfterFork() { indices.resetAfterFork(keeping: index) }

    /// In a forked child that was not prepared for: the thread has no index, so that its next use comes by here.
    static func forgetThisThread() {
        let thread = cplatform_thread()
        thread.pointee.index = -1
        thread.pointee.registrations = (0, 0, 0, 0)
        thread.pointee.is_registered_for_good = 0
    }
}

/// Hands out the lowest free index, and knows which threads are about to end.
///
/// liburcu takes a lock when a thread comes and when it goes, which its handlers for a fork do not take: a fork in that
/// moment would leave it locked in the child for ever. So threads come with `lock` held, and a fork waits for those that
/// go: from before the destructors of pthread keys, of which liburcu's is one, to the engine's own, which comes after that.
private final class ThreadIndices: @unchecked Sendable {
    // @unchecked: `isTaken` and `leaving` are only touched with `lock` held.
    let lock = PthreadMutex()
    /// Of all indices that there can be, so that nothing is allocated with the lock held. It lives as long as the process.
    private let isTaken: UnsafeMutableBufferPointer<Bool>
    private var leaving = 0
    /// How long a fork waits for threads that end: a destructor of somebody else's key may take its time.
    private static let patienceNanoseconds: UInt64 = 100_000_000
    /// One above the highest index that was ever taken; written with `lock` held.
    let limit = Atomic<Int>(0)

    init() {
        isTaken = .allocate(capacity: ThreadRegistration.maximumThreads)
        isTaken.initialize(repeating: false)
    }

    /// The lowest free index, or `nil` if all are taken.
    func take() -> Int32? {
        lock.lock()
        defer { lock.unlock() }
        guard let free = isTaken.firstIndex(of: false) else { return nil }
        isTaken[free] = true
        // Releasing: before whatever the thread does with its index; pairs with indexLimit. Relaxed, the load: written with
        // the lock held.
        if free >= limit.load(ordering: .relaxed) { limit.store(free + 1, ordering: .releasing) }
        return Int32(free)
    }

    /// The calling thread ends: before the destructors of its keys.
    func beginLeaving() {
        lock.lock()
        defer { lock.unlock() }
        cplatform_thread().pointee.is_leaving = 1
        leaving += 1
    }

    /// liburcu's destructor has run.
    func endLeaving() {
        lock.lock()
        defer { lock.unlock() }
        guard cplatform_thread().pointee.is_leaving != 0 else { return }
        cplatform_thread().pointee.is_leaving = 0
        leaving -= 1
    }

    /// Takes the lock, when no thread is about to end.
    func prepareFork() {
        let deadline = Deadline.after(nanoseconds: Self.patienceNanoseconds)
        var backoff = Backoff()
        lock.lock()
        while leaving - Int(cplatform_thread().pointee.is_leaving) > 0, !deadline.hasPassed {
            lock.unlock()
            backoff.pause()
            lock.lock()
        }
    }

    /// In a forked child, with the lock held in the parent.
    func resetAfterFork(keeping mine: Int32) {
        lock.resetAfterFork()
        leaving = Int(cplatform_thread().pointee.is_leaving)
        for index in isTaken.indices { isTaken[index] = index == Int(mine) }
    }

    func giveBack(_ index: Int32) {
        lock.lock()
        defer { lock.unlock() }
        isTaken[Int(index)] = false
    }
}
