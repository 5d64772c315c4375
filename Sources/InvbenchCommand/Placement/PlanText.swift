import BenchmarkRecords
import InvalidationStorm

/// What `--plan` prints: for each combination of thread counts who runs where, and where the memory lies.
struct PlanText {
    let placement: Placement
    let topology: Topology

    /// The whole text.
    func text(of placements: PlannedPlacements) -> String {
        let choice =
            "pin \(placement.pin), smt \(placement.smt.rawValue), memory \(placement.effectiveMemory.rawValue), "
            + "roles \(placement.roles.rawValue)"
        return "machine    \(TopologyText.summary(of: topology))\nplacement  \(choice)\n"
            + placements.entries.map { "\n" + text(of: $0) }.joined()
    }

    private func text(of entry: PlannedPlacements.Entry) -> String {
        let counts = entry.counts
        let roles = [
            ("faulter", counts.faulters), ("invalidator", counts.invalidators), ("churner", counts.churners),
            ("handler", counts.handlers),
        ]
        var heading: [String] = []
        var rows: [[String]] = []
        var next = 0
        for (role, count) in roles where count > 0 {
            heading.append(ScaledNumber.counted(count, role))
            rows += self.rows(role, Array(entry.plan.places[next..<next + count]))
            next += count
        }
        rows.append(["memory", memory(entry.plan.memoryNodes)])
        let cells = ScaledNumber.counted(entry.cells, "cell")
        return "\(heading.joined(separator: ", ")) (\(cells))\n" + TextColumns.aligned(rows, indent: 2)
            + sharing(entry.plan)
    }

    /// A row for each node that threads of the role run on; the threads and their cpus in the same order.
    private func rows(_ role: String, _ places: [Place]) -> [[String]] {
        let numbered = places.enumerated().map { (number: $0, place: $1, nodes: topology.nodes(of: [$1])) }
        return numbered.map(\.nodes).uniqued().map { nodes in
            let here = numbered.filter { $0.nodes == nodes }
            let numbers = "\(here.count == 1 ? "" : "s") \(NumberList(here.map(\.number)).summary())"
            let threads = role + (places.count == 1 ? "" : numbers)
            if here[0].place.threads.isEmpty { return [threads, "not bound"] }
            if here[0].place.threads.count == 1 { return [threads] + words(here.flatMap(\.place.threads)) }
            let any = words(here[0].place.threads)
            return [threads, "any of " + any[0]] + any.dropFirst()
        }
    }

    /// `cpus 0-3`, `cores 0-3`, `node 0`, `package 0`.
    private func words(_ threads: [Int]) -> [String] {
        let cores = threads.compactMap(topology.core(ofThread:))
        func part(_ noun: String, _ numbers: [Int]) -> String {
            if numbers.isEmpty { return "no \(noun)" }
            return "\(noun)\(numbers.count == 1 ? "" : "s") \(NumberList(numbers).summary())"
        }
        return [
            part("cpu", threads), part("core", cores.map(\.number).uniqued()),
            part("node", cores.compactMap(\.node).uniqued()),
            part("package", cores.map(\.package).uniqued()),
        ]
    }

    private func memory(_ nodes: [Int]) -> String {
        switch nodes.count {
        case 0 where topology.nodes.count(where: \.hasUsableMemory) == 1: "the only node"
        case 0: "wherever the kernel puts it for the thread that sets up"
        case 1: "node \(nodes[0])"
        default: "interleaved over nodes \(NumberList(nodes).summary())"
        }
    }

    /// Says so where two threads are bound to one cpu.
    private func sharing(_ plan: PlacementPlan) -> String {
        let bound = plan.places.filter { $0.threads.count == 1 }
        let distinct = Set(bound).count
        return distinct == bound.count
            ? "" : "  \(bound.count) threads share \(ScaledNumber.counted(distinct, "cpu"))\n"
    }
}
