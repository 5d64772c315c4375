import BenchmarkRecords

/// What the kernel does with memory behind a program's back, and whether there is enough.
extension Examination {
    /// What a run needs, with room.
    private static var neededMemory: UInt64 { 1 << 30 }

    func memoryFindings() -> [Finding] { [hugePagesFinding(), balancingFinding(), memoryFinding()] }

    private func hugePagesFinding() -> Finding {
        let subject = "huge pages"
        switch settings.transparentHugePages {
        case "always":
            return .change(
                subject,
                "always: whether tables lie in large pages is luck, and a kernel thread moves them meanwhile; "
                    + "only the memory of invbench live never is.",
                "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        case let setting?:
            return .ok(
                subject, "\(setting): memory is not turned into large pages meanwhile; that of invbench live never is")
        case nil:
            return .unseen(subject)
        }
    }

    private func balancingFinding() -> Finding {
        let subject = "NUMA balancing"
        let nodes = machine.nodeMemory?.count
        switch settings.numaBalancing {
        case "off":
            return .ok(subject, "off: the kernel moves no page meanwhile")
        case .some where nodes == 1:
            return .ok(subject, "on, without effect: there is one node")
        case .some:
            return .change(
                subject, "on: the kernel unmaps pages to see who uses them, and moves them between nodes meanwhile.",
                "sudo sysctl kernel.numa_balancing=0")
        case nil where nodes == 1:
            return .ok(subject, "without effect: there is one node")
        case nil:
            return .unseen(subject)
        }
    }

    private func memoryFinding() -> Finding {
        let subject = "free memory"
        let fields = files.fields("proc/meminfo")
        guard let available = fields["MemAvailable"].flatMap(FactFiles.bytes) else { return .unseen(subject) }
        // Of a group's limit the kernel says how much there is, but not how much of its use could be given back.
        let limit = limits.memory ?? .max
        if limit < Self.neededMemory {
            return .change(
                subject,
                "the control group may hold \(Self.gibibytes(limit)): less than a large run needs, which "
                    + "then ends, or waits for memory. Start the container with 1 GiB or more.")
        }
        if available < Self.neededMemory {
            return .change(
                subject,
                "\(Self.gibibytes(available)): less than a large run may need; then the kernel takes back "
                    + "and swaps pages meanwhile. End what is not needed; this shows what holds most:",
                "ps -eo pid,rss,comm --sort=-rss | head")
        }
        return .ok(subject, "\(Self.gibibytes(available)): enough")
    }

    private static func gibibytes(_ bytes: UInt64) -> String { "\(tenths(Double(bytes) / 0x1p30)) GiB" }
}
