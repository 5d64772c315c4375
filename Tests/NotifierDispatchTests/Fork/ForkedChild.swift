import Glibc

@testable import NotifierDispatch

/// A forked child that runs a piece of work and ends.
///
/// Swift's runtime does not promise to survive a fork: its own locks may be held by threads that are no more. So the work
/// is small, uses what the parent has used before, and ends by `_exit`.
struct ForkedChild {
    private let process: pid_t

    /// What became of it.
    enum Outcome: Equatable {
        case exited(Int32)
        case killedBy(Int32)
        /// It did not end in ten seconds, and was killed.
        case hung
    }

    /// Forks. The child exits with what `work` returns, and never returns from here.
    init(_ work: () -> Int32) {
        guard let child = ForkedChild() else { _exit(work()) }
        self = child
    }

    /// Forks. Returns twice: `nil` in the child, which is to call `_exit`.
    init?() {
        process = fork()
        precondition(process >= 0, "fork failed with error \(errno)")
        guard process == 0 else { return }
        // Should the parent end before it has waited: a test's output stays open as long as anybody has it. The threads of
        // Swift's pool block the signal.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGALRM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        alarm(15)
        return nil
    }

    /// Waits for the child to end. To be called once.
    func wait() -> Outcome {
        let deadline = Deadline.after(nanoseconds: 10_000_000_000)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            if deadline.hasPassed {
                kill(process, SIGKILL)
                waitpid(process, &status, 0)
                return .hung
            }
            usleep(200)
        }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killedBy(status & 0x7f)
    }

    /// Forks, waits, and traps if the child did not exit with 0.
    static func mustSucceed(_ what: String, _ work: () -> Int32) {
        let outcome = ForkedChild(work).wait()
        precondition(outcome == .exited(0), "\(what): the child \(outcome)")
    }

    /// ThreadSanitizer keeps locks of its own, and threads, that a fork of several threads leaves in disorder.
    static let isPossible = dlsym(nil, "__tsan_init") == nil
}

/// What a child does to see that the engine works in it. Returns 0, or the number of the first step that went wrong.
enum ChildWork {
    /// A cache that was registered in the parent, and a set of pages of the same kind, made in the parent, that was not.
    static func run(_ pages: GuardedPages, _ subscription: CacheSubscription?, fresh: GuardedPages) -> Int32 {
        // The handlers dropped what was visible; since memory is not copied in one instant, some may have looked stale.
        let staleBefore = pages.stale.value
        for page in 0..<GuardedPages.count where pages.isVisible(page) { return 1 }
        for page in GuardedPages.hot where pages.fault(at: page).status != .installed { return 2 }
        for page in GuardedPages.hot where !pages.isVisible(page) { return 3 }
        guard pages.invalidate(GuardedPages.hot) else { return 4 }
        for page in GuardedPages.hot where pages.isVisible(page) { return 5 }
        guard pages.invalidate(510..<512, isBlockable: false) else { return 6 }
        guard let second = try? fresh.subscribe() else { return 7 }
        let thread = PlainThread {
            for page in GuardedPages.hot { _ = pages.fault(at: page) }
            for page in GuardedPages.hot { _ = fresh.fault(at: page) }
            _ = pages.invalidate(GuardedPages.hot)
        }
        for _ in 0..<20 {
            for page in GuardedPages.hot { _ = pages.fault(at: page) }
            pages.invalidate(GuardedPages.hot)
        }
        thread.join()
        fresh.space.unregister(second)
        guard fresh.fault(at: 510).status == .dead else { return 8 }
        let hasRun = Gate()
        RCU.afterGracePeriod { hasRun.open() }
        RCU.barrier()
        guard hasRun.isOpen else { return 9 }
        RCU.synchronize()
        if let subscription {
            pages.space.unregister(subscription)
            guard pages.fault(at: 510).status == .dead else { return 10 }
        }
        guard pages.stale.value == staleBefore, fresh.stale.value == 0 else { return 11 }
        return 0
    }
}
