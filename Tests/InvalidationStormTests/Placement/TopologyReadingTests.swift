import Foundation
import Testing

@testable import InvalidationStorm

@Suite struct TopologyReadingTests {
    @Test("A description becomes packages, nodes, cores and hardware threads")
    func description() throws {
        let topology = try Topology(reading: .description("pack:2 [numa] l3:2 core:2 pu:2"))
        #expect(topology.packages == [0, 1])
        #expect(topology.nodes.map(\.number) == [0, 1])
        #expect(topology.nodes.map(\.package) == [0, 1])
        #expect(topology.cores.map(\.number) == Array(0..<8))
        #expect(topology.cores.map(\.package) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(topology.cores.map(\.node) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(topology.cores.map(\.cacheGroup) == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(topology.threads.map(\.number) == Array(0..<16))
        #expect(topology.cores[5].threads.map(\.number) == [10, 11])
        #expect(topology.allowedThreadCount == 16)
    }

    @Test("Memory that a description leaves out is unknown and usable, and memory that it gives is counted")
    func describedMemory() throws {
        let silent = try Topology(reading: .description("pack:2 [numa] core:1 pu:1"))
        #expect(silent.nodes.map(\.memory) == [nil, nil])
        #expect(silent.nodes.allSatisfy { $0.hasUsableMemory })
        let telling = try Topology(reading: .description("pack:2 [numa(memory=3000000)] core:1 pu:1"))
        #expect(telling.nodes.map(\.memory) == [3_000_000, 3_000_000])
    }

    @Test("A description without packages and cores has one package, and a core for each hardware thread")
    func bareDescription() throws {
        let topology = try Topology(reading: .description("numa:2 pu:2"))
        #expect(topology.packages == [0])
        #expect(topology.cores.map(\.node) == [0, 0, 1, 1])
        #expect(topology.cores.allSatisfy { $0.threads.count == 1 && $0.cacheGroup == nil })
    }

    @Test(
        "What hwloc cannot read is an error that says what it was",
        arguments: ["foo:2", "pack:2 core:0", "", "pack", "pack:2 core:1000000 pu:1000", "pu:99999999999999999999"])
    func badDescription(text: String) {
        let error = #expect(throws: TopologyError.self) { try Topology(reading: TopologySource(text)) }
        #expect(error?.description.contains("'\(text)'") == true)
    }

    @Test("An error is one line, whatever the description is")
    func oneLine() {
        let error = #expect(throws: TopologyError.self) { try Topology(reading: TopologySource("pack\n:2")) }
        #expect(error?.description.contains(where: \.isNewline) == false)
    }

    @Test("The size of a description is the product of its counts, without attributes")
    func sizes() {
        #expect(TopologySource.size(ofDescription: "pack:2 [numa(memory=99)] l3:4(size=77) core:4 2") == 64)
        #expect(TopologySource.size(ofDescription: "pu:4611686018427387904 pu:4") == nil)
        // As hwloc reads them: without a space, in base 16, negative.
        #expect(TopologySource.size(ofDescription: "200pu:2010") == 402_000)
        #expect(TopologySource.size(ofDescription: "pack:2core:0x10 pu:1") == 32)
        #expect(TopologySource.size(ofDescription: "pu:-1") == nil)
        #expect(TopologySource.size(ofDescription: "820pu0 0:0101") == 82_820)
    }

