import Testing

@testable import InvalidationStorm

/// Where threads go, against placements written by hand.
@Suite struct PlacementPlanTests {
    /// Two packages of one node of four cores of two hardware threads, numbered as on most Intel machines: the first
    /// hardware threads of all cores, then the second ones.
    static func twoByFourByTwo() throws -> Topology {
        try MachineFixture(packages: [
            [.init(number: 0, cores: [[0, 8], [1, 9], [2, 10], [3, 11]])],
            [.init(number: 1, cores: [[4, 12], [5, 13], [6, 14], [7, 15]])],
        ]).topology()
    }

    /// Four nodes in two packages, sixteen cores each, without second hardware threads.
    static func fourBySixteen() throws -> Topology {
        try Topology(reading: .description("pack:2 numa:2 core:16 pu:1"))
    }

    /// Eight nodes in four packages, of one to eight cores: node `n` has `n + 1`.
    static func eightUneven() throws -> Topology {
        var next = 0
        let nodes = (0..<8).map { number in
            let cores = (next..<next + number + 1).map { [$0] }
            next += number + 1
            return MachineFixture.Node(number: number, cores: cores)
        }
        return try MachineFixture(packages: [0, 2, 4, 6].map { [nodes[$0], nodes[$0 + 1]] }).topology()
    }

    private func cpus(_ topology: Topology, _ placement: Placement, _ faulters: Int, others: Int = 0) throws -> [Int] {
        try PlacementPlan(placement, on: topology, faulters: faulters, others: others).places.map { place in
            try #require(place.threads.count == 1)
            return place.threads[0]
        }
    }

    @Test("Compact fills node by node, first hardware threads first")
    func compact() throws {
        let machine = try Self.twoByFourByTwo()
        #expect(try cpus(machine, .init(), 13, others: 3) == [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15])
        #expect(try cpus(machine, .init(smt: .avoid), 8) == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(try cpus(Self.fourBySixteen(), .init(), 64) == Array(0..<64))
        #expect(try cpus(Self.eightUneven(), .init(), 36) == Array(0..<36))
    }

    @Test("Siblings that are numbered as neighbours come behind the other cores")
    func compactWithNeighbouringSiblings() throws {
        let machine = try Topology(reading: .description("pack:2 [numa] core:4 pu:2"))
        #expect(try cpus(machine, .init(), 9) == [0, 2, 4, 6, 1, 3, 5, 7, 8])
        #expect(try cpus(machine, .init(smt: .avoid), 9) == [0, 2, 4, 6, 8, 10, 12, 14, 0])
    }

