import Glibc
import TorturedDispatch

/// Signals whose handler faults, in walks: there a guard that retries permits it. Everywhere else they are blocked.
enum Signals {
    /// To be called on the main thread before there are others, which inherit what is blocked.
    static func install() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in Signals.handle() }
        action.sa_flags = SA_RESTART
        sigaction(SIGUSR1, &action, nil)
        mask(SIG_BLOCK)
    }

    /// Lets signals in for a while: those of ``send(to:)`` that came before, and one of its own.
    static func letIn(_ record: ThreadRecord, _ life: SpaceLife) {
        guard !Forks.isChild else { return }
        record.life = Unmanaged.passUnretained(life)
        if record.random.oneIn(2) { pthread_kill(pthread_self(), SIGUSR1) }
        mask(SIG_UNBLOCK)
        record.random.delay(sleep: 100)
        mask(SIG_BLOCK)
        record.life = nil
    }

    private static func mask(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(how, &signals, nil)
    }

    /// Neither waits for a lock of the driver nor allocates.
    private static func handle() {
        guard let record = ThreadRecords.mineIfAny, let life = record.life else { return }
        record.isSignalled = true
        defer { record.isSignalled = false }
        let page = Operations.page(&record.random)
        let cache = life.takeUnretainedValue().caches[0]
        record.during(.signalled, page..<page + 1) {
            _ = cache.fault(at: page, as: record.random.oneIn(2) ? .slot : .closure) { _ in }
        }
        Counts.signals.count()
    }
}
