import Testing

@testable import InvbenchCommand

@Suite struct DoctorReportTests {
    @Test func changesComeFirstAndAreCounted() {
        let text = DoctorReport.text(of: [
            .ok("SMT", "off"), .change("boost (turbo)", "on.", "echo 1", "echo 2"), .note("hypervisor", "one"),
            .change("other load", "much"),
        ])
        #expect(
            text == """
                2 things to change before a serious run

                change  boost (turbo)         on.
                          echo 1
                          echo 2
                change  other load            much
                note    hypervisor            one
                ok      SMT                   off

                Commands hold until the next reboot; in a container, type them on its host.

                """)
    }

    @Test func theSummaryCounts() {
        #expect(DoctorReport.text(of: [.ok("a", "b")]).hasPrefix("nothing to change"))
        #expect(!DoctorReport.text(of: [.ok("a", "b")]).contains("reboot"))
        #expect(DoctorReport.summary(of: [.change("a", "b")]).hasPrefix("1 thing to"))
    }

    @Test func textIsWrappedInItsColumn() {
        let words = Array(repeating: "word", count: 40).joined(separator: " ")
        let lines = DoctorReport.text(of: [.note("a", words), .change("a", "b", String(repeating: "c", count: 99))])
            .split(separator: "\n")
        let column = String(repeating: " ", count: 30)
        #expect(lines.filter { $0.hasPrefix(column + "word") }.count == 3)
        #expect(lines.allSatisfy { $0.count <= 96 || $0.hasSuffix("ccc") })
        #expect(
            lines.contains { $0.hasSuffix(String(repeating: "c", count: 99)) }, "a command is one line, to be copied")
    }
}
