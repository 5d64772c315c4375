/// The places on a machine in the order in which threads take them, for the policies that choose by themselves.
struct PlaceOrder {
    private let cores: [UsableCore]

    /// A core with what may be used of it, one hardware thread or more.
    private struct UsableCore {
        let core: Topology.Core
        let threads: [Int]
    }

    init(_ topology: Topology, smt: Placement.SMT) {
        cores = topology.cores.compactMap { core in
            let allowed = core.threads.filter(\.isAllowed).map(\.number)
            return allowed.isEmpty ? nil : UsableCore(core: core, threads: smt == .use ? allowed : [allowed[0]])
        }
    }

    private init(_ cores: [UsableCore]) { self.cores = cores }

    /// The nodes that have places, in the order of the machine.
    var nodes: [Int] { cores.compactMap(\.core.node).uniqued() }

    /// The places that no node is local to.
    var withoutNode: [Int] { inside(node: nil).compact }

    /// The package of a node's first core; `nil` where the node has no places.
    func package(ofNode node: Int) -> Int? { cores.first { $0.core.node == node }?.core.package }

    /// The places on one node alone; with `nil`, those on none.
    func inside(node: Int?) -> PlaceOrder { PlaceOrder(cores.filter { $0.core.node == node }) }

    /// Node by node; in each, the cores' first hardware threads, then their second ones. Cores without a node count as
    /// those of one more.
    var compact: [Int] {
        cores.map(\.core.node).uniqued().flatMap { node in Self.byRank(inside(node: node).cores) { $0 } }
    }

    /// Packages, nodes, L3 caches and cores in turn; second hardware threads at the end of all.
    var scatter: [Int] {
        Self.byRank(cores) { cores in
            Self.inTurn(cores, by: \.core.package) { cores in
                Self.inTurn(cores, by: \.core.node) { Self.inTurn($0, by: \.core.cacheGroup) { $0 } }
            }
        }
    }

    /// For each node all its places.
    var perNode: [[Int]] { nodes.map { inside(node: $0).compact } }

    /// The first hardware threads of all cores, ordered by `order`, then the second ones, and so on.
    private static func byRank(_ cores: [UsableCore], order: ([UsableCore]) -> [UsableCore]) -> [Int] {
        let ranks = cores.map(\.threads.count).max() ?? 0
        return (0..<ranks).flatMap { rank in
            order(cores.filter { $0.threads.count > rank }).map { $0.threads[rank] }
        }
    }

    /// One core of each group in turn, until all groups have run out; `order` orders those of one group.
    private static func inTurn<Key: Hashable>(
        _ cores: [UsableCore], by key: (UsableCore) -> Key, order: ([UsableCore]) -> [UsableCore]
    ) -> [UsableCore] {
        let members = Dictionary(grouping: cores, by: key)
        let groups = cores.map(key).uniqued().compactMap { members[$0].map(order) }
        let rounds = groups.map(\.count).max() ?? 0
        return (0..<rounds).flatMap { round in groups.compactMap { $0.count > round ? $0[round] : nil } }
    }
}
