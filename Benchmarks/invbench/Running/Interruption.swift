import Foundation
import InvalidationStorm
import Synchronization

/// Turns the first SIGINT or SIGTERM into a cancellation; the second ends the process at once.
final class Interruption: Sendable {
    /// Raised by the first signal.
    let cancellation = Cancellation()
    private let received = Atomic<Int32>(0)

    /// The signal that came, if one did.
    var signal: Int32? {
        // Relaxed: the number carries no other data.
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Begins to watch, on a thread of its own. Comes before any other thread is made: they inherit the blocked
    /// signals. A signal that the process was told to ignore stays ignored.
    func watch() {
        let watched = [SIGINT, SIGTERM].filter { !Self.isIgnored($0) }
        if watched.isEmpty { return }
        let set = Self.set(of: watched)
        withUnsafePointer(to: set) { _ = pthread_sigmask(SIG_BLOCK, $0, nil) }
        Thread.detachNewThread { [self] in wait(for: set) }
    }

    /// Keeps a reader that goes away and a file that may not grow from ending the process: both show as a failed
    /// write instead.
    static func survivesFailedWrites() {
        Foundation.signal(SIGPIPE, SIG_IGN)
        Foundation.signal(SIGXFSZ, SIG_IGN)
    }

    private func wait(for set: sigset_t) {
        var number: Int32 = 0
        withUnsafePointer(to: set) { _ = sigwait($0, &number) }
        received.store(number, ordering: .relaxed)
        cancellation.raise()
        // From here on the default action is back: this thread takes the second signal.
        withUnsafePointer(to: set) { _ = pthread_sigmask(SIG_UNBLOCK, $0, nil) }
        while true { pause() }
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
    }
}
