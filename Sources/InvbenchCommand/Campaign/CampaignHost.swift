/// A host of a campaign, and how far it is.
struct CampaignHost: Equatable {
    /// How far a host can be.
    enum State: Equatable {
        /// Its results file is there, whole.
        case complete
        /// A job measures it.
        case running(job: Int)
        /// A job waits for it, and will start without anybody's doing.
        case queued(job: Int, reason: String)
        /// A job waits for it, and will not start before somebody does something.
        case held(job: Int, why: String)
        /// There is no result, and no job that would bring one; `nil` where it is not known why.
        case missing(why: String?)
    }

    /// The node's name, by which Slurm's user knows it.
    let name: String
    let state: State

    /// `jobs` are those of the campaign for this node, in any order; `isComplete` says whether its results file is there. The
    /// file is to be looked at after the jobs: one that ends in between has left it.
    init(_ node: Slurm.Node, isComplete: Bool, jobs: [Slurm.Job]) {
        name = node.name
        state = isComplete ? .complete : Self.state(node, jobs.sorted { $0.id > $1.id })
    }

    /// Of a node without results; the latest of its `jobs` stands first.
    private static func state(_ node: Slurm.Node, _ jobs: [Slurm.Job]) -> State {
        for job in jobs {
            switch job.state {
            case "PENDING":
                if node.isOut { return .held(job: job.id, why: node.trouble) }
                if job.reason.hasPrefix("JobHeld") { return .held(job: job.id, why: "the job is held") }
                return .queued(job: job.id, reason: job.reason)
            // Slurm waits for a node that does not answer to confirm the end.
            case "COMPLETING" where node.isOut: return .missing(why: node.trouble)
            case let state where endings[state] == nil: return .running(job: job.id)
            default: continue
            }
        }
        guard let last = jobs.first, let ending = endings[last.state] else { return .missing(why: nil) }
        return .missing(why: "job \(last.id) \(ending)")
    }

    /// The states of a job that has ended.
    private static let endings = [
        "BOOT_FAIL": "met a node that did not boot", "CANCELLED": "was cancelled", "COMPLETED": "left no results file",
        "DEADLINE": "passed its deadline", "FAILED": "failed", "NODE_FAIL": "lost its node",
        "OUT_OF_MEMORY": "ran out of memory", "PREEMPTED": "was preempted", "REVOKED": "was revoked",
        "TIMEOUT": "ran out of time",
    ]

    /// For a person.
    var stateText: String {
        switch state {
        case .complete: "complete"
        case .running(let job): "running (job \(job))"
        case .queued(let job, let reason): "queued (job \(job)\(reason == "None" ? "" : ", \(reason)"))"
        case .held(let job, let why): "queued (job \(job)): \(why)"
        case .missing(let why): "missing" + (why.map { ": \($0)" } ?? "")
        }
    }

    /// Whether time alone will bring its results, as far as Slurm knows.
    var isUnderWay: Bool {
        switch state {
        case .running, .queued: true
        case .complete, .held, .missing: false
        }
    }

    /// Whether no job will bring its results.
    var isMissing: Bool {
        if case .missing = state { true } else { false }
    }
}
