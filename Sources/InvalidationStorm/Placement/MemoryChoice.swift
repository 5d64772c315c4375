/// Chooses the nodes for the memory of a storm whose threads have their places.
struct MemoryChoice {
    let topology: Topology
    /// Where faulters run.
    let faulterNodes: [Int]
    /// Where any thread runs.
    let allNodes: [Int]
    /// How many threads there are.
    let threads: Int

    /// The nodes to bind to or to interleave over; none where there is nothing to choose.
    func nodes(for memory: Placement.Memory) throws(PlacementError) -> [Int] {
        let usable = topology.nodes.filter(\.hasUsableMemory).map(\.number)
        switch memory {
        case .firstTouch: return []
        case .local:
            if usable.count < 2 { return [] }
            return faulterNodes.compactMap { topology.nearestMemory(toNode: $0) }.uniqued()
        case .interleave: return usable.count < 2 ? [] : usable
        case .remote: return [try remote(usable)]
        }
    }

    /// Of the nodes without a thread one with cores before one that is memory alone, then the farthest from the first of
    /// the faulters' nodes, then one in another package, then the lowest number.
    private func remote(_ usable: [Int]) throws(PlacementError) -> Int {
        if faulterNodes.isEmpty {
            throw PlacementError(
                .memory,
                "remote goes by the NUMA nodes that faulters run on, and their cores have none here; use interleave")
        }
        let candidates = topology.nodes.filter { usable.contains($0.number) && !allNodes.contains($0.number) }
        let home = topology.nodes.first { $0.number == faulterNodes.first }
        func rank(_ node: Topology.Node) -> (Int, Int64, Int, Int) {
            let distance = home.flatMap { topology.distance(from: $0.number, to: node.number) } ?? 0
            return (
                topology.cores.contains { $0.node == node.number } ? 0 : 1, -Int64(clamping: distance),
                node.package == home?.package ? 1 : 0, node.number
            )
        }
        guard let node = candidates.min(by: { rank($0) < rank($1) }) else {
            throw PlacementError(
                .memory,
                usable.count < 2
                    ? "remote needs two NUMA nodes with memory, and here is one; use local"
                    : "remote needs a NUMA node with memory on which no thread runs, and \(threads) threads run on all "
                        + "of them here; use fewer, or bind them nearer together")
        }
        return node.number
    }
}
