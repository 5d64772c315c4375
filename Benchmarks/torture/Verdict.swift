import Glibc
import TorturedDispatch

/// What can be wrong, by the name that the output gives it.
enum Fault: String, CaseIterable {
    case stale
    case lostWakeUp = "lost wake-up"
    case leakedCount = "leaked count"
    case useAfterFree = "use after free"
    case deadlock
    case starvation
    case unpairedEnd = "unpaired end"
    case doubleFree = "double free"
    case leak = "leaked object"
    case trap
    case child = "forked child"
    case wrongOutcome = "wrong outcome"
    case noProgress = "no progress"
}

/// The end of a torture: the first thing that is wrong ends the process at once, since threads may be stuck.
enum Verdict {
    private static let hasFailed = Atomic<Bool>(false)
    /// What repeats the run, and is printed with a failure. Written before there are threads.
    nonisolated(unsafe) static var repetition = ""
    /// The guard that is being tortured.
    nonisolated(unsafe) static var guardName = ""

    /// Says what is wrong and ends the process with exit code 1.
    static func fail(_ fault: Fault, _ what: @autoclosure () -> String) -> Never {
        guard !Forks.isChild else {
            say("torture: in a forked child: \(fault.rawValue): \(what())")
            _exit(Forks.exitCode(of: fault))
        }
        if hasFailed.exchange(true, ordering: .acquiringAndReleasing) {
            // Another thread is writing the report, and ends the process.
            while true { sleep(1) }
        }
        say("torture: \(guardName): \(fault.rawValue): \(what())")
        for line in Counts.lines() { print("  \(line)") }
        print("repeat with: \(repetition)")
        print("FAILURE: \(fault.rawValue) under \(guardName) after \(Ticks.seconds) s")
        fflush(nil)
        _exit(1)
    }

    /// Writes a line to standard error.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Has a trap of the engine end like any other failure. The engine has said on standard error why it trapped.
    static func catchTraps() {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in Verdict.failByTrap() }
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(signal, &action, nil)
        }
    }

    /// Nothing here allocates: the thread may have died inside malloc.
    private static func failByTrap() {
        guard !Forks.isChild else { _exit(Forks.exitCode(of: .trap)) }
        write(STDERR_FILENO, "torture: trap: the process was ended by a signal of its own code\n")
        write(STDOUT_FILENO, "FAILURE: trap\n")
        _exit(1)
    }

    private static func write(_ file: Int32, _ text: StaticString) {
        _ = Glibc.write(file, text.utf8Start, text.utf8CodeUnitCount)
    }
}

/// The torture's own clock: how often its watchdog has woken up. It stands still while the process is stopped.
enum Ticks {
    static let perSecond = 10
    private static let count = Atomic<Int>(0)

    static var now: Int { count.load(ordering: .relaxed) }
    static var seconds: Int { now / perSecond }

    static func advance() { count.wrappingAdd(1, ordering: .relaxed) }
}
