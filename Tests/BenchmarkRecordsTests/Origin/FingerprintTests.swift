import FactTrees
import Testing

@testable import BenchmarkRecords

@Suite struct FingerprintTests {
    private func fingerprint(
        _ files: [String: String], commit: String? = nil, isDirty: Bool? = nil
    ) throws -> Fingerprint {
        let build = BuildFacts(
            compiler: "swift 6.3.1", buildType: "release", flags: "-Xcc -DX", commit: commit, isDirty: isDirty)
        return try FactTree.with(files) { Fingerprint(root: $0, build: build) }
    }

    @Test func statesEveryFactInText() throws {
        let settings = [
            "sys/devices/system/cpu/intel_pstate/no_turbo": "0\n",
            "sys/devices/system/cpu/cpuidle/current_driver": "intel_idle\n",
            "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
            "proc/sys/kernel/numa_balancing": "1\n",
            "proc/cmdline": "root=/dev/secret mitigations=off quiet\n",
            "proc/self/status": "Cpus_allowed_list:\t0-5\n",
            "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup ro\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
        ]
        let files = FactTree.server.merging(settings) { $1 }
        let context = try fingerprint(files, commit: "abc123", isDirty: true).context
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
        #expect(values["build_flags"] == "-Xcc -DX")
        #expect(values["cpu_microcode"] == "0xd0003b9")
        #expect(values["cpu_boost"] == "on")
        #expect(values["idle_driver"] == "intel_idle")
        #expect(values["transparent_huge_pages"] == "madvise")
        #expect(values["numa_balancing"] == "on")
        #expect(values["numa_distances"] == "10 21 21; 21 10 21; 21 21 10")
        #expect(values["kernel_parameters"] == "mitigations=off")
        #expect(values["cpus_allowed"] == "0-5")
        #expect(values["cpu_quota"] == "1.5")
        #expect(values.count == 29)
    }

    @Test func absentFactsHaveNoEntry() throws {
        let context = try fingerprint([:]).context
        #expect(context.map(\.key) == ["machine_id", "compiler", "build_type", "build_flags"])
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
