/// Where a storm's threads run and where its memory lies, as a user chooses it; a ``PlacementPlan`` is what that means on
/// one machine.
public struct Placement: Hashable, Sendable {
    /// Which hardware threads the storm's threads are bound to, in which order.
    public enum Pin: Hashable, Sendable {
        /// As near together as possible: node by node, and in a node one hardware thread of each core before the
        /// second ones.
        case compact
        /// As far apart as possible: packages in turn, in them nodes in turn, in them L3 caches in turn, in them cores
        /// in turn; second hardware threads when all cores have one.
        case scatter
        /// Each thread on all hardware threads of one node, nodes in turn; the kernel's scheduler chooses among them.
        case perNode
        /// Exactly these, in this order.
        case cpus(NumberList)
        /// Not bound: the kernel's scheduler chooses.
        case none
    }

    /// What becomes of a core's second hardware threads.
    public enum SMT: String, CaseIterable, Sendable {
        /// They are used once the cores have run out.
        case use
        /// Only the first allowed one of each core is used.
        case avoid
    }

    /// On which nodes page table, shadow table and guard lie.
    public enum Memory: String, CaseIterable, Sendable {
        /// The faulters': one is bound to, several are interleaved over. For a node without memory the nearest with some.
        case local
        /// One on which no thread of the storm runs: the farthest from the faulters that has cores, else the farthest.
        case remote
        /// All that have memory, page by page.
        case interleave
        /// Wherever the kernel puts them for the thread that sets up.
        case firstTouch = "first-touch"
    }

    /// How the roles are spread.
    public enum Roles: String, CaseIterable, Sendable {
        /// One sequence of places for all: faulters, invalidators, churner.
        case together
        /// Faulters on one node, all others on another one, in another package if there is one.
        case splitNodes = "split-nodes"
    }

    /// Which hardware threads the storm's threads are bound to.
    public var pin: Pin
    /// Whether a core's second hardware threads are used.
    public var smt: SMT
    /// Where the memory lies; `nil` is the default: local, or first-touch where threads are not bound.
    public var memory: Memory?
    /// Whether roles are kept apart.
    public var roles: Roles

    /// What is not named is the default.
    public init(pin: Pin = .compact, smt: SMT = .use, memory: Memory? = nil, roles: Roles = .together) {
        self.pin = pin
        self.smt = smt
        self.memory = memory
        self.roles = roles
    }

    /// ``memory``, with the default in its place.
    public var effectiveMemory: Memory { memory ?? (pin == .none ? .firstTouch : .local) }

    /// The choices that contradict each other or mean nothing together, on whatever machine.
    func checkConsistency() throws(PlacementError) {
        if pin == .none {
            if let memory, memory == .local || memory == .remote {
                throw PlacementError(
                    .memory,
                    "\(memory.rawValue) goes by the nodes that threads are bound to, and --pin none binds none; "
                        + "choose interleave, first-touch or another --pin")
            }
            if smt == .avoid {
                throw PlacementError(.smt, "avoid means nothing with --pin none; leave one of them out")
            }
        }
        guard roles == .splitNodes else { return }
        switch pin {
        case .none: throw PlacementError(.roles, "split-nodes binds threads, and --pin none does not; leave one out")
        case .cpus: throw PlacementError(.roles, "split-nodes chooses nodes, and --pin cpus has chosen; leave one out")
        case .compact, .scatter, .perNode: break
        }
    }
}

extension Placement.Pin: CustomStringConvertible {
    /// Reads `compact`, `scatter`, `per-node`, `none`, or a list such as `cpus:0-3,8`; `nil` where the text is neither.
    public init?(_ text: String) {
        switch text {
        case "compact": self = .compact
        case "scatter": self = .scatter
        case "per-node": self = .perNode
        case "none": self = .none
        default:
            guard text.hasPrefix("cpus:"), let list = NumberList(String(text.dropFirst(5))) else { return nil }
            self = .cpus(list)
        }
    }

    /// As a command line says it.
    public var description: String { text(separator: ",") }

    /// The same with `separator` between the parts of a list.
    public func text(separator: String) -> String {
        switch self {
        case .compact: "compact"
        case .scatter: "scatter"
        case .perNode: "per-node"
        case .cpus(let list): "cpus:" + list.text(separator: separator)
        case .none: "none"
        }
    }
}

/// A placement that contradicts itself, or that a machine has not got: what, and what to do.
public struct PlacementError: Error, Hashable, CustomStringConvertible {
    /// Which of the choices it is about.
    public enum Choice: String, Sendable { case pin, smt, memory, roles }

    /// What cannot be so.
    public let choice: Choice
    /// Why, and what to do.
    public let reason: String

    init(_ choice: Choice, _ reason: String) {
        self.choice = choice
        self.reason = reason
    }

    /// One line, which names the choice as a command line does.
    public var description: String { "--\(choice.rawValue): \(reason)" }
}
