import BenchmarkRecords
import InvalidationStorm

/// What `invbench topology` prints: the machine, package by package and node by node.
struct TopologyText {
    let topology: Topology

    /// `2 packages, 2 nodes, 8 cores, 16 cpus`, and how many of these are hidden.
    static func summary(of topology: Topology) -> String {
        let threads = topology.threads.count
        let hidden = threads - topology.allowedThreadCount
        return [
            ScaledNumber.counted(topology.packages.count, "package"),
            ScaledNumber.counted(topology.nodes.count, "NUMA node"),
            ScaledNumber.counted(topology.cores.count, "core"), ScaledNumber.counted(threads, "cpu"),
        ].joined(separator: ", ") + (hidden > 0 ? ", \(hidden) of them hidden from this process" : "")
    }

    /// The whole text.
    var text: String {
        let rows = topology.packages.flatMap(rows(ofPackage:)) + memoryAlone
        return Self.summary(of: topology) + "\n\n" + TextColumns.aligned(rows, indent: 0) + "\n"
            + TextColumns.aligned(orders, indent: 0)
    }

    private func rows(ofPackage package: Int) -> [[String]] {
        let cores = topology.cores.filter { $0.package == package }
        return [["package \(package)"]]
            + cores.map(\.node).uniqued().flatMap { node in rows(ofNode: node, cores.filter { $0.node == node }) }
    }

    private func rows(ofNode number: Int?, _ cores: [Topology.Core]) -> [[String]] {
        let node = topology.nodes.first { $0.number == number }
        var rows = [number.map { ["  node \($0)", node.map(memory) ?? ""] } ?? ["  no node"]]
        for group in cores.map(\.cacheGroup).uniqued() {
            let members = cores.filter { $0.cacheGroup == group }
            let cache = group.map { "L3 " + ScaledNumber.size(topology.cacheGroups[$0]) } ?? "no L3"
            for (index, run) in neighboursOfOneKind(members).enumerated() {
                rows.append(["    " + (index == 0 ? cache : ""), coreNumbers(run), threadNumbers(run)])
            }
        }
        return rows
    }

    /// Neighbouring cores with as many hardware threads each, and as many hidden ones.
    private func neighboursOfOneKind(_ cores: [Topology.Core]) -> [[Topology.Core]] {
        var runs: [[Topology.Core]] = []
        for core in cores {
            if let last = runs.last?.last, last.threads.map(\.isAllowed) == core.threads.map(\.isAllowed) {
                runs[runs.count - 1].append(core)
            } else {
                runs.append([core])
            }
        }
        return runs
    }

    private func coreNumbers(_ cores: [Topology.Core]) -> String {
        "core\(cores.count == 1 ? "" : "s") \(NumberList(cores.map(\.number)).summary())"
    }

    /// The cores' first hardware threads, a plus sign, their second ones, and so on; the hidden ones marked.
    private func threadNumbers(_ cores: [Topology.Core]) -> String {
        let ranks = (0..<cores[0].threads.count).map { rank in
            let list = NumberList(cores.map { $0.threads[rank].number }).summary()
            return cores[0].threads[rank].isAllowed ? list : "\(list) (hidden)"
        }
        let isOne = cores.count == 1 && ranks.count == 1
        return "cpu\(isOne ? "" : "s") " + ranks.joined(separator: " + ")
    }

    /// How much memory, and what stands in for it where there is none to be had.
    private func memory(_ node: Topology.Node) -> String {
        guard let bytes = node.memory else { return "memory not described" }
        if node.hasUsableMemory { return ScaledNumber.size(bytes) }
        let nearest = topology.nearestMemory(toNode: node.number)
        return (bytes == 0 ? "no memory" : ScaledNumber.size(bytes) + " (hidden)")
            + (nearest.map { "; nearest: node \($0)" } ?? "")
    }

    /// The nodes without cores.
    private var memoryAlone: [[String]] {
        let homes = Set(topology.cores.map(\.node))
        let nodes = topology.nodes.filter { !homes.contains($0.number) }
        if nodes.isEmpty { return [] }
        return [["memory alone"]]
            + nodes.map { node in
                ["  node \(node.number)", memory(node), node.package.map { "at package \($0)" } ?? ""]
            }
    }

    /// The order in which the policies would use the machine.
    private var orders: [[String]] {
        [Placement.Pin.compact, .scatter].map { pin in
            let plan = try? PlacementPlan(
                Placement(pin: pin), on: topology, faulters: topology.allowedThreadCount, others: 0)
            return ["--pin \(pin)", "cpus " + NumberList(plan?.places.flatMap(\.threads) ?? []).summary(limit: 6)]
        }
    }
}
