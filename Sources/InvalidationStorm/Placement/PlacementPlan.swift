/// Where one thread may run.
public struct Place: Hashable, Sendable {
    /// Linux's numbers of the hardware threads among which the scheduler may choose; empty where it is not bound.
    public let threads: [Int]

    /// Any of these.
    public init(_ threads: [Int]) { self.threads = threads }

    /// Wherever the kernel puts it.
    public static let anywhere = Place([])
}

/// A ``Placement`` on one machine for so many threads: who runs where, and where the memory lies.
public struct PlacementPlan: Hashable, Sendable {
    /// The faulters' places, then the invalidators', then the churner's. Where there are more threads than places they
    /// begin again from the first.
    public let places: [Place]
    /// The nodes that page table, shadow table and guard lie on: one is bound to, several are interleaved over. Empty
    /// where the kernel decides, and where it has no choice.
    public let memoryNodes: [Int]

    /// Plans for `faulters` and `others`, which are the invalidators and the churner. Throws where the placement
    /// contradicts itself, or where the machine has not got what it needs.
    public init(_ placement: Placement, on topology: Topology, faulters: Int, others: Int) throws(PlacementError) {
        try placement.checkConsistency()
        let order = PlaceOrder(topology, smt: placement.smt)
        switch placement.roles {
        case .together:
            let sequence = try Self.sequence(placement, order, on: topology)
            places = Self.repeated(sequence, count: faulters + others)
        case .splitNodes:
            let (faulterNode, otherNode) = try Self.splitNodes(order)
            places =
                Self.repeated(
                    try Self.sequence(placement, order.inside(node: faulterNode), on: topology), count: faulters)
                + Self.repeated(
                    try Self.sequence(placement, order.inside(node: otherNode), on: topology), count: others)
        }
        memoryNodes = try MemoryChoice(
            topology: topology, faulterNodes: topology.nodes(of: Array(places.prefix(faulters))),
            allNodes: topology.nodes(of: places), threads: places.count
        ).nodes(for: placement.effectiveMemory)
    }

    private static func sequence(_ placement: Placement, _ order: PlaceOrder, on topology: Topology)
        throws(PlacementError) -> [Place]
    {
        switch placement.pin {
        case .compact: return order.compact.map { Place([$0]) }
        case .scatter: return order.scatter.map { Place([$0]) }
        case .perNode:
            try checkNodes(order, .pin, "per-node binds threads to NUMA nodes", instead: "compact or scatter")
            return order.perNode.map(Place.init)
        case .none: return [.anywhere]
        case .cpus(let list):
            try check(list, on: topology, smt: placement.smt)
            return list.numbers.map { Place([$0]) }
        }
    }

    private static func repeated(_ sequence: [Place], count: Int) -> [Place] {
        (0..<count).map { sequence[$0 % sequence.count] }
    }

    /// The first node for the faulters; for the others the first one in another package, or else the second one.
    private static func splitNodes(_ order: PlaceOrder) throws(PlacementError) -> (faulters: Int, others: Int) {
        try checkNodes(order, .roles, "split-nodes gives each role a NUMA node", instead: "together")
        let nodes = order.nodes
        guard nodes.count >= 2 else {
            throw PlacementError(
                .roles, "split-nodes needs two NUMA nodes with cores that may be used, and here is one; use together")
        }
        let package = order.package(ofNode: nodes[0])
        return (nodes[0], nodes.first { order.package(ofNode: $0) != package } ?? nodes[1])
    }

    /// What goes by nodes needs one for each core.
    private static func checkNodes(
        _ order: PlaceOrder, _ choice: PlacementError.Choice, _ purpose: String, instead: String
    ) throws(PlacementError) {
        let homeless = order.withoutNode.sorted()
        if homeless.isEmpty { return }
        let cpus = "cpu\(homeless.count == 1 ? "" : "s") \(NumberList(homeless).text())"
        throw PlacementError(choice, "\(purpose), and here no node is local to \(cpus); use \(instead)")
    }

    /// A list that a user gave must be possible as it is.
    private static func check(_ list: NumberList, on topology: Topology, smt: Placement.SMT) throws(PlacementError) {
        let threads = topology.threads
        let allowed = NumberList(threads.filter(\.isAllowed).map(\.number).sorted()).text()
        for number in list.numbers {
            guard let thread = threads.first(where: { $0.number == number }) else {
                throw PlacementError(.pin, "there is no cpu \(number); those that may be used are \(allowed)")
            }
            guard thread.isAllowed else {
                throw PlacementError(.pin, "cpu \(number) is hidden by a cpuset or an affinity mask; use \(allowed)")
            }
        }
        guard smt == .avoid else { return }
        let cores = list.numbers.uniqued().compactMap { topology.core(ofThread: $0) }
        for core in cores where cores.count(where: { $0 == core }) > 1 {
            let siblings = NumberList(core.threads.map(\.number)).text()
            throw PlacementError(
                .smt, "avoid, but the list of --pin has several of cpus \(siblings), which share a core; leave some out"
            )
        }
    }
}

extension Topology {
    /// The nodes of these places, in the order of the machine; of cores without one there is none.
    public func nodes(of places: [Place]) -> [Int] {
        let threads = Set(places.flatMap(\.threads))
        return cores.filter { $0.threads.contains { threads.contains($0.number) } }.compactMap(\.node).uniqued()
    }
}

extension StormSettings {
    /// The places and nodes of this repetition on this machine. Traps where it has not got what the placement needs.
    var placementPlan: PlacementPlan {
        do throws(PlacementError) {
            return try PlacementPlan(
                placement, on: ThisMachine.topology, faulters: faulters, others: threads - faulters)
        } catch {
            fatalError(error.description)
        }
    }
}