    @Test(
        "A file that is missing, empty, cut or no topology is an error with its path",
        arguments: [nil, "", "<topology>"])
    func badFile(contents: String?) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).xml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try contents?.write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: TopologyError.self) { try Topology(reading: TopologySource(path)) }
        #expect(error?.description.hasPrefix(path + ": ") == true)
        #expect(error?.description.contains("No such file") == (contents == nil))
    }

    @Test("A file shows uneven nodes, memory without cores, cores without memory, and distances")
    func file() throws {
        let distances: [[UInt64]] = [[10, 20, 15], [20, 10, 30], [15, 30, 10]]
        let topology = try MachineFixture(
            packages: [
                [.init(number: 0, memory: 5 << 30, cores: [[0, 4], [1, 5]])],
                [.init(number: 1, memory: 0, cores: [[2], [3], [6]]), .init(number: 2, memory: 7 << 30)],
            ], distances: distances
        ).topology()
        #expect(topology.cores.map { $0.threads.map(\.number) } == [[0, 4], [1, 5], [2], [3], [6]])
        #expect(topology.cores.map(\.node) == [0, 0, 1, 1, 1])
        #expect(topology.cores.map(\.package) == [0, 0, 1, 1, 1])
        #expect(
            topology.nodes.sorted { $0.number < $1.number }
                == [
                    .init(number: 0, package: 0, memory: 5 << 30, isAllowed: true),
                    .init(number: 1, package: 1, memory: 0, isAllowed: true),
                    .init(number: 2, package: 1, memory: 7 << 30, isAllowed: true),
                ])
        #expect(topology.distance(from: 0, to: 2) == 15)
        #expect(topology.distance(from: 2, to: 1) == 30)
    }

    @Test("Memory beside the ordinary, near or far, is no core's node")
    func memoryBesideTheOrdinary() throws {
        // Fast memory in each package, slow memory behind both.
        let topology = try MachineFixture(
            packages: [
                [.init(number: 0, cores: [[0], [1]]), .init(number: 2, memory: 1 << 32)],
                [.init(number: 1, cores: [[2], [3]]), .init(number: 3, memory: 1 << 32)],
            ], machineNodes: [.init(number: 4, memory: 1 << 34)]
        ).topology()
        #expect(topology.cores.map(\.node) == [0, 0, 1, 1])
        let nodes = topology.nodes.sorted { $0.number < $1.number }
        #expect(nodes.map(\.number) == [0, 1, 2, 3, 4])
        #expect(nodes.map(\.package) == [0, 1, 0, 1, nil])
        let sizes: [UInt64] = [1 << 30, 1 << 30, 1 << 32, 1 << 32, 1 << 34]
        #expect(nodes.map(\.memory) == sizes)
    }

    @Test("Cores that no node is local to have none")
    func coresWithoutNode() throws {
        let topology = try MachineFixture(packages: [
            [.init(number: nil, cores: [[0], [1]])], [.init(number: 1, cores: [[2], [3]])],
        ]).topology()
        #expect(topology.cores.map(\.node) == [nil, nil, 1, 1])
        #expect(topology.nodes.map(\.number) == [1])
    }

    @Test("XML of a later hwloc is refused by its version, and that of an older one is read")
    func versions() throws {
        var fixture = MachineFixture(packages: [[.init(number: 0, cores: [[0]])]])
        fixture.version = "3.0"
        let error = #expect(throws: TopologyError.self) { try fixture.topology() }
        #expect(error?.description.contains("XML of hwloc 3,") == true)
        #expect(error?.description.contains("lstopo --of xml --export-xml-flags v2 machine.xml") == true)
        fixture.version = "2.1"
        #expect(try fixture.topology().cores.count == 1)
        // A file that cannot be read, and says 2, gets no word about versions.
        fixture.packages = []
        let other = #expect(throws: TopologyError.self) { try fixture.topology() }
        #expect(other?.description.contains("XML of hwloc") == false)
    }

    @Test("What a cpuset hides is there, and not allowed")
    func cpuset() throws {
        let topology = try MachineFixture(
            packages: [
                [.init(number: 0, cores: [[0], [1]])], [.init(number: 1, cores: [[2], [3]])],
            ], allowedThreads: [1, 2], allowedNodes: [0]
        ).topology()
        #expect(topology.threads.map(\.number) == [0, 1, 2, 3])
        #expect(topology.threads.map(\.isAllowed) == [false, true, true, false])
        #expect(topology.nodes.map(\.hasUsableMemory) == [true, false])
    }

    @Test("The nearest memory is its own, else the firmware's nearest, else in the package, else the lowest number")
    func nearestMemory() throws {
        var fixture = MachineFixture(packages: [
            [.init(number: 0, cores: [[0]])],
            [.init(number: 1, memory: 0, cores: [[1]]), .init(number: 2, cores: [[2]])],
            [.init(number: 3, memory: 0, cores: [[3]])],
        ])
        let plain = try fixture.topology()
        #expect([0, 1, 2, 3].map(plain.nearestMemory) == [0, 2, 2, 0])
        fixture.distances = [[10, 20, 30, 40], [20, 10, 30, 40], [30, 30, 10, 20], [40, 40, 20, 10]]
        let measured = try fixture.topology()
        #expect([0, 1, 2, 3].map(measured.nearestMemory) == [0, 0, 2, 2])
    }

    @Test("This machine has what Linux says this process may use")
    func thisMachine() throws {
        let kernels = try allowedCPUs()
        #expect(ThisMachine.topology.threads.filter(\.isAllowed).map(\.number).sorted() == kernels)
        #expect(ThisMachine.topology.nodes.contains { $0.hasUsableMemory })
    }
}

/// What the kernel says about the cpus of the calling thread, apart from hwloc.
func allowedCPUs() throws -> [Int] {
    let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
    return try #require(NumberList(line.split(separator: "\t").last.map(String.init) ?? "")).numbers
}
