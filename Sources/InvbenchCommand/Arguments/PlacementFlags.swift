import ArgumentParser
import InvalidationStorm

/// Where threads run and memory lies, and for which machine that is planned.
struct PlacementFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which cpus threads are bound to, in the order faulters, invalidators, churner. compact: as near together "
                + "as possible, node by node, in each the cores' first hardware threads before their second ones. "
                + "scatter: as far apart as possible, packages, nodes, L3 caches and cores in turn, second hardware "
                + "threads last. per-node: each on all cpus of one node, nodes in turn. cpus: exactly these in this "
                + "order. none: not bound. Where places run out they begin again. (default: compact)",
            valueName: "compact|scatter|per-node|cpus:0-3,8|none"),
        transform: Self.pin)
    var pin: Placement.Pin = .compact

    @Option(
        help: ArgumentHelp(
            "avoid: only the first hardware thread of each core. use: the second ones too, once the cores have run out.",
            valueName: "use|avoid"))
    var smt: Placement.SMT = .use

    @Option(
        help: ArgumentHelp(
            "Which NUMA nodes page table, shadow table and guard lie on. local: the faulters', interleaved where they "
                + "are several; for one without memory the nearest. remote: one on which no thread runs, the farthest "
                + "with cores, or else the farthest. interleave: all. first-touch: wherever the kernel puts them. (default: local; first-touch with --pin none)",
            valueName: "local|remote|interleave|first-touch"))
    var memory: Placement.Memory?

    @Option(
        help: ArgumentHelp(
            "together: one sequence of cpus for all threads. split-nodes: faulters on one NUMA node, the others on "
                + "another one, in another package if there is one.", valueName: "together|split-nodes"))
    var roles: Placement.Roles = .together

    @Flag(
        help: "Show which thread would go on which cpu and which memory on which node, and run nothing.")
    var plan = false

    @Option(
        help: ArgumentHelp(
            "With --plan: plan for another machine, described as hwloc does, 'pack:2 [numa] core:4 pu:2', or exported "
                + "by 'lstopo machine.xml'.", valueName: "description|file.xml"))
    var topology: String?

    func validate() throws {
        if topology != nil && !plan {
            throw ValidationError("--topology describes another machine, which can only be planned for; add --plan.")
        }
    }

    /// What is chosen.
    var chosen: Placement { Placement(pin: pin, smt: smt, memory: memory, roles: roles) }

    /// The machine that cells are chosen and placed for.
    func readTopology() throws -> Topology { try TopologyArgument.read(topology) }

    private static func pin(_ text: String) throws -> Placement.Pin {
        if let pin = Placement.Pin(text) { return pin }
        throw ValidationError("expected compact, scatter, per-node, none, or a list of cpus: cpus:0-3,8")
    }
}

/// The value of a `--topology` flag.
enum TopologyArgument {
    /// Reads the machine that it describes; this one where there is none.
    static func read(_ text: String?) throws -> Topology {
        guard let text else { return ThisMachine.topology }
        return try UsageError.explaining("--topology") { try Topology(reading: TopologySource(text)) }
    }
}

extension Placement.SMT: ExpressibleByArgument {}
extension Placement.Memory: ExpressibleByArgument {}
extension Placement.Roles: ExpressibleByArgument {}
