import ArgumentParser

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
