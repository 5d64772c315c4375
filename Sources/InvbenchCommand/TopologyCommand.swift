import ArgumentParser
import InvalidationStorm

/// `invbench topology`: the machine as placement sees it.
struct TopologyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "Shows packages, NUMA nodes, L3 caches, cores and cpus, and what of them is hidden.",
        discussion: """
            A cpu is a hardware thread, by Linux's number. Where cores have several, the first ones of all cores stand \
            before the plus sign: 'cores 0-3  cpus 0-3 + 4-7' are four cores, the first of which has the cpus 0 and 4. \
            Hidden cpus are those that a cpuset or an affinity mask keeps from this process. The last lines show the \
            order in which 'invbench run' gives cpus to threads; its --plan shows which thread gets which.
            """)

    @Option(
        help: ArgumentHelp(
            "Another machine, described as hwloc does, 'pack:2 [numa] core:4 pu:2', or exported by 'lstopo machine.xml'.",
            valueName: "description|file.xml"))
    var topology: String?

    func run() throws {
        let output = TextSink.standardOutput()
        output.write(TopologyText(topology: try TopologyArgument.read(topology)).text)
        if output.hasFailed { throw ExitStatus.unwritten }
    }
}
