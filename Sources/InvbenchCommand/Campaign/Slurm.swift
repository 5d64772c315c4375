import Foundation

/// Slurm's commands as a campaign uses them. When and where a job runs is Slurm's alone.
enum Slurm {
    /// A node, in sinfo's words.
    struct Node: Equatable {
        let name: String
        /// Such as `idle`, `drained`, `down*`.
        let state: String
        /// Why an administrator or Slurm took it out; `none` where nobody did.
        let reason: String

        /// From a line of ``nodeFormat``; `nil` where it is none.
        init?(line: Substring) {
            let fields = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, !fields[0].isEmpty else { return nil }
            (name, state, reason) = (fields[0], fields[1], fields[2])
        }

        /// Whether Slurm starts nothing new there until somebody does something about it.
        var isOut: Bool {
            ["drain", "down", "fail", "error", "maint", "future", "inval"].contains { state.hasPrefix($0) }
        }

        /// What is the matter with it: `the node is drained: new memory`.
        var trouble: String {
            "the node is " + state.prefix(while: \.isLetter)
                + (reason.isEmpty || reason == "none" ? "" : ": \(reason)")
        }
    }

    /// A job, in squeue's words; one that has ended is known for some minutes.
    struct Job: Equatable {
        let id: Int
        /// Such as `RUNNING`, `PENDING`, `NODE_FAIL`.
        let state: String
        /// Why it waits; `None` where it does not.
        let reason: String
        let name: String

        /// From a line of ``jobFormat``; `nil` where it is none.
        init?(line: Substring) {
            let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let id = Int(fields[0]) else { return nil }
            (self.id, state, reason, name) = (id, fields[1], fields[2], fields[3])
        }
    }

    /// What Slurm could not do, in its own words.
    struct Failure: Error {
        let description: String
    }

    static let nodeFormat = "%N|%T|%E"
    static let jobFormat = "%i|%T|%r|%j"

    /// The names that a list such as `node[1-16],big` stands for.
    static func names(in list: String) throws -> [String] {
        try ask("scontrol", ["show", "hostnames", list]).split(separator: "\n").map(String.init)
    }

    /// The nodes of a partition, or of all of them, that are called `names`, or all where there are no names; each once.
    static func nodes(_ names: [String]?, partition: String?) throws -> [Node] {
        var words = ["--noheader", "--Node", "--format=\(nodeFormat)"]
        if let names { words.append("--nodes=\(names.joined(separator: ","))") }
        if let partition { words.append("--partition=\(partition)") }
        // One that is in several partitions has a line for each.
        var seen: Set<String> = []
        return try ask("sinfo", words).split(separator: "\n").compactMap(Node.init(line:))
            .filter { seen.insert($0.name).inserted }
    }

    /// This user's jobs whose names begin with `prefix`, those that ended lately with them.
    static func jobs(_ prefix: String) throws -> [Job] {
        let words = ["--noheader", "--states=all", "--user=\(getuid())", "--format=\(jobFormat)"]
        return try ask("squeue", words).split(separator: "\n").compactMap(Job.init(line:))
            .filter { $0.name.hasPrefix(prefix) }
    }

    /// Queues `script` for `node`, which it gets for itself; its words are added to `log`. What the site needs besides, an
    /// account or a time limit, sbatch takes from its own variables, `SBATCH_ACCOUNT` and the like.
    static func submit(_ script: String, called name: String, on node: String, partition: String?, log: String) throws {
        let words = [
            "--parsable", "--job-name=\(name)", "--nodelist=\(node)", "--nodes=1", "--ntasks=1", "--exclusive",
            "--mem=0",
            // Whoever calls again decides what is measured again.
            "--no-requeue",
            "--output=\(log.replacing("%", with: "%%"))", "--open-mode=append",
        ]
        _ = try ask("sbatch", words + (partition.map { ["--partition=\($0)"] } ?? []) + [script])
    }

    /// What a command of Slurm's answers. Throws ``Failure``, and ``ExitStatus/interrupted(signal:)``.
    private static func ask(_ program: String, _ words: [String]) throws -> String {
        do {
            let answer = try ChildProcess.run(program, words)
            if answer.status == 0 { return answer.output }
            let said = answer.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw Failure(description: "\(program) ended with code \(answer.status)\(said)")
        } catch let error as ChildProcess.NotStarted {
            throw Failure(
                description:
                    "\(program): \(error.reason): a campaign needs Slurm's commands on the PATH (sudo apt install "
                    + "slurm-client), and a cluster that they know")
        }
    }
}
