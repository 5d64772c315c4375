import ArgumentParser
import BenchmarkRecords

/// `invbench doctor`: what to change on this machine before a run that counts.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks the machine before a serious run, and says what to change and how.",
        discussion: """
            It looks for half a second and changes nothing. Each line says 'change' (do this before a serious run), \
            'note' (cannot be changed from here or cannot be seen, but know it when you compare) or 'ok'. Commands \
            last until the next reboot. The exit code is 0 whatever it finds.
            """)

    func run() throws {
        let output = TextSink.standardOutput()
        output.write(DoctorReport.text(of: Examination.ofThisMachine().findings()))
        if output.hasFailed { throw ExitStatus.unwritten }
    }
}

/// The findings as text of at most 96 columns: a summary, then what to change, what to know, and what is fine.
enum DoctorReport {
    private static let width = 96
    private static let indentation = 8 + 22

    static func text(of findings: [Finding]) -> String {
        let sorted = Finding.Level.allCases.flatMap { level in findings.filter { $0.level == level } }
        let text = sorted.reduce(summary(of: findings) + "\n\n") { $0 + lines(of: $1) }
        return findings.allSatisfy(\.commands.isEmpty) ? text : text + "\n" + advice
    }

    private static let advice = "Commands hold until the next reboot; in a container, type them on its host.\n"

    static func summary(of findings: [Finding]) -> String {
        let changes = findings.count { $0.level == .change }
        return "\(changes == 0 ? "nothing" : ScaledNumber.counted(changes, "thing")) to change before a serious run"
    }

    /// `level  subject  text`, the text wrapped in its column, and the commands on lines of their own, to be copied.
    private static func lines(of finding: Finding) -> String {
        let head = padded(finding.level.rawValue, to: 8) + padded(finding.subject, to: 22)
        let text = WrappedText.wrapped(finding.text, columns: width - indentation)
            .replacing("\n", with: "\n" + String(repeating: " ", count: indentation))
        return finding.commands.reduce(head + text + "\n") { $0 + "          \($1)\n" }
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
