import FactTrees
import Testing

@testable import BenchmarkRecords

@Suite struct ProcessLimitsTests {
    private func limits(_ files: [String: String]) throws -> ProcessLimits {
        try FactTree.with(files) { ProcessLimits(root: $0) }
    }

    /// Version 2 alone, as a session of systemd sees it.
    private let unified = [
        "proc/self/cgroup": "0::/user.slice/session.scope\n",
        "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        "sys/fs/cgroup/cgroup.procs": "1\n",
        "sys/fs/cgroup/user.slice/session.scope/cgroup.procs": "1\n",
    ]

    @Test func whatIsNotShownIsAbsent() throws {
        let limits = try limits([:])
        #expect(limits.processors == nil)
        #expect(limits.processorList == nil)
        #expect(limits.groupProcessors == nil)
        #expect(limits.quota == nil)
        #expect(limits.quotaFile == nil)
        #expect(limits.memory == nil)
    }

    @Test func groupsWithoutLimitFilesHaveNone() throws {
        let limits = try limits(unified)
        #expect(limits.quota == .infinity)
        #expect(limits.quotaFile == nil)
        #expect(limits.memory == .max)
        #expect(limits.groupProcessors == nil)
    }

    @Test func theTightestGroupCounts() throws {
        let files = unified.merging([
            "sys/fs/cgroup/user.slice/session.scope/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/session.scope/memory.max": "8589934592\n",
            "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/user.slice/memory.max": "max\n",
            "sys/fs/cgroup/cpu.max": "400000 100000\n",
        ]) { $1 }
        let limits = try limits(files)
        #expect(limits.quota == 1.5)
        #expect(limits.quotaFile == "/sys/fs/cgroup/user.slice/cpu.max")
        #expect(limits.memory == 8 << 30)
    }

    @Test func theNearestGroupThatSaysSoHasTheProcessors() throws {
        let files = unified.merging([
            "proc/self/status": "Name: x\nCpus_allowed_list:\t0-1,6\n",
            "sys/fs/cgroup/user.slice/cpuset.cpus.effective": "0-3\n",
            "sys/fs/cgroup/cpuset.cpus.effective": "0-7\n",
        ]) { $1 }
        let limits = try limits(files)
        #expect(limits.processorList == "0-1,6")
        #expect(limits.processors == 3)
        #expect(limits.groupProcessors == 4)
    }

    /// A container without a namespace of its own sees its host's path, of which only its own part is mounted.
    @Test func versionOneHasAHierarchyAController() throws {
        let limits = try limits([
            "proc/self/cgroup": "7:cpuset:/docker/abc\n4:cpu,cpuacct:/docker/abc/job\n2:memory:/docker/abc\n0::/\n",
            "proc/self/mountinfo": """
            1 2 0:1 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup ro,cpu,cpuacct
            2 2 0:2 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup ro,memory
            3 2 0:3 /docker/abc /sys/fs/cgroup/cpuset ro - cgroup cgroup ro,cpuset
            4 2 0:4 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 ro
            """,
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpuset/cpuset.effective_cpus": "4-5\n",
            "sys/fs/cgroup/unified/cpu.max": "1 100000\n",
        ])
        #expect(limits.quota == 0.5)
        #expect(limits.quotaFile == "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us")
        #expect(limits.memory == .max)
        #expect(limits.groupProcessors == 2)
    }

    @Test func versionOneSaysMinusOneForNoQuota() throws {
        let limits = try limits([
            "proc/self/cgroup": "4:cpu:/\n", "proc/self/mountinfo": "1 2 0:1 / /cpu ro - cgroup cgroup ro,cpu\n",
            "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n",
        ])
        #expect(limits.quota == .infinity)
        #expect(limits.quotaFile == nil)
        #expect(limits.memory == nil)
    }

    /// Seen from a namespace that the process's group is outside of.
    @Test func aPathOutsideLeavesTheMountedGroup() throws {
        let files = unified.merging([
            "proc/self/cgroup": "0::/../other\n", "sys/fs/cgroup/cpu.max": "200000 100000\n",
        ]) { $1 }
        #expect(try limits(files).quota == 2)
    }

    @Test func nonsenseIsNoLimit() throws {
        for text in ["\n", "many 100000\n", "1 0\n", "1\n"] {
            let limits = try limits(unified.merging(["sys/fs/cgroup/cpu.max": text]) { $1 })
            #expect(limits.quota == .infinity, "\(text)")
        }
        let files = ["proc/self/mountinfo": "1 2 - cgroup2\n\nx\n", "proc/self/cgroup": "0\n:\n"]
        #expect(try limits(files).quota == nil)
    }
}
