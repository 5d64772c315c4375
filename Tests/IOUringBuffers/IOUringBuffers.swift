import Glibc

/// The command `io-uring-buffers`, for Scripts/check-io-uring: a registration cache over io_uring's fixed buffers, under
/// unmapping and mapping of the same addresses.
@main
enum IOUringBuffers {
    static func main() {
        var seconds = 10.0
        var source = RemappingRun.Source.sections
        var words = CommandLine.arguments.dropFirst()
        while let word = words.popFirst() {
            switch (word, words.popFirst()) {
            case ("--seconds", let value?):
                guard let number = Double(value), number > 0, number <= 86_400 else {
                    refuse("--seconds \(value) is no number of seconds from 0 to 86400")
                }
                seconds = number
            case ("--source", let value?):
                guard let known = RemappingRun.Source(rawValue: value) else {
                    let names = RemappingRun.Source.allCases.map(\.rawValue).joined(separator: ", ")
                    refuse("--source \(value) is unknown: it is one of \(names)")
                }
                source = known
            default: refuse("usage: io-uring-buffers [--seconds N] [--source sections|userfault|nothing]")
            }
        }
        let run: RemappingRun
        do { run = try RemappingRun(source: source) } catch let refusal as FixedBuffers.Refusal {
            refuse(
                "no \(source == .userfault ? "userfaultfd, or no " : "")io_uring with a sparse table of buffers here: "
                    + "\(refusal.text); see kernel.io_uring_disabled")
        } catch { refuse("\(error)") }
        // A control ends when it is caught.
        let outcome = run.run(seconds: seconds, stopsAtFirst: !source.isSafe)
        print(
            """
            \(source.rawValue): \(outcome.remapped) remappings, \(outcome.transfers) transfers, \(outcome.checked) of them \
            undisturbed, \(outcome.corrupted) corrupted, \(outcome.refused) refused
            """)
        exit(outcome.corrupted == 0 ? 0 : 3)
    }

    private static func refuse(_ text: String) -> Never {
        let line = "io-uring-buffers: \(text)\n"
        write(STDERR_FILENO, line, line.utf8.count)
        exit(2)
    }
}
