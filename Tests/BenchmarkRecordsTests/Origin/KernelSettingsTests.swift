import FactTrees
import Testing

@testable import BenchmarkRecords

@Suite struct KernelSettingsTests {
    private func settings(_ files: [String: String]) throws -> KernelSettings {
        try FactTree.with(files) { KernelSettings(root: $0) }
    }

    @Test func whatIsNotThereIsAbsent() throws {
        let settings = try settings([:])
        #expect(settings.boost == nil)
        #expect(settings.idleDriver == nil)
        #expect(settings.transparentHugePages == nil)
        #expect(settings.numaBalancing == nil)
        #expect(settings.bootParameters == nil)
    }

    @Test func boostHasTwoSwitchesThatPointInOppositeDirections() throws {
        let intel = "sys/devices/system/cpu/intel_pstate/no_turbo"
        let others = "sys/devices/system/cpu/cpufreq/boost"
        #expect(try settings([intel: "0\n"]).boost == "on")
        #expect(try settings([intel: "1\n"]).boost == "off")
        #expect(try settings([others: "1\n"]).boost == "on")
        #expect(try settings([others: "0\n"]).boost == "off")
        #expect(try settings([others: "perhaps\n"]).boost == nil)
    }

    @Test func theWordInBracketsHolds() throws {
        let file = "sys/kernel/mm/transparent_hugepage/enabled"
        #expect(try settings([file: "[always] madvise never\n"]).transparentHugePages == "always")
        #expect(try settings([file: "always madvise [never]\n"]).transparentHugePages == "never")
        #expect(try settings([file: "always madvise\n"]).transparentHugePages == nil)
    }

    @Test func ofTheBootParametersOnlyThoseThatMatterAreKept() throws {
        let parameters = "BOOT_IMAGE=/vmlinuz root=UUID=1 isolcpus=2-3 nosmt token=secret mitigations=off"
        #expect(try settings(["proc/cmdline": parameters]).bootParameters == "isolcpus=2-3 nosmt mitigations=off")
        #expect(try settings(["proc/cmdline": "quiet"]).bootParameters == "none")
    }
}
