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
