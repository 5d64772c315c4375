import ArgumentParser
import BenchmarkRecords
import Foundation
import InvalidationStorm

/// `invbench campaign`: the same cells on many hosts, through Slurm.
struct CampaignCommand: GuardCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign", abstract: "Measures the same cells on many hosts through Slurm.",
        usage:
            "invbench campaign --folder <folder> (--nodes <list> | --partition <name>) [<options>] [-- <flags of run>]",
        discussion: """
            Each host that has no complete results in the folder gets one exclusive job, in which this program runs with what \
            stands behind --; without any that is the quick profile. The folder and this program have to be at the same \
            paths on all hosts. Called again with the same words, it submits only what is missing: not what is complete, and \
            not what is queued or running. A run that was cut short is measured again as a whole.

              invbench campaign --partition epyc --folder /shared/epyc --wait -- --profile standard
              invbench show /shared/epyc/*.json

            The folder has <node>.json for each host that is complete, <node>.log with what its jobs said, and campaign.sh, \
            which they run. An account, a time limit and the like are sbatch's: SBATCH_ACCOUNT, SBATCH_TIMELIMIT, SBATCH_QOS.

            Exit codes: 0 every host is complete or, without --wait, has a job; 2 wrong usage, no such node or partition, \
            Slurm refuses or does not answer, the folder cannot be written; 4 a host is missing or, with --wait, will not be \
            measured before somebody does something; 5 the output could not be written; 130, 143 interrupted: jobs go on.
            """)

    @Option(help: ArgumentHelp("These nodes, such as node[1-16],big. (default: the partition's)", valueName: "list"))
    var nodes: String?

    @Option(help: ArgumentHelp("Nodes of this partition. (default: sbatch's)", valueName: "name"))
    var partition: String?

    @Option(
        help: ArgumentHelp(
            "Where results go: a folder for this campaign alone, which all hosts share.", valueName: "folder"),
        completion: .directory)
    var folder: String

    @Flag(help: "Wait until all is measured that can be, and tell what happens.")
    var wait = false

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Flags of run.", visibility: .hidden))
    var runFlags: [String] = []

    func validate() throws {
        if nodes == nil && partition == nil {
            throw ValidationError("Which hosts? Name --nodes, or a --partition for all of its nodes.")
        }
    }

    func run(guards: [GuardEntry]) throws {
        let flags = try checkedFlags(guards)
        Interruption.survivesFailedWrites()
        Interruption.watch()
        do {
            let names = try chosenNodes()
            let folder = try CampaignFolder(folder)
            try folder.keep(try script(flags, in: folder))
            try run(names, in: folder)
        } catch let error as Slurm.Failure {
            throw UsageError(error.description)
        } catch ExitStatus.interrupted(let signal) {
            StandardError.say("ended by signal \(signal); the jobs go on, and a call with the same words finds them")
            throw ExitStatus.interrupted(signal: signal)
        }
    }

    private func run(_ names: [String], in folder: CampaignFolder) throws {
        var hosts = try look(at: names, in: folder)
        for host in hosts where host.isMissing {
            try Slurm.submit(
                folder.script, called: folder.jobPrefix + host.name, on: host.name, partition: partition,
                log: folder.log(of: host.name))
        }
        if hosts.contains(where: \.isMissing) { hosts = try look(at: names, in: folder, before: hosts) }
        if wait { hosts = try waitForEnd(of: hosts, in: folder) }
        let output = TextSink.standardOutput()
        output.write(Self.table(of: hosts, in: folder))
        if output.hasFailed { throw ExitStatus.unwritten }
        if hosts.contains(where: { $0.isMissing || wait && $0.state != .complete }) { throw ExitStatus.incomplete }
    }

    /// The flags of `run`, which a run with all guards and on any number of cores could take: a wrong one would fail on each
    /// host.
    private func checkedFlags(_ guards: [GuardEntry]) throws -> [String] {
        let flags = try RunFlags(runFlags, alsoTaken: ["--host"]).all
        let options: RunOptions
        do {
            options = try RunOptions.parse(flags)
        } catch {
            throw UsageError("behind --: \(RunOptions.message(for: error))")
        }
        if let trace = options.choice.traces.first(where: { !$0.hasPrefix("/") }) {
            throw UsageError("--trace \(trace): name it by its whole path, where every host finds it")
        }
        let mostCores = 1024
        _ = try RunPlan(
            options, catalogue: try CellCatalogue(guards: guards, userTraces: options.choice.traces), cores: mostCores)
        return flags
    }

    /// The names of the nodes that are asked for, all of which Slurm knows and a file can have.
    private func chosenNodes() throws -> [String] {
        let named = try nodes.map { try Slurm.names(in: $0) }
        let known = try Slurm.nodes(named, partition: partition).map(\.name)
        let place = partition.map { "partition \($0)" } ?? "this cluster"
        if known.isEmpty && named == nil {
            throw UsageError("--\(place): no such partition, or no node in it; see sinfo")
        }
        if let name = named?.first(where: { !known.contains($0) }) {
            throw UsageError("--nodes: no node '\(name)' in \(place); see sinfo --Node")
        }
        if let name = known.first(where: { FileNamePart($0) == nil }) {
            throw UsageError("--nodes: '\(name)' cannot be a file's name")
        }
        return named ?? known
    }

    private func script(_ flags: [String], in folder: CampaignFolder) throws -> JobScript {
        guard let program = realpath(MeasuredProgram.thisExecutable, nil) else {
            throw UsageError("this program's file is gone; build it, or start it from where it is")
        }
        defer { free(program) }
        let build = BuildFacts.ofThisProgram
        return JobScript(
            program: String(cString: program),
            build: (build.commit ?? "unknown") + (build.isDirty == true ? ", with changes" : "")
                + ", \(build.buildType)",
            flags: flags, folder: folder.path)
    }

    /// How far each host is. Jobs are asked for first, files last: what ends in between is complete, and not missing.
    /// Those that were complete `before` are not read again.
    private func look(
        at names: [String], in folder: CampaignFolder, before: [CampaignHost] = []
    ) throws -> [CampaignHost] {
        let complete = Set(before.filter { $0.state == .complete }.map(\.name))
        let jobs = try Slurm.jobs(folder.jobPrefix)
        let nodes = try Slurm.nodes(names, partition: partition)
        return try nodes.map { node in
            CampaignHost(
                node, isComplete: try complete.contains(node.name) || folder.isComplete(node.name),
                jobs: jobs.filter { $0.name == folder.jobPrefix + node.name })
        }
    }

    /// Looks again and again until time alone changes nothing more, and tells what changes. Slurm may be away for a while.
    private func waitForEnd(of first: [CampaignHost], in folder: CampaignFolder) throws -> [CampaignHost] {
        var hosts = first
        var failures = 0
        var pause = 1
        hosts.forEach(Self.tell)
        while hosts.contains(where: \.isUnderWay) {
            for _ in 0..<4 * pause {
                Thread.sleep(forTimeInterval: 0.25)
                if let signal = Interruption.signal { throw ExitStatus.interrupted(signal: signal) }
            }
            pause = min(2 * pause, Self.longestPause)
            do {
                let seen = try look(at: hosts.map(\.name), in: folder, before: hosts)
                seen.filter { !hosts.contains($0) }.forEach(Self.tell)
                hosts = seen
                failures = 0
            } catch let error as Slurm.Failure where failures < Self.mostFailures {
                failures += 1
                if failures == 1 { StandardError.say("\(error.description); asking again") }
            }
        }
        return hosts
    }

    /// Seconds between two looks, at most.
    private static let longestPause = 30
    /// So many looks in a row may fail.
    private static let mostFailures = 10

    private static func tell(_ host: CampaignHost) { StandardError.say("\(host.name): \(host.stateText)") }

    private static func table(of hosts: [CampaignHost], in folder: CampaignFolder) -> String {
        let lines = hosts.map { host in
            let hasSpoken = FileManager.default.fileExists(atPath: folder.log(of: host.name))
            let file =
                host.state == .complete
                ? folder.results(of: host.name) : hasSpoken ? folder.log(of: host.name) : "-"
            return [host.name, PrintableText.of(host.stateText), file]
        }
        let complete = hosts.count { $0.state == .complete }
        let rest =
            complete == hosts.count
            ? "invbench show \(ReproducingCommand.quoted(folder.path))/*.json puts them side by side"
            : "call it again, with the same words, to see how far it is and to submit what is missing"
        return TextColumns.aligned([["host", "state", "file"]] + lines, indent: 0)
            + "\(complete) of \(ScaledNumber.counted(hosts.count, "host")) complete; \(rest)\n"
    }
}
