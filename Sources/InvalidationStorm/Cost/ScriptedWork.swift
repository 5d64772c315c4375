/// A machine that a script plays on: cores on nodes, none of which has to be there.
public struct VirtualMachine: Hashable, Sendable {
    /// How many cores, 2 to 256.
    public let cores: Int
    /// How many NUMA nodes, 1 to 8 and no more than cores; each has the next ones of the cores, as evenly as it goes.
    public let nodes: Int

    /// The most cores that are counted for.
    public static let mostCores = 256
    /// The most nodes.
    public static let mostNodes = 8

    /// `nil` where the numbers are out of range.
    public init?(cores: Int, nodes: Int) {
        guard (2...Self.mostCores).contains(cores), (1...min(cores, Self.mostNodes)).contains(nodes) else { return nil }
        self.cores = cores
        self.nodes = nodes
    }

    /// The node of a core, both from 0.
    func node(of core: Int) -> Int { core * nodes / cores }
}

/// What the cores of a ``VirtualMachine`` do in turn: operation after operation, each to its end before the next one
/// begins, so that nobody ever waits.
public enum ScriptedWork: String, CaseIterable, Sendable {
    /// Every core faults, at pages at random.
    case calm
    /// The same, but that the last core invalidates 16 pages anywhere whenever it is its turn.
    case storm

    /// The scenario whose faults and invalidations these are, over ``pages``.
    var scenario: Scenario {
        switch self {
        case .calm: Scenario(name: rawValue, arrivals: .none, pages: Self.pages)
        case .storm: Scenario(name: rawValue, arrivals: .backToBack, pages: Self.pages)
        }
    }

    /// How many of so many cores fault.
    public func faulters(of cores: Int) -> Int { self == .calm ? cores : cores - 1 }

    /// How many operations of a kind are counted on a machine.
    public func operations(_ operation: CountedOperation, on machine: VirtualMachine) -> Int {
        let faulters = faulters(of: machine.cores)
        return Self.turns(of: machine.cores) * (operation == .fault ? faulters : machine.cores - faulters)
    }

    /// How many pages the space has: few, so that the cores have soon been everywhere.
    @usableFromInline
    static let pages = 4_096

    /// How many turns each core gets before anything is counted, and how many are counted then.
    static func turns(of cores: Int) -> Int { max(8, pages / cores) }
}

/// The operations whose costs are counted apart.
public enum CountedOperation: String, CaseIterable, Sendable {
    case fault
    case invalidation
}
