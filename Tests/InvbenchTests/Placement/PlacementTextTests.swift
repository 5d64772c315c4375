import InvalidationStorm
import Testing

@testable import InvbenchCommand

@Suite struct PlacementTextTests {
    /// What `--plan` prints for these words.
    private func plan(_ words: String...) throws -> String {
        let options = try RunOptions.parse(["--plan", "--guard", "mutex,rwlock"] + words)
        let topology = try options.placement.readTopology()
        let cells = try RunPlan(
            options, catalogue: CellCatalogue(builtInTraces: []), cores: topology.allowedThreadCount
        ).cells
        let placements = try PlannedPlacements(cells, options.placement.chosen, on: topology)
        return PlanText(placement: options.placement.chosen, topology: topology).text(of: placements)
    }

    @Test func aPlanHasEachCombinationOfThreadsOnce() throws {
        #expect(
            try plan("--topology", "pack:2 [numa] core:2 pu:2", "--scenario", "storm,hot,churn", "--faulters", "1,5")
                == """
                machine    2 packages, 2 NUMA nodes, 4 cores, 8 cpus
                placement  pin compact, smt use, memory local, roles together

                1 faulter, 1 invalidator (4 cells)
                  faulter      cpu 0  core 0  node 0  package 0
                  invalidator  cpu 2  core 1  node 0  package 0
                  memory       node 0

                5 faulters, 1 invalidator (4 cells)
                  faulters 0-3  cpus 0,2,1,3  cores 0-1  node 0  package 0
                  faulter 4     cpu 4         core 2     node 1  package 1
                  invalidator   cpu 6         core 3     node 1  package 1
                  memory        interleaved over nodes 0-1

                1 faulter, 1 invalidator, 1 churner (2 cells)
                  faulter      cpu 0  core 0  node 0  package 0
                  invalidator  cpu 2  core 1  node 0  package 0
                  churner      cpu 1  core 0  node 0  package 0
                  memory       node 0

                5 faulters, 1 invalidator, 1 churner (2 cells)
                  faulters 0-3  cpus 0,2,1,3  cores 0-1  node 0  package 0
                  faulter 4     cpu 4         core 2     node 1  package 1
                  invalidator   cpu 6         core 3     node 1  package 1
                  churner       cpu 5         core 2     node 1  package 1
                  memory        interleaved over nodes 0-1

                """)
    }

    @Test func threadsThatTakeTurnsOnNodesHaveALineANode() throws {
        let text = try plan(
            "--topology", "pack:2 [numa] core:8 pu:1", "--scenario", "calm", "--faulters", "16", "--pin", "scatter")
        #expect(text.contains("  faulters 0,2,..,14  cpus 0-7   cores 0-7   node 0  package 0\n"))
        #expect(text.contains("  faulters 1,3,..,15  cpus 8-15  cores 8-15  node 1  package 1\n"))
    }

    @Test func wideAndUnboundAndSharedPlacesSaySo() throws {
        let machine = "pack:1 numa:2 core:2 pu:1"
        let wide = try plan("--topology", machine, "--scenario", "storm", "--faulters", "1", "--pin", "per-node")
        #expect(wide.contains("  faulter      any of cpus 0-1  cores 0-1  node 0  package 0\n"))
        let unbound = try plan("--topology", machine, "--scenario", "storm", "--faulters", "2", "--pin", "none")
        #expect(unbound.contains("  faulters 0-1  not bound\n  invalidator   not bound\n"))
        #expect(unbound.contains("memory first-touch"))
        #expect(unbound.contains("  memory        wherever the kernel puts it"))
        let shared = try plan("--topology", machine, "--scenario", "storm", "--faulters", "5")
        #expect(shared.contains("  6 threads share 4 cpus\n"))
        #expect(!wide.contains("share"))
        let one = try plan("--topology", "core:4 pu:1", "--scenario", "storm", "--faulters", "1")
        #expect(one.contains("  memory       the only node\n"))
    }

    @Test func theLadderFollowsTheMachineThatIsPlannedFor() throws {
        let text = try plan("--topology", "pack:2 [numa] core:8 pu:1", "--scenario", "calm")
        let counts = text.split(separator: "\n").filter { $0.hasSuffix("cells)") }
        #expect(counts.map { $0.prefix { $0 != " " } } == ["1", "2", "4", "8", "16"])
    }

    @Test func whatIsNotPossibleIsWrongUsage() throws {
        let error = #expect(throws: UsageError.self) {
            try plan("--topology", "pack:2 [numa] core:2 pu:1", "--scenario", "storm", "--memory", "remote")
        }
        #expect(error?.description.hasPrefix("--memory: remote needs") == true)
        #expect(throws: UsageError.self) { try plan("--topology", "pack:1 core:2 pu:1", "--roles", "split-nodes") }
        #expect(throws: UsageError.self) { try plan("--topology", "foo:1") }
    }

    @Test func aTopologyIsShownByCacheAndNode() throws {
        let topology = try Topology(
            reading: .description("pack:2 [numa(memory=3221225472)] l3:2(size=8388608) core:3 pu:2"))
        #expect(
            TopologyText(topology: topology).text == """
                2 packages, 2 NUMA nodes, 12 cores, 24 cpus

                package 0
                  node 0      3 GiB
                    L3 8 MiB  cores 0-2   cpus 0,2,4 + 1,3,5
                    L3 8 MiB  cores 3-5   cpus 6,8,10 + 7,9,11
                package 1
                  node 1      3 GiB
                    L3 8 MiB  cores 6-8   cpus 12,14,16 + 13,15,17
                    L3 8 MiB  cores 9-11  cpus 18,20,22 + 19,21,23

                --pin compact  cpus 0,2,..,10,1,3,..,11,12,14,..,22,13,15,..,23
                --pin scatter  cpus 0,12,6,18,2,14,..

                """)
    }

    @Test func manyCoresAreAFewLines() throws {
        let topology = try Topology(reading: .description("pack:2 numa:4 core:32 pu:2"))
        let lines = TopologyText(topology: topology).text.split(separator: "\n")
        #expect(lines.count == 1 + 2 * (1 + 4 * 2) + 2)
        #expect(lines.allSatisfy { $0.count < 120 })
    }

    @Test(arguments: [
        ([], ""), ([3], "3"), ([0, 1], "0-1"), ([0, 1, 2, 5], "0-2,5"), ([0, 2, 4, 6], "0,2,4,6"),
        ([0, 2, 4, 6, 8, 9], "0,2,..,8,9"), ([1, 0, 1, 0], "1,0-1,0"), ([4, 4, 4], "4,4,4"),
    ])
    func summaries(numbers: [Int], text: String) { #expect(NumberList(numbers).summary() == text) }

    @Test func aSummaryEndsAtItsLimit() {
        #expect(NumberList([0, 5, 1, 9]).summary(limit: 3) == "0,5,1,..")
        #expect(NumberList([0, 5, 1]).summary(limit: 3) == "0,5,1")
    }
}
