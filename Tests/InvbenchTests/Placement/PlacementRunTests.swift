import BenchmarkRecords
import Foundation
import InvalidationStorm
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    @Suite struct PlacementRunTests {
        private static let small = [
            "--guard", "mutex", "--scenario", "storm", "--faulters", "1", "--window", "2ms",
            "--benchmark_repetitions=1",
        ]

        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test func aPlacedRunSaysSoInNameAndContext() throws {
            let outcome = try command.run(Self.small + ["--pin", "scatter", "--memory", "interleave"])
            #expect(outcome.status == 0)
            let file = try ResultsFile(reading: try #require(command.resultsFiles().first))
            #expect(file.context["placement_pin"] == "scatter")
            #expect(file.context["placement_memory"] == "interleave")
            #expect(
                file.rows.map(\.runName) == [
                    "storm/mutex/storm/faulters:1/invalidators:1/pin:scatter/memory:interleave"
                ])
        }

        @Test func aPlanRunsNothing() throws {
            let outcome = try command.run(Self.small + ["--plan", "--topology", "pack:2 [numa] core:4 pu:2"])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            #expect(outcome.output.hasPrefix("machine    2 packages, 2 NUMA nodes, 8 cores, 16 cpus\n"))
            #expect(command.resultsFiles().isEmpty)
        }

        @Test func aTopologyIsShown() throws {
            let outcome = try command.run(["topology", "--topology", "pack:2 [numa] core:4 pu:2"])
            #expect(outcome.status == 0)
            #expect(outcome.output.hasPrefix("2 packages, 2 NUMA nodes, 8 cores, 16 cpus\n"))
        }

        /// A machine of two cores, of which node 1 is local to the second alone, as hwloc's XML of that version.
        private func writeHalfNode(version: String) throws {
            let all = "cpuset=\"0x00000003\" complete_cpuset=\"0x00000003\""
            let first =
                "cpuset=\"0x00000001\" complete_cpuset=\"0x00000001\" nodeset=\"0x0\" complete_nodeset=\"0x0\""
            let second = "cpuset=\"0x00000002\" complete_cpuset=\"0x00000002\""
            let nodes = "nodeset=\"0x00000002\" complete_nodeset=\"0x00000002\""
            try command.write(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <topology version="\(version)">
                <object type="Machine" os_index="0" \(all) \(nodes) allowed_cpuset="0x3" allowed_nodeset="0x2">
                <object type="Package" os_index="0" \(first)><object type="Core" os_index="0" \(first)>
                <object type="PU" os_index="0" \(first)/></object></object>
                <object type="Package" os_index="1" \(second) \(nodes)>
                <object type="NUMANode" os_index="1" \(second) \(nodes) local_memory="1073741824"/>
                <object type="Core" os_index="0" \(second) \(nodes)><object type="PU" os_index="1" \(second) \(nodes)/>
                </object></object></object></topology>

                """, to: "machine.xml")
        }

        @Test func coresWithoutANodeAreShownAsSuch() throws {
            try writeHalfNode(version: "2.0")
            let shown = try command.run(["topology", "--topology", "machine.xml"])
            #expect(shown.status == 0)
            #expect(
                shown.output.contains("package 0\n  no node\n    no L3  core 0  cpu 0\npackage 1\n  node 1   1 GiB\n"))
            let planned = try command.run(Self.small + ["--plan", "--topology", "machine.xml"])
            #expect(planned.status == 0)
            #expect(planned.output.contains("  faulter      cpu 0  core 0  no node  package 0\n"))
            #expect(planned.output.contains("  invalidator  cpu 1  core 1  node 1   package 1\n"))
            let split = try command.run(
                Self.small + ["--plan", "--topology", "machine.xml", "--roles", "split-nodes"])
            #expect(split.status == 2)
            #expect(split.errors.contains("no node is local to cpu 0; use together"))
        }

        @Test func xmlOfALaterHwlocIsRefusedByItsVersion() throws {
            try writeHalfNode(version: "3.0")
            let outcome = try command.run(["topology", "--topology", "machine.xml"])
            #expect(outcome.status == 2)
            #expect(outcome.errors.hasPrefix("invbench: --topology: machine.xml: XML of hwloc 3,"))
        }

        @Test func anAffinityMaskHidesCPUs() throws {
            let cpus = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)
            guard let last = cpus.last, cpus.count > 1 else { return }
            let masked = try InvbenchProcess(executable: "/usr/bin/taskset")
            let outcome = try masked.run(["-c", "\(last)", InvbenchProcess.executable, "topology"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("of them hidden from this process"))
            #expect(outcome.output.contains("--pin compact  cpus \(last)\n"))
        }

        @Test func variablesOfHwlocAreToldAndDoNothing() throws {
            let outcome = try command.run(
                ["topology"], environment: ["HWLOC_SYNTHETIC": "pack:3 core:7 pu:1", "HWLOC_HIDE_ERRORS": "1"])
            #expect(outcome.status == 0)
            #expect(!outcome.output.contains("21 cores"))
            #expect(outcome.errors.hasPrefix("invbench: HWLOC_SYNTHETIC in the environment: ignored"))
        }

        @Test(arguments: [
            ["--pin", "none", "--memory", "local"], ["--pin", "cpus:60000"], ["--topology", "pu:2"],
            ["--plan", "--topology", "foo:2"], ["--plan", "--topology", "missing.xml"],
            ["--plan", "--topology", "pack:1 core:4 pu:1", "--roles", "split-nodes"],
            ["--benchmark_context", "placement_pin=x"],
        ])
        func whatCannotBeEndsWithTwo(words: [String]) throws {
            let outcome = try command.run(Self.small + words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty && !outcome.errors.isEmpty)
            #expect(command.resultsFiles().isEmpty)
        }
    }
}
