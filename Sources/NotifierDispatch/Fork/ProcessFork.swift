import CPlatform
import CURCU
import Glibc
import Synchronization

/// What becomes of the engine in a forked child: it goes on, with empty caches, no open section and one thread.
///
/// `fork` copies the memory as it is and keeps one thread. What the others were about to do never happens; a lock that one
/// of them held stays held. So three handlers of `pthread_atfork` stand around every `fork`:
///
///     before, in the parent                              after, in the parent   after, in the child
///     1 liburcu's workers pause                          1 go on                8 a new worker takes their calls over
///     2 no thread comes or goes (`ThreadIndices`)        2 they may             2 indices of other threads are free
///     3 liburcu: no grace period, no registration        3 go on                3 readers are pruned
///     4 the living spaces stay (`LivingSpaces`)          4 they may change      4 as new
///     5 each space's tables stand still (`SpaceParts`)   5 given back           5 as new: no section is open
///                                                                               6 guards as new, caches empty
///                                                                               7 put-off removals are done
///
/// The order before is the order in which the parts wait for each other. A worker runs callbacks of the engine's users,
/// which may take any lock of the engine: so it pauses before any is taken. A grace period waits for callbacks, which may
/// take the locks of 4 and 5: so it is waited for before these. Nothing waits with a lock of 4 or 5 held. The order in the
/// child is the opposite, except that the worker comes last: it may run a callback at once.
///
/// Memory is not copied in one instant either: other threads run while the kernel goes from page to page, so two words on
/// two pages may never have been together what they are in the child. What nobody changes meanwhile is as it was: what the
/// locks of 1 to 5 protect. Of all else nothing is believed.
///
/// What is not waited for: sections, walks, installs, guards' locks. Whoever is inside one may stay there for long; their
/// words are written anew in the child (``TranslationGuard/resetAfterFork()``).
///
/// **malloc.** liburcu's README warns of these handlers in `pthread_atfork` where callbacks call malloc: a worker that
/// waits for malloc's lock, held by the thread that forks, never pauses. glibc takes malloc's locks after the last handler
/// has run before the fork, and gives them back before the first runs after it, since 2.24 (August 2016, its bug 19431:
/// "Acquire malloc locks. This needs to come last because fork handlers may use malloc"). So workers may call malloc while
/// they are waited for, and the handlers may, too. Before 2.24 malloc's own handler was a `pthread_atfork` handler of its
/// first use, which came after all others that were registered later; but the thread that forked then called malloc with
/// other hooks, and others waited: such a glibc is not supported, and no Swift 6 toolchain runs on one. Another malloc, if
/// it registers handlers, does so at its start, before the engine does; handlers before the fork run in the opposite order.
///
/// **A fork that cannot be prepared for.** Inside a read section, a callback, an install, a drop, or a call of liburcu's
/// worker, the preparation would wait for itself. There it does nothing, and the child may do nothing but exec or `_exit`:
/// its next use of the engine traps. `posix_spawn`, `vfork` and glibc's `popen` and `system` run no handlers, and need none.
enum ProcessFork {
    /// What the thread that forks carries over to the handlers after it, in its `fork_mode`.
    private enum Mode {
        static var outside: UInt32 { 0 }
        static var prepared: UInt32 { 1 }
        static var unprepared: UInt32 { 2 }
    }

    /// Installs the handlers, once: they can never be taken away.
    static func install() { _ = isInstalled }

    private static let isInstalled: Bool = {
        let status = pthread_atfork(
            { ProcessFork.before() }, { ProcessFork.afterInParent() }, { ProcessFork.afterInChild() })
        precondition(status == 0, "pthread_atfork failed with error \(status)")
        return true
    }()

    /// Set in a child that was not prepared for, for good.
    private static let isUnprepared = Atomic<Bool>(false)

    /// Traps in a child that was not prepared for.
    @inline(__always)
    static func trapIfUnprepared() {
        // Relaxed: it is set before the child has a second thread.
        if _slowPath(isUnprepared.load(ordering: .relaxed)) { trapUnprepared() }
    }

    @inline(never)
    private static func trapUnprepared() -> Never {
        fatalError(
            "this process was forked inside a callback, read section or install: it may only exec or exit, not use NotifierDispatch"
        )
    }

    /// Whether the calling thread is inside something that the preparation would wait for.
    private static var isInside: Bool {
        let thread = cplatform_thread().pointee
        return thread.interval_callbacks | thread.installs | thread.locked_walks | thread.deferred_calls != 0
            || RCU.isReading || isUnprepared.load(ordering: .relaxed)
    }

    private static func before() {
        let thread = cplatform_thread()
        thread.pointee.fork_mode = Mode.unprepared
        guard !isInside else { return }
        // The small locks need an index.
        _ = ThreadRegistration.registeredIndex
        urcu_bp_call_rcu_before_fork()
        ThreadRegistration.prepareFork()
        urcu_bp_before_fork()
        guard LivingSpaces.prepareFork() else { return letGoOn() }
        thread.pointee.fork_mode = Mode.prepared
    }

    /// Undoes steps 3 to 1.
    private static func letGoOn() {
        urcu_bp_after_fork_parent()
        ThreadRegistration.afterForkInParent()
        urcu_bp_call_rcu_after_fork_parent()
    }

    private static func afterInParent() {
        let thread = cplatform_thread()
        if thread.pointee.fork_mode == Mode.prepared {
            LivingSpaces.afterForkInParent()
            letGoOn()
        }
        thread.pointee.fork_mode = Mode.outside
    }

    private static func afterInChild() {
        let thread = cplatform_thread()
        let mode = thread.pointee.fork_mode
        thread.pointee.fork_mode = Mode.outside
        guard mode == Mode.prepared else {
            isUnprepared.store(true, ordering: .relaxed)
            ThreadRegistration.forgetThisThread()
            // What looks at no index looks at this.
            thread.pointee.installs = 1
            return
        }
        thread.pointee.small_locks_held = 0
        ThreadRegistration.resetAfterFork()
        urcu_bp_after_fork_child()
        // The kernel may not have taken these over. Where it has no membarrier, nobody uses it.
        _ = cplatform_membarrier_register()
        _ = cplatform_membarrier_restart_register()
        LivingSpaces.resetAfterFork()
        urcu_bp_call_rcu_after_fork_child()
    }
}
