import Testing

@testable import BenchmarkRecords

@Suite struct FingerprintTests {
    private func fingerprint(
        _ files: [String: String], commit: String? = nil, isDirty: Bool? = nil
    ) throws -> Fingerprint {
        let tree = try FactTree(files)
        let build = BuildFacts(
            compiler: "swift 6.3.1", buildType: "release", flags: "-Xcc -DX", commit: commit, isDirty: isDirty)
        return withExtendedLifetime(tree) { Fingerprint(root: tree.root, build: build) }
    }

    @Test func statesEveryFactInText() throws {
        let context = try fingerprint(FactTree.server, commit: "abc123", isDirty: true).context
        let values = Dictionary(uniqueKeysWithValues: context.map { ($0.key, $0.value) })
        #expect(context.first?.key == "machine_id")
        #expect(values["cpu_sockets"] == "2")
        #expect(values["numa_nodes"] == "2")
        #expect(values["numa_node_memory_bytes"] == "8589934592,4294967296")
        #expect(values["kernel"] == "6.1.0-18-amd64")
        #expect(values["compiler"] == "swift 6.3.1")
        #expect(values["build_type"] == "release")
        #expect(values["commit"] == "abc123")
        #expect(values["tree_dirty"] == "true")
        #expect(values.count == 19)
    }

    @Test func absentFactsHaveNoEntry() throws {
        let context = try fingerprint([:]).context
        #expect(context.map(\.key) == ["machine_id", "compiler", "build_type"])
    }

    @Test func takesControlCharactersOut() throws {
        let context = try fingerprint(["proc/sys/kernel/osrelease": "6.1\u{1}\n\u{85}é-x\n"]).context
        #expect(context.first { $0.key == "kernel" }?.value == "6.1é-x")
    }

    @Test func reservesItsOwnKeysAndGoogleBenchmarks() throws {
        let keys = try fingerprint(FactTree.server, commit: "a", isDirty: false).context.map(\.key)
        #expect(Fingerprint.reservedContextKeys.isSuperset(of: keys))
        #expect(Fingerprint.reservedContextKeys.isSuperset(of: ["caches", "num_cpus", "library_build_type"]))
        #expect(!Fingerprint.reservedContextKeys.contains("ticket"))
    }
}
