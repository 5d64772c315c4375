import BenchmarkRecords
import InvalidationStorm
import Testing

@testable import InvbenchCommand

@Suite struct PlacementFlagsTests {
    private func placement(_ words: String...) throws -> Placement { try RunOptions.parse(words).placement.chosen }

    private func suffix(_ placement: Placement) throws -> String {
        let catalogue = try CellCatalogue(builtInTraces: [])
        let cell = try #require(
            CellCatalogue.cells(
                guards: try catalogue.guards(named: ["mutex"]), scenarios: try catalogue.scenarios(named: ["storm"]),
                cores: 2, faulters: [1], invalidators: nil, adjustments: .init(placement: placement)
            ).first)
        #expect(CellName(cell.name)?.description == cell.name)
        return String(cell.name.dropFirst("storm/mutex/storm/faulters:1/invalidators:1".count))
    }

    @Test func defaults() throws {
        #expect(try placement() == Placement())
        #expect(try suffix(Placement()) == "")
    }

    @Test func flagsBecomeAPlacement() throws {
        #expect(
            try placement("--pin", "cpus:0-3,8", "--smt", "avoid", "--memory", "interleave")
                == Placement(pin: .cpus(NumberList([0, 1, 2, 3, 8])), smt: .avoid, memory: .interleave))
        #expect(
            try placement("--pin=per-node", "--memory=first-touch", "--roles=split-nodes")
                == Placement(pin: .perNode, memory: .firstTouch, roles: .splitNodes))
    }

    @Test(arguments: [
        ["--pin", "near"], ["--pin", "cpus:"], ["--smt", "off"], ["--memory", "far"], ["--roles", "apart"],
        ["--topology", "pu:2"],
    ])
    func wrongUsageIsRefused(words: [String]) {
        #expect(throws: (any Error).self) { try RunOptions.parse(words) }
    }

    @Test func whatIsNotDefaultIsInTheName() throws {
        #expect(try suffix(.init(pin: .scatter)) == "/pin:scatter")
        #expect(try suffix(.init(pin: .cpus(NumberList([0, 1, 2, 8])))) == "/pin:cpus:0-2+8")
        #expect(
            try suffix(.init(pin: .perNode, smt: .avoid, memory: .remote, roles: .splitNodes))
                == "/pin:per-node/smt:avoid/memory:remote/roles:split-nodes")
        #expect(try suffix(.init(memory: .local)) == "")
        #expect(try suffix(.init(memory: .firstTouch)) == "/memory:first-touch")
        // Unbound threads have no other default.
        #expect(try suffix(.init(pin: .none)) == "/pin:none")
        #expect(try suffix(.init(pin: .none, memory: .firstTouch)) == "/pin:none")
        #expect(try suffix(.init(pin: .none, memory: .interleave)) == "/pin:none/memory:interleave")
    }

    @Test func aCellRunsAsItIsPlaced() throws {
        let catalogue = try CellCatalogue(builtInTraces: [])
        let placement = Placement(pin: .scatter, memory: .firstTouch)
        let cell = try #require(
            Cell(
                entry: catalogue.guards[0], scenario: catalogue.scenarios[0], faulters: 1, invalidators: 0,
                adjustments: .init(placement: placement)))
        let settings = cell.settings(
            of: Scenario.builtIn[0], windowNanoseconds: 1, warmUpNanoseconds: 1, seed: 1)
        #expect(settings.placement == placement)
    }

    @Test func placedWorkIsOtherWork() throws {
        #expect(
            Placement(pin: .scatter, memory: .remote).nameParameters.allSatisfy {
                !CellName.Parameter.guardKeys.contains($0.key)
            })
    }

    @Test func theContextHasAllOfIt() throws {
        let lines = Placement(pin: .cpus(NumberList([0, 1, 8]))).contextLines
        #expect(
            lines.map { "\($0.key) \($0.value)" } == [
                "placement_pin cpus:0-1,8", "placement_smt use", "placement_memory local", "placement_roles together",
            ])
        #expect(Placement(pin: .none).contextLines.contains(ContextLine(key: "placement_memory", value: "first-touch")))
    }
}
