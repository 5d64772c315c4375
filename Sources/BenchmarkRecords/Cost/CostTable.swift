/// What operations cost, counted: for each guard, work and machine, by function.
public struct CostTable: Equatable, Sendable {
    /// What is counted. Sums over all operations of a cell.
    public struct Counts: Equatable, Sendable {
        public var instructions: UInt64 = 0
        /// Of these, those that lock a line over a read and a write.
        public var locked: UInt64 = 0
        public var fences: UInt64 = 0
        /// Calls of membarrier(2).
        public var barriers: UInt64 = 0
        /// Other system calls.
        public var systemCalls: UInt64 = 0
        /// Lines taken from cores of the same node, or that these had to give up.
        public var fromCore: UInt64 = 0
        /// Those where a core of another node was concerned.
        public var fromNode: UInt64 = 0

        public init() {}

        /// In the order of the properties.
        public init?(_ numbers: [UInt64]) {
            guard numbers.count == Self.names.count else { return nil }
            instructions = numbers[0]
            locked = numbers[1]
            fences = numbers[2]
            barriers = numbers[3]
            systemCalls = numbers[4]
            fromCore = numbers[5]
            fromNode = numbers[6]
        }

        var numbers: [UInt64] {
            [instructions, locked, fences, barriers, systemCalls, fromCore, fromNode]
        }

        /// What each number is called, in the order of ``numbers``.
        static let names = [
            "instructions", "locked instructions", "fences", "barriers", "system calls",
            "lines from cores of the node", "lines from other nodes",
        ]

        public static func += (sum: inout Counts, other: Counts) {
            guard let added = Counts(zip(sum.numbers, other.numbers).map(+)) else { return }
            sum = added
        }
    }

    /// One kind of operation in a cell.
    public struct Operation: Equatable, Sendable {
        /// How many were counted.
        public var count: UInt64
        /// By the function that the instructions are in, as its source names it.
        public var functions: [String: Counts]

        public init(count: UInt64, functions: [String: Counts] = [:]) {
            self.count = count
            self.functions = functions
        }

        /// Over all functions.
        public var sum: Counts { functions.values.reduce(into: Counts()) { $0 += $1 } }

        /// A count for each operation.
        public func mean(_ count: KeyPath<Counts, UInt64>) -> Double {
            self.count == 0 ? 0 : Double(sum[keyPath: count]) / Double(self.count)
        }

        /// Lines that each operation takes from other cores.
        public var transfers: Double { mean(\.fromCore) + mean(\.fromNode) }
    }

    /// One guard under one kind of work on one machine.
    public struct Cell: Equatable, Sendable {
        public var guardName: String
        /// `calm` or `storm`.
        public var work: String
        public var cores: Int
        public var nodes: Int
        public var faults: Operation
        /// `nil` where the work has none.
        public var invalidations: Operation?

        public init(
            guardName: String, work: String, cores: Int, nodes: Int, faults: Operation, invalidations: Operation?
        ) {
            self.guardName = guardName
            self.work = work
            self.cores = cores
            self.nodes = nodes
            self.faults = faults
            self.invalidations = invalidations
        }

        var title: String { "\(guardName), \(work), \(cores) cores on \(nodes == 1 ? "one node" : "\(nodes) nodes")" }

        /// Whether the other one is of the same guard, work and machine.
        func isAlike(_ other: Cell) -> Bool {
            guardName == other.guardName && work == other.work && cores == other.cores && nodes == other.nodes
        }
    }

    /// The compiler of the program whose instructions were counted.
    public var compiler: String
    public var cells: [Cell]
    /// Guards that could not be counted, and why.
    public var refusals: [String: String]

    public init(compiler: String, cells: [Cell] = [], refusals: [String: String] = [:]) {
        self.compiler = compiler
        self.cells = cells
        self.refusals = refusals
    }

    /// The guards, in their order; also those that could not be counted.
    public var guards: [String] {
        cells.reduce(into: []) { names, cell in if !names.contains(cell.guardName) { names.append(cell.guardName) } }
            + refusals.keys.sorted()
    }
}
