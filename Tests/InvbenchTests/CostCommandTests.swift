import Foundation
import Testing

extension EndToEndTests {
    @Suite struct CostCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test(
            arguments: [
                (["--machine", "1"], "expected cores from 2 to 256"), (["--machine", "8/9"], "1 to 8 nodes"),
                (["--machine", "8/"], "expected cores"), (["--guard", "strped"], "did you mean 'striped'?"),
                (["--check", "/nowhere/cost.json"], "/nowhere/cost.json: cannot read"),
                (["--tool", "/nowhere"], "/nowhere: the tool that counts is not there; build it with"),
            ])
        func wrongUsageIsOneLineAndTwo(words: [String], text: String) throws {
            let outcome = try command.run(["cost"] + words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
        }

        @Test func aFileThatIsNoTableIsSaidToBe() throws {
            let file = command.folder.appending(path: "cost.json")
            try Data("{\"format\": 1}".utf8).write(to: file)
            let outcome = try command.run(["cost", "--check", file.path])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("cost.json: invbench_cost: the document's version"), "\(outcome.errors)")
        }

        @Test func withoutTheToolNothingIsCounted() throws {
            let outcome = try command.run(["cost", "--traced", "--guard", "mutex", "--machine", "2"])
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("--traced"))
        }

        @Test func whatCannotBeReadStandsBesideNothing() throws {
            let outcome = try command.run(["show", "--cost", "/nowhere/cost.json", "/nowhere/run.json"])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("/nowhere/cost.json: cannot read"), "\(outcome.errors)")
        }
    }
}
