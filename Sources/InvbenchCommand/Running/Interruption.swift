import Foundation
import InvalidationStorm
import Synchronization

/// Turns the first SIGINT or SIGTERM into a cancellation; the second ends the process at once.
enum Interruption {
    /// Raised by the first signal.
    static let cancellation = Cancellation()
    private static let received = Atomic<Int32>(0)

    /// The signal that came, if one did.
    static var signal: Int32? {
        // Relaxed: the number carries no other data.
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Begins to watch. A signal that the process was told to ignore stays ignored, as a shell's background jobs need.
    static func watch() {
        // Made here, so that the handler only loads what exists.
        _ = (cancellation, received.load(ordering: .relaxed))
        var action = sigaction()
        // A handler, not a thread that waits: whichever thread the kernel picks, also one that a library has made, the
        // signal is seen.
        action.__sigaction_handler.sa_handler = { number in
            Interruption.take(number)
        }
        action.sa_flags = SA_RESTART
        for signal in [SIGINT, SIGTERM] where !isIgnored(signal) { sigaction(signal, &action, nil) }
    }

    /// Keeps a reader that goes away and a file that may not grow from ending the process: both show as a failed
    /// write instead.
    static func survivesFailedWrites() {
        Foundation.signal(SIGPIPE, SIG_IGN)
        Foundation.signal(SIGXFSZ, SIG_IGN)
    }

    /// Runs inside the handler: nothing here allocates or locks.
    private static func take(_ number: Int32) {
        if !isIgnored(SIGINT) { Foundation.signal(SIGINT, SIG_DFL) }
        if !isIgnored(SIGTERM) { Foundation.signal(SIGTERM, SIG_DFL) }
        received.store(number, ordering: .relaxed)
        cancellation.raise()
    }

    /// Whether this process was told to ignore a signal.
    static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
    }
}
