/// A machine as placement sees it: packages, NUMA nodes, cores and their hardware threads.
///
/// A plain value, whether it was read from this machine, from a description or from a file; see
/// ``init(reading:)``. Neighbours in ``cores`` and ``nodes`` are near each other in the machine.
public struct Topology: Hashable, Sendable {
    /// What runs one thread at a time; Linux calls it a cpu.
    public struct HardwareThread: Hashable, Sendable {
        /// Linux's number of it.
        public let number: Int
        /// Whether this process may run on it: no cpuset and no affinity mask hides it.
        public let isAllowed: Bool
    }

    /// Hardware threads that share the units of one core.
    public struct Core: Hashable, Sendable {
        /// From 0, in the order of the machine; Linux's own numbers repeat in each package.
        public let number: Int
        /// Linux's number of its package; 0 where none is known.
        public let package: Int
        /// Linux's number of the node that is local to it; `nil` where none is.
        public let node: Int?
        /// Which of ``Topology/cacheGroups`` it is in; `nil` where it has no L3 cache.
        public let cacheGroup: Int?
        /// One or more.
        public let threads: [HardwareThread]
    }

    /// A NUMA node: memory, and the cores that it is local to. Either may be missing.
    public struct Node: Hashable, Sendable {
        /// Linux's number of it.
        public let number: Int
        /// Linux's number of the package that it is in; `nil` where it is in none, or in several.
        public let package: Int?
        /// In bytes; `nil` where a description does not say how much, 0 where there is none.
        public let memory: UInt64?
        /// Whether this process may allocate there: no cpuset hides it.
        public let isAllowed: Bool

        /// Whether something can be put there.
        public var hasUsableMemory: Bool { isAllowed && memory != 0 }
    }

    /// Neighbours are near each other.
    public let cores: [Core]
    /// Neighbours are near each other.
    public let nodes: [Node]
    /// The sizes of the L3 caches in bytes; the cores of one form a group.
    public let cacheGroups: [UInt64]
    /// How far nodes are apart, by their positions in ``nodes``, in units of the firmware's; `nil` where it does not say.
    public let distances: [[UInt64]]?

    /// The packages' numbers, in the order of the machine.
    public var packages: [Int] { cores.map(\.package).uniqued() }

    /// All hardware threads, in the order of the cores.
    public var threads: [HardwareThread] { cores.flatMap(\.threads) }

    /// How many hardware threads this process may run on.
    public var allowedThreadCount: Int { threads.count(where: \.isAllowed) }

    /// The core of a hardware thread; `nil` where there is no thread of that number.
    public func core(ofThread number: Int) -> Core? {
        cores.first { $0.threads.contains { $0.number == number } }
    }

    /// How far the memory of one node is from the cores of another, as far as the firmware says; the numbers of both
    /// are Linux's.
    func distance(from: Int, to: Int) -> UInt64? {
        guard let distances, let row = nodes.firstIndex(where: { $0.number == from }),
            let column = nodes.firstIndex(where: { $0.number == to })
        else { return nil }
        return distances[row][column]
    }

    /// The node with usable memory that is nearest to the cores of a node: itself where it has some, else by the
    /// firmware's distances, else one in the same package, else the one with the lowest number. `nil` where no node
    /// has any.
    public func nearestMemory(toNode number: Int) -> Int? {
        guard let home = nodes.first(where: { $0.number == number }) else { return nil }
        if home.hasUsableMemory { return number }
        func isElsewhere(_ node: Node) -> Int { node.package == home.package ? 0 : 1 }
        return nodes.filter(\.hasUsableMemory).min { left, right in
            (distance(from: number, to: left.number) ?? 0, isElsewhere(left), left.number)
                < (distance(from: number, to: right.number) ?? 0, isElsewhere(right), right.number)
        }?.number
    }
}

extension Sequence where Element: Hashable {
    /// The elements without repetitions, each where it came first.
    package func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