    @Test("Scatter takes packages, nodes and cores in turn, second hardware threads last")
    func scatter() throws {
        let machine = try Self.twoByFourByTwo()
        #expect(
            try cpus(machine, .init(pin: .scatter), 16) == [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15])
        #expect(try cpus(machine, .init(pin: .scatter, smt: .avoid), 9) == [0, 4, 1, 5, 2, 6, 3, 7, 0])
        #expect(try cpus(Self.fourBySixteen(), .init(pin: .scatter), 6) == [0, 32, 16, 48, 1, 33])
        // Packages 0-3 begin with nodes 0, 2, 4, 6, then nodes 1, 3, 5, 7 have their turn. Package 0 has three cores.
        #expect(
            try cpus(Self.eightUneven(), .init(pin: .scatter), 16)
                == [0, 3, 10, 21, 1, 6, 15, 28, 2, 4, 11, 22, 7, 16, 29, 5])
    }

    @Test("Scatter takes L3 caches in turn, where a node has several")
    func scatterOverCaches() throws {
        let machine = try Topology(reading: .description("pack:1 [numa] l3:3 core:2 pu:1"))
        #expect(try cpus(machine, .init(pin: .scatter), 6) == [0, 2, 4, 1, 3, 5])
        #expect(try cpus(machine, .init(), 6) == [0, 1, 2, 3, 4, 5])
    }

    @Test("Per node binds each thread to a whole node, nodes in turn")
    func perNode() throws {
        let machine = try Self.twoByFourByTwo()
        let (first, second) = (Place([0, 1, 2, 3, 8, 9, 10, 11]), Place([4, 5, 6, 7, 12, 13, 14, 15]))
        let plan = try PlacementPlan(.init(pin: .perNode), on: machine, faulters: 2, others: 1)
        #expect(plan.places == [first, second, first])
        let avoiding = try PlacementPlan(.init(pin: .perNode, smt: .avoid), on: machine, faulters: 2, others: 0)
        #expect(avoiding.places == [Place([0, 1, 2, 3]), Place([4, 5, 6, 7])])
    }

    @Test("Threads beyond the places begin again")
    func wrapAround() throws {
        let machine = try Topology(reading: .description("pack:1 [numa] core:2 pu:1"))
        #expect(try cpus(machine, .init(), 3, others: 2) == [0, 1, 0, 1, 0])
        #expect(try cpus(machine, .init(pin: .cpus(NumberList([1]))), 2, others: 1) == [1, 1, 1])
    }

    @Test("A list of cpus is taken as it is")
    func list() throws {
        let machine = try Self.twoByFourByTwo()
        #expect(try cpus(machine, .init(pin: .cpus(NumberList([9, 0, 4]))), 2, others: 2) == [9, 0, 4, 9])
        #expect(try cpus(machine, .init(pin: .cpus(NumberList([0, 0])), smt: .avoid), 2) == [0, 0])
    }

    @Test("No binding leaves all threads and the memory to the kernel")
    func none() throws {
        let plan = try PlacementPlan(.init(pin: .none), on: Self.twoByFourByTwo(), faulters: 2, others: 1)
        #expect(plan.places == [.anywhere, .anywhere, .anywhere])
        #expect(plan.memoryNodes == [])
    }

    @Test("Split roles run on nodes of different packages, each by the policy inside its node")
    func splitNodes() throws {
        #expect(
            try cpus(Self.twoByFourByTwo(), .init(roles: .splitNodes), 5, others: 2) == [0, 1, 2, 3, 8, 4, 5])
        let four = try Self.fourBySixteen()
        #expect(try cpus(four, .init(roles: .splitNodes), 2, others: 2) == [0, 1, 32, 33])
        #expect(try cpus(four, .init(pin: .scatter, roles: .splitNodes), 17, others: 1) == Array(0..<16) + [0, 32])
        let onePackage = try Topology(reading: .description("pack:1 numa:2 core:2 pu:1"))
        #expect(try cpus(onePackage, .init(roles: .splitNodes), 1, others: 1) == [0, 2])
        let plan = try PlacementPlan(.init(pin: .perNode, roles: .splitNodes), on: onePackage, faulters: 1, others: 2)
        #expect(plan.places == [Place([0, 1]), Place([2, 3]), Place([2, 3])])
    }

    @Test("Cores without a node take their turn, and a choice that goes by nodes is refused with them")
    func coresWithoutNode() throws {
        let machine = try MachineFixture(packages: [
            [.init(number: 0, cores: [[0], [1]])], [.init(number: nil, cores: [[2], [3]])],
            [.init(number: 1, cores: [[4], [5]])],
        ]).topology()
        #expect(try cpus(machine, .init(), 6) == [0, 1, 2, 3, 4, 5])
        #expect(try cpus(machine, .init(pin: .scatter), 6) == [0, 2, 4, 1, 3, 5])
        for (placement, words) in [
            (Placement(roles: .splitNodes), "--roles: split-nodes gives each role a NUMA node"),
            (Placement(pin: .perNode), "--pin: per-node binds threads to NUMA nodes"),
        ] {
            let error = #expect(throws: PlacementError.self) { try cpus(machine, placement, 1, others: 1) }
            #expect(error?.description.hasPrefix(words + ", and here no node is local to cpus 2-3; use ") == true)
        }
    }

    @Test("A cpuset that hides half of the cores leaves the others, and may leave a core its second hardware thread")
    func cpuset() throws {
        var fixture = MachineFixture(packages: [
            [.init(number: 0, cores: [[0, 8], [1, 9], [2, 10], [3, 11]])],
            [.init(number: 1, cores: [[4, 12], [5, 13], [6, 14], [7, 15]])],
        ])
        fixture.allowedThreads = [2, 3, 10, 11, 12, 5, 13]
        let machine = try fixture.topology()
        #expect(try cpus(machine, .init(), 8) == [2, 3, 10, 11, 12, 5, 13, 2])
        #expect(try cpus(machine, .init(smt: .avoid), 4) == [2, 3, 12, 5])
        #expect(try cpus(machine, .init(pin: .scatter), 7) == [2, 12, 3, 5, 10, 13, 11])
        fixture.allowedThreads = [4, 5]
        #expect(try cpus(fixture.topology(), .init(), 3) == [4, 5, 4])
    }

    @Test("What contradicts itself is refused, and the choice is named")
    func contradictions() throws {
        let machine = try Self.twoByFourByTwo()
        for (placement, choice) in [
            (Placement(pin: .none, memory: .local), PlacementError.Choice.memory),
            (Placement(pin: .none, memory: .remote), .memory),
            (Placement(pin: .none, smt: .avoid), .smt),
            (Placement(pin: .none, roles: .splitNodes), .roles),
            (Placement(pin: .cpus(NumberList([0, 4])), roles: .splitNodes), .roles),
            (Placement(pin: .cpus(NumberList([0, 1, 8])), smt: .avoid), .smt),
            (Placement(pin: .cpus(NumberList([0, 16]))), .pin),
        ] {
            let error = #expect(throws: PlacementError.self) {
                try PlacementPlan(placement, on: machine, faulters: 1, others: 1)
            }
            #expect(error?.choice == choice)
        }
    }

    @Test("What this machine has not got is refused")
    func missing() throws {
        let small = try MachineFixture(
            packages: [[.init(number: 0, cores: [[0], [1]])], [.init(number: 1, cores: [[2]])]],
            allowedThreads: [0, 1]
        ).topology()
        let hidden = #expect(throws: PlacementError.self) {
            try PlacementPlan(.init(pin: .cpus(NumberList([2]))), on: small, faulters: 1, others: 0)
        }
        #expect(hidden?.reason.contains("hidden") == true)
        let split = #expect(throws: PlacementError.self) {
            try PlacementPlan(.init(roles: .splitNodes), on: small, faulters: 1, others: 1)
        }
        #expect(split?.choice == .roles)
    }
}
