import ArgumentParser
import BenchmarkRecords
import Foundation
import RecordedEvents

/// `invbench record`: runs a program under strace, and says what was recorded.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Records a program's invalidations with strace, to be replayed.",
        usage: """
            invbench record --output <file> [--replace] -- <program> [<arguments>]
            invbench record --output <file> [--replace] --pid <pid>
            """,
        discussion: """
            The program runs as it would alone, on this terminal, but slower where it changes its memory: strace stops it \
            at those calls. Its threads and children are recorded too. Then the file can be replayed:

              invbench record -o mine.strace -- my-program --its-flags
              invbench --trace mine.strace

            Ctrl-C reaches the program alone. A SIGINT, SIGTERM, SIGQUIT or SIGHUP that somebody sends to this process is \
            handed on to it. The recording is whole when the program has ended. With --pid, Ctrl-C and these signals end \
            the recording, and the process runs on.

            Exit codes: that of the program, and 128 and the signal where a signal ended it; with --pid 0; 2 wrong usage, \
            no strace, or nothing was recorded that can be replayed.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The recording.", valueName: "file"), completion: .file())
    var output: String

    @Flag(help: "Replace a file that has the name.")
    var replace = false

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Record a process that runs already, until Ctrl-C.", valueName: "pid"))
    var pid: Int32?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", visibility: .hidden))
    var words: [String] = []

    func run() throws {
        if words.isEmpty == (pid == nil) {
            throw UsageError(
                "name the program behind --, or a process: invbench record -o \(output) -- PROGRAM ARGUMENTS, or -p PID"
            )
        }
        try checkOutput()
        let status = try record()
        // Not before: a program inherits what is ignored.
        Interruption.survivesFailedWrites()
        let trace = try UsageError.explaining { try Trace(contentsOf: output) }
        for line in TraceText.summary(of: trace) { StandardError.say(line) }
        StandardError.say("which guard is best for it: invbench --trace \(ReproducingCommand.quoted(output))")
        if status != 0 { throw ExitStatus.ofProgram(status) }
    }

    /// Refuses what could not be replayed, before anything runs.
    private func checkOutput() throws {
        if output.hasSuffix(".gz") {
            throw UsageError(
                "--output \(output): strace does not compress; name it .strace, and compress it with gzip later")
        }
        _ = try UsageError.explaining("--output \(output)") { try CellCatalogue(userTraces: [output]) }
        if FileManager.default.fileExists(atPath: output) && !replace {
            throw UsageError("\(output) exists; say --replace, or take another name")
        }
    }

    /// Records until the end; returns the program's exit code, 128 and the signal where a signal ended it, and 0 of a process
    /// that ran already.
    private func record() throws -> Int32 {
        let existed = FileManager.default.fileExists(atPath: output)
        PassedSignals.watch()
        let strace: ChildProcess
        do {
            strace = try ChildProcess.run("strace", flags, streams: .shared) { process in
                // It keeps signals from itself while it runs a program, and ends with one when it was attached.
                PassedSignals.handOn { pid == nil ? PassedSignals.children(of: process) : [process] }
            }
        } catch let error as ChildProcess.NotStarted {
            throw UsageError(
                "strace: \(error.reason); install it: sudo apt install strace, sudo dnf install strace or sudo pacman -S strace"
            )
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0
        if size == 0 {
            if !existed { try? FileManager.default.removeItem(atPath: output) }
            throw UsageError(
                "\(output): nothing was recorded, strace ended with \(strace.status); see its message above. In a "
                    + "container it may need --cap-add=SYS_PTRACE")
        }
        return pid == nil ? strace.status : 0
    }

    /// `-f` follows threads and children. With `--seccomp-bpf` other calls do not stop, which takes a program's start. `?`
    /// stands before calls that some version, or some machine, does not have; execve shows that the recording is whole from a
    /// program's start, and shmget how large a segment is.
    private var flags: [String] {
        let calls = "%memory,?shmget,?clone,?clone3,?fork,?vfork,?execve,?execveat,exit_group"
        // strace takes a name that begins with | or ! for a command.
        let path = output.hasPrefix("/") ? output : "./\(output)"
        let what = pid.map { ["-p", String($0)] } ?? ["--seccomp-bpf", "--"] + words
        return ["-f", "-ttt", "-e", "trace=\(calls)", "-o", path] + what
    }
}
