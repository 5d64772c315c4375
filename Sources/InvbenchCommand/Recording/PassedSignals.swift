import Foundation
import Synchronization

/// Signals for a program that this process runs in the foreground, and waits for.
///
/// A terminal sends its signals to all processes in the foreground, the program with them, and what they mean is for the
/// program to say: this process outlives them. A signal that somebody sends to this process alone is handed on.
enum PassedSignals {
    private static let watched = [SIGINT, SIGTERM, SIGQUIT, SIGHUP]
    /// A bit for each signal that came, by its number.
    private static let pending = Atomic<UInt64>(0)
    /// The kernel itself sent it, which includes the terminal.
    private static let sentByKernel: Int32 = 0x80

    /// Begins to watch. A signal that this process was told to ignore stays ignored, and so it does in the program.
    static func watch() {
        // Made here, so that the handler only loads what exists.
        _ = pending.load(ordering: .relaxed)
        var action = sigaction()
        // Handlers end with exec, so that the program starts with the default; SIG_IGN would not.
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            PassedSignals.take(number, code: information?.pointee.si_code ?? 0)
        }
        action.sa_flags = SA_RESTART | SA_SIGINFO
        for signal in watched where !Interruption.isIgnored(signal) { sigaction(signal, &action, nil) }
    }

    /// Runs inside the handler: nothing here allocates or locks.
    private static func take(_ number: Int32, code: Int32) {
        guard code != sentByKernel else { return }
        pending.bitwiseOr(1 << UInt64(number), ordering: .relaxed)
    }

    /// Sends what came to the processes that `receivers` gives; keeps it while there are none.
    static func handOn(to receivers: () -> [Int32]) {
        guard pending.load(ordering: .relaxed) != 0 else { return }
        let processes = receivers()
        if processes.isEmpty { return }
        let signals = pending.exchange(0, ordering: .relaxed)
        for signal in watched where signals & 1 << UInt64(signal) != 0 {
            for process in processes { kill(process, signal) }
        }
    }

    /// The children that a process's first thread has.
    static func children(of process: Int32) -> [Int32] {
        let path = "/proc/\(process)/task/\(process)/children"
        return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ").compactMap {
            Int32($0)
        }
    }
}
