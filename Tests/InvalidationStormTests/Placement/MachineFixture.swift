import Foundation

@testable import InvalidationStorm

/// A machine for tests, written as hwloc's XML and read back: what a synthetic description cannot say.
struct MachineFixture {
    /// A node: its memory in bytes, and for each of its cores the numbers of its hardware threads. Without a number it
    /// is the cores alone: no node is local to them.
    struct Node {
        var number: Int?
        var memory: UInt64 = 1 << 30
        var cores: [[Int]] = []
    }

    /// The packages, each with its nodes. A node without cores is attached to the whole package.
    var packages: [[Node]]
    /// Nodes that are attached to the whole machine.
    var machineNodes: [Node] = []
    /// What the file says of its version.
    var version = "2.0"
    /// The hardware threads and nodes that a cpuset leaves.
    var allowedThreads: [Int]?
    var allowedNodes: [Int]?
    /// By the nodes' positions.
    var distances: [[UInt64]]?

    private var nodes: [Node] { packages.flatMap(\.self) + machineNodes }

    /// Reads it through hwloc.
    func topology() throws -> Topology {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).xml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try xml.write(toFile: path, atomically: true, encoding: .utf8)
        return try Topology(reading: .file(path: path))
    }

    private var xml: String {
        let threads = Self.threads(of: nodes)
        let allowed =
            "allowed_cpuset=\"\(Self.mask(allowedThreads ?? threads))\" "
            + "allowed_nodeset=\"\(Self.mask(allowedNodes ?? nodes.compactMap(\.number)))\""
        let contents = machineNodes.map { numaNode($0, around: threads) } + packages.enumerated().map(package)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE topology SYSTEM "hwloc2.dtd">
            <topology version="\(version)">
            \(object("Machine", 0, threads, nodes, allowed, contents.joined()))
            \(distances.map(distancesElement) ?? "")
            </topology>
            """
    }

    private func package(_ number: Int, _ members: [Node]) -> String {
        let threads = Self.threads(of: members)
        let alone = members.filter(\.cores.isEmpty).map { numaNode($0, around: threads) }
        let withCores = members.filter { !$0.cores.isEmpty }.map { node in
            // Local memory, and everything that is local to the package and the machine.
            let local = members.filter { $0.number == node.number || $0.cores.isEmpty } + machineNodes
            let own = Self.threads(of: [node])
            let cores = node.cores.map { threads in
                object(
                    "Core", threads[0], threads, local, "",
                    threads.map { object("PU", $0, [$0], local, "", "") }.joined())
            }
            let contents = numaNode(node, around: own) + cores.joined()
            return members.count == 1 ? contents : object("Group", nil, own, local, "kind=\"0\"", contents)
        }
        return object("Package", number, threads, members + machineNodes, "", (alone + withCores).joined())
    }

    private func numaNode(_ node: Node, around threads: [Int]) -> String {
        node.number.map { object("NUMANode", $0, threads, [node], "local_memory=\"\(node.memory)\"", "") } ?? ""
    }

    private func object(
        _ type: String, _ number: Int?, _ threads: [Int], _ nodes: [Node], _ attributes: String, _ contents: String
    ) -> String {
        let (cpus, nodes) = (Self.mask(threads), Self.mask(nodes.compactMap(\.number)))
        let index = number.map { "os_index=\"\($0)\"" } ?? ""
        return """
            <object type="\(type)" \(index) cpuset="\(cpus)" complete_cpuset="\(cpus)" nodeset="\(nodes)" \
            complete_nodeset="\(nodes)" \(attributes)>\(contents)</object>
            """
    }

    private func distancesElement(_ rows: [[UInt64]]) -> String {
        func words(_ values: [String]) -> String {
            let text = values.joined(separator: " ") + " "
            return "length=\"\(text.utf8.count)\">\(text)"
        }
        return """
            <distances2 type="NUMANode" nbobjs="\(rows.count)" kind="5" name="NUMALatency" indexing="os">
            <indexes \(words(nodes.compactMap(\.number).map { String($0) }))</indexes>
            <u64values \(words(rows.flatMap { $0.map { String($0) } }))</u64values>
            </distances2>
            """
    }

    private static func threads(of nodes: [Node]) -> [Int] { nodes.flatMap { $0.cores.flatMap(\.self) } }

    /// hwloc's form of a set: words of 32 bits, the highest first.
    private static func mask(_ numbers: [Int]) -> String {
        var words = [UInt32](repeating: 0, count: (numbers.max() ?? 0) / 32 + 1)
        for number in numbers { words[number / 32] |= 1 << UInt32(number % 32) }
        return words.reversed().map { word in
            let digits = String(word, radix: 16)
            return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
        }.joined(separator: ",")
    }
}
