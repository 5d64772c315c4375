import Foundation
import Testing

extension EndToEndTests {
    @Suite struct DoctorCommandTests {
        @Test func itNamesItsChecksAndEndsWell() throws {
            let outcome = try InvbenchProcess().run(["doctor"])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            #expect(outcome.output.contains("to change before a serious run\n"))
            for subject in [
                "frequency governor", "boost", "SMT", "hypervisor", "NUMA balancing", "clock", "other load",
            ] {
                #expect(outcome.output.contains(subject), "\(subject)")
            }
        }

        @Test func itTakesNoArguments() throws {
            #expect(try InvbenchProcess().run(["doctor", "--fix"]).status == 2)
        }

        @Test func aFullDiskIsTold() throws {
            let process = try InvbenchProcess(executable: "/bin/sh")
            let command = "\"\(InvbenchProcess.executable)\" doctor >/dev/full"
            let outcome = try process.run(["-c", command])
            #expect(outcome.status == 5)
            #expect(outcome.errors.contains("standard output: cannot write"))
        }
    }
}
