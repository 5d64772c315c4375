import Testing

@testable import InvalidationStorm

/// Where memory goes, against choices written by hand.
@Suite struct MemoryChoiceTests {
    private func nodes(_ topology: Topology, _ placement: Placement, _ faulters: Int, others: Int = 1) throws -> [Int] {
        try PlacementPlan(placement, on: topology, faulters: faulters, others: others).memoryNodes
    }

    @Test("Local memory lies on the faulters' nodes")
    func local() throws {
        let machine = try PlacementPlanTests.twoByFourByTwo()
        #expect(try nodes(machine, .init(), 2) == [0])
        #expect(try nodes(machine, .init(), 8) == [0])
        #expect(try nodes(machine, .init(), 9) == [0, 1])
        #expect(try nodes(machine, .init(pin: .scatter), 1) == [0])
        #expect(try nodes(machine, .init(pin: .scatter), 2) == [0, 1])
        #expect(try nodes(machine, .init(pin: .perNode), 2) == [0, 1])
        #expect(try nodes(machine, .init(pin: .cpus(NumberList([4, 0]))), 1) == [1])
        #expect(try nodes(machine, .init(roles: .splitNodes), 9) == [0])
    }

    @Test("Where there is one node nothing is bound")
    func oneNode() throws {
        let machine = try Topology(reading: .description("pack:2 core:4 pu:2"))
        #expect(try nodes(machine, .init(), 2) == [])
        #expect(try nodes(machine, .init(memory: .interleave), 2) == [])
        #expect(try nodes(machine, .init(memory: .firstTouch), 2) == [])
        let error = #expect(throws: PlacementError.self) { try nodes(machine, .init(memory: .remote), 2) }
        #expect(error?.choice == .memory)
    }

    @Test("Remote memory lies on a node without a thread")
    func remote() throws {
        let machine = try PlacementPlanTests.twoByFourByTwo()
        #expect(try nodes(machine, .init(memory: .remote), 2) == [1])
        #expect(throws: PlacementError.self) { try nodes(machine, .init(memory: .remote), 8) }
        #expect(throws: PlacementError.self) { try nodes(machine, .init(pin: .scatter, memory: .remote), 1) }
        #expect(throws: PlacementError.self) { try nodes(machine, .init(memory: .remote, roles: .splitNodes), 1) }
        let four = try PlacementPlanTests.fourBySixteen()
        #expect(try nodes(four, .init(memory: .remote), 2) == [2])
        #expect(try nodes(four, .init(memory: .remote, roles: .splitNodes), 2) == [3])
        #expect(try nodes(four, .init(pin: .cpus(NumberList([40])), memory: .remote), 1, others: 0) == [0])
    }

    @Test("Of several remote nodes the farthest with cores is taken, else memory alone")
    func remoteByDistance() throws {
        var fixture = MachineFixture(
            packages: [
                [.init(number: 0, cores: [[0]])], [.init(number: 1, cores: [[1]])], [.init(number: 2, cores: [[2]])],
                [.init(number: 3, cores: [[3]]), .init(number: 4)],
            ],
            distances: [
                [10, 20, 32, 21, 90], [20, 10, 21, 32, 90], [32, 21, 10, 20, 90], [21, 32, 20, 10, 90],
                [90, 90, 90, 90, 10],
            ])
        #expect(try nodes(fixture.topology(), .init(memory: .remote), 1, others: 0) == [2])
        #expect(try nodes(fixture.topology(), .init(memory: .remote), 3) == [4])
        fixture.allowedNodes = [0, 1, 3]
        #expect(try nodes(fixture.topology(), .init(memory: .remote), 1, others: 0) == [3])
    }

    @Test("Interleaving takes every node with memory that may be used, memory alone too")
    func interleave() throws {
        var fixture = MachineFixture(packages: [
            [.init(number: 0, cores: [[0]])], [.init(number: 1, memory: 0, cores: [[1]]), .init(number: 2)],
        ])
        #expect(try Set(nodes(fixture.topology(), .init(memory: .interleave), 1)) == [0, 2])
        #expect(try Set(nodes(fixture.topology(), .init(pin: .none, memory: .interleave), 1)) == [0, 2])
        fixture.allowedNodes = [0, 1]
        #expect(try nodes(fixture.topology(), .init(memory: .interleave), 1) == [])
    }

    @Test("Faulters on cores without a node have theirs wherever the kernel puts it, and nothing is remote from them")
    func coresWithoutNode() throws {
        let machine = try MachineFixture(packages: [
            [.init(number: nil, cores: [[0], [1]])], [.init(number: 1, cores: [[2]])],
            [.init(number: 2, cores: [[3]])],
        ]).topology()
        #expect(try nodes(machine, .init(), 2) == [])
        #expect(try nodes(machine, .init(), 3, others: 0) == [1])
        #expect(try Set(nodes(machine, .init(memory: .interleave), 1)) == [1, 2])
        let error = #expect(throws: PlacementError.self) { try nodes(machine, .init(memory: .remote), 2) }
        #expect(error?.description.contains("their cores have none") == true)
        #expect(try nodes(machine, .init(memory: .remote), 3, others: 0) == [2])
    }

    @Test("Fast and slow memory beside the ordinary is taken for interleaving alone")
    func memoryBesideTheOrdinary() throws {
        let machine = try MachineFixture(
            packages: [
                [.init(number: 0, cores: [[0], [1]]), .init(number: 2)],
                [.init(number: 1, cores: [[2], [3]]), .init(number: 3)],
            ], machineNodes: [.init(number: 4)]
        ).topology()
        #expect(try nodes(machine, .init(), 2, others: 0) == [0])
        #expect(try nodes(machine, .init(pin: .scatter), 2) == [0, 1])
        #expect(try nodes(machine, .init(memory: .remote), 1) == [1])
        #expect(try Set(nodes(machine, .init(memory: .interleave), 1)) == [0, 1, 2, 3, 4])
    }

    @Test("Faulters on a node without memory have theirs on the nearest node with some")
    func nodeWithoutMemory() throws {
        let machine = try MachineFixture(packages: [
            [.init(number: 0, memory: 0, cores: [[0], [1]])], [.init(number: 1, cores: [[2]])],
            [.init(number: 2, cores: [[3]])],
        ]).topology()
        #expect(try nodes(machine, .init(), 2) == [1])
        // Two faulters' nodes, one memory.
        #expect(try nodes(machine, .init(), 3) == [1])
        #expect(try nodes(machine, .init(), 4) == [1, 2])
    }
}
