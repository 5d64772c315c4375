import BenchmarkRecords
import InvalidationStorm
import Testing

@testable import InvbenchCommand

@Suite struct RunContextTests {
    private func lines(_ context: String, _ words: [String] = []) throws -> [ContextLine] {
        let options = try RunOptions.parse(["--benchmark_context", context] + words)
        let plan = try RunPlan(options, catalogue: CellCatalogue(builtInTraces: []), cores: 2)
        let fingerprint = Fingerprint(
            root: "/nowhere", build: BuildFacts(compiler: "c", buildType: "release"))
        return try RunContext.lines(
            of: plan, options: options, fingerprint: fingerprint, counters: ProcessorCounters(), betweenRuns: 0.0125)
    }

    @Test func theUsersLinesComeBehindOurs() throws {
        let lines = try lines("branch=main")
        #expect(lines.last == ContextLine(key: "branch", value: "main"))
        #expect(lines.contains(ContextLine(key: "seed", value: "1")))
        #expect(lines.contains(ContextLine(key: "build_type", value: "release")))
        #expect(lines.contains(ContextLine(key: "between_runs", value: "0.0125")))
    }

    @Test func theParametersOfGuardsAreThereWithTheirDefaults() throws {
        func parameters(_ words: String...) throws -> String? {
            try lines("a=1", words).first { $0.key == "guard_parameters" }?.value
        }
        #expect(try parameters("--guard=mutex") == "none")
        #expect(try parameters("--guard=mutex,stripe-mutex") == "stripe:2MiB")
        #expect(try parameters("--guard=stripe-mutex", "--stripe=64KiB") == "stripe:64KiB")
    }

    @Test(arguments: [
        "commit=x", "machine_id=x", "date=x", "seed=2", "guard_parameters=x", "counters=x",
        "library_build_type=release", "a=1,a=2",
    ])
    func reservedAndRepeatedKeysAreRefused(context: String) {
        #expect(throws: UsageError.self) { try lines(context) }
    }

    @Test func controlCharactersAreReplaced() throws {
        #expect(try lines("note=a\u{1}b\nc\u{7F}").last?.value == "a\u{FFFD}b\u{FFFD}c\u{FFFD}")
    }
}
