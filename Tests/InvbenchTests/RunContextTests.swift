import BenchmarkRecords
import Testing

@testable import invbench

@Suite struct RunContextTests {
    private func lines(_ context: String) throws -> [ContextLine] {
        let options = try RunOptions.parse(["--benchmark_context", context])
        let plan = try RunPlan(options, catalogue: CellCatalogue(builtInTraces: []), cores: 2)
        let fingerprint = Fingerprint(
            machine: MachineFacts(root: "/nowhere"), build: BuildFacts(compiler: "c", buildType: "release"))
        return try RunContext.lines(of: plan, options: options, fingerprint: fingerprint)
    }

    @Test func theUsersLinesComeBehindOurs() throws {
        let lines = try lines("branch=main")
        #expect(lines.last == ContextLine(key: "branch", value: "main"))
        #expect(lines.contains(ContextLine(key: "seed", value: "1")))
        #expect(lines.contains(ContextLine(key: "build_type", value: "release")))
    }

    @Test(arguments: ["commit=x", "machine_id=x", "date=x", "seed=2", "library_build_type=release", "a=1,a=2"])
    func reservedAndRepeatedKeysAreRefused(context: String) {
        #expect(throws: UsageError.self) { try lines(context) }
    }

    @Test func controlCharactersAreReplaced() throws {
        #expect(try lines("note=a\u{1}b\nc\u{7F}").last?.value == "a\u{FFFD}b\u{FFFD}c\u{FFFD}")
    }
}
