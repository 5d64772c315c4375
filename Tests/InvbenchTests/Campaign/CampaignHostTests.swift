import Testing

@testable import InvbenchCommand

@Suite struct CampaignHostTests {
    private func node(_ state: String, _ reason: String = "none") throws -> Slurm.Node {
        try #require(Slurm.Node(line: "node1|\(state)|\(reason)"))
    }

    private func state(
        _ jobs: String..., on nodeState: String = "idle", reason: String = "none", isComplete: Bool = false
    ) throws -> CampaignHost.State {
        CampaignHost(
            try node(nodeState, reason), isComplete: isComplete,
            jobs: try jobs.map { try #require(Slurm.Job(line: Substring($0 + "|invbench-0-node1"))) }
        ).state
    }

    @Test func whatIsThereIsComplete() throws {
        #expect(try state(isComplete: true) == .complete)
        #expect(try state("7|FAILED|None", isComplete: true) == .complete)
        // It has just given the file its name.
        #expect(try state("7|RUNNING|None", isComplete: true) == .complete)
        #expect(try state("7|PENDING|Resources", on: "drained", isComplete: true) == .complete)
    }

    @Test func whatHasAJobIsNotMissing() throws {
        for running in ["RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "STAGE_OUT"] {
            #expect(try state("7|\(running)|None") == .running(job: 7), "\(running)")
        }
        #expect(try state("7|RUNNING|None", on: "draining") == .running(job: 7))
        #expect(try state("7|PENDING|Priority") == .queued(job: 7, reason: "Priority"))
        #expect(try state("7|PENDING|ReqNodeNotAvail, Reserved for maintenance") != .missing(why: nil))
    }

    @Test(arguments: ["drained", "drained*", "draining", "down*", "fail", "maint"])
    func aJobForANodeThatIsOutIsHeld(state nodeState: String) throws {
        let word = nodeState.prefix(while: \.isLetter)
        #expect(
            try state("7|PENDING|ReqNodeNotAvail, UnavailableNodes:node1", on: nodeState, reason: "new memory")
                == .held(job: 7, why: "the node is \(word): new memory"))
        #expect(try state("7|PENDING|None", on: nodeState) == .held(job: 7, why: "the node is \(word)"))
    }

    @Test func aHeldJobIsHeld() throws {
        #expect(try state("7|PENDING|JobHeldUser") == .held(job: 7, why: "the job is held"))
    }

    @Test func whatHasNeitherFileNorJobIsMissing() throws {
        #expect(try state() == .missing(why: nil))
        #expect(try state(on: "down") == .missing(why: nil))
        for (ending, word) in [
            ("CANCELLED", "was cancelled"), ("NODE_FAIL", "lost its node"), ("FAILED", "failed"),
            ("TIMEOUT", "ran out of time"),
            ("COMPLETED", "left no results file"), ("OUT_OF_MEMORY", "ran out of memory"),
            ("PREEMPTED", "was preempted"),
        ] {
            #expect(try state("7|\(ending)|None") == .missing(why: "job 7 \(word)"))
        }
        // It would never end before the node comes back.
        #expect(try state("7|COMPLETING|None", on: "down*") == .missing(why: "the node is down"))
    }

    @Test func ofSeveralJobsTheLastOneCounts() throws {
        #expect(try state("7|CANCELLED|None", "12|FAILED|None", "9|TIMEOUT|None") == .missing(why: "job 12 failed"))
        #expect(try state("7|CANCELLED|None", "9|RUNNING|None") == .running(job: 9))
        // Two were submitted at once: one has ended, and the other will find the file or measure.
        #expect(try state("7|PENDING|Resources", "9|FAILED|None") == .queued(job: 7, reason: "Resources"))
    }

    @Test func onlyTimeIsWaitedFor() throws {
        func host(_ jobs: String, on nodeState: String = "idle", isComplete: Bool = false) throws -> CampaignHost {
            let job = try #require(Slurm.Job(line: "\(jobs)|invbench-0-node1"))
            return CampaignHost(try node(nodeState), isComplete: isComplete, jobs: [job])
        }
        #expect(try host("7|RUNNING|None").isUnderWay)
        #expect(try host("7|PENDING|Priority").isUnderWay)
        #expect(try !host("7|PENDING|Priority", on: "drained").isUnderWay)
        #expect(try !host("7|FAILED|None").isUnderWay && host("7|FAILED|None").isMissing)
        #expect(try !host("7|PENDING|Priority", on: "drained").isMissing)
        #expect(try !host("7|RUNNING|None", isComplete: true).isUnderWay)
    }

    @Test func aReasonMayHoldWhatSeparatesFields() throws {
        #expect(try node("drained", "a|b").trouble == "the node is drained: a|b")
        #expect(Slurm.Job(line: "7|RUNNING|None|invbench-0-a|b")?.name == "invbench-0-a|b")
        #expect(Slurm.Job(line: "7_1|RUNNING|None|other") == nil && Slurm.Node(line: "node1|idle") == nil)
    }
}
