/// How much of the machine this process may use: its affinity and its control groups, whose tightest ancestor counts.
///
/// What the kernel does not show is `nil`, never guessed.
public struct ProcessLimits: Hashable, Sendable {
    /// The processors that it may run on, as a list such as `0-3,8`.
    public let processorList: String?
    /// Their number.
    public let processors: Int?
    /// The processors of its control group, where one says so.
    public let groupProcessors: Int?
    /// Processor time per time, in processors; infinity without a limit.
    public let quota: Double?
    /// The file that says so, as the process sees it; `nil` without a limit.
    public let quotaFile: String?
    /// Memory of its control group in bytes; `UInt64.max` without a limit.
    public let memory: UInt64?

    /// Reads the limits of the process that `proc/self` below `root` shows.
    public init(root: String = "/") {
        let files = FactFiles(root: root)
        let groups = ControlGroups(files)
        processorList = files.fields("proc/self/status")["Cpus_allowed_list"]
        processors = processorList.flatMap(FactFiles.numbers)?.count
        groupProcessors =
            groups.nearest("cpuset", ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"])
            .flatMap(FactFiles.numbers)?.count
        // A group that is shown and has no such file, as the topmost, has no limit.
        let timed = groups.folders(of: "cpu")
        let quotas = timed.compactMap { Self.quota(files, in: $0) }
        let tightest = quotas.min { $0.processors < $1.processors }
        quota = timed.isEmpty ? nil : tightest?.processors ?? .infinity
        quotaFile = tightest.flatMap { $0.processors.isFinite ? $0.file : nil }
        let filled = groups.folders(of: "memory")
        memory = filled.isEmpty ? nil : filled.compactMap { Self.memory(files, in: $0) }.min() ?? .max
    }

    /// Of version 2 `50000 100000` or `max 100000`; of version 1 two files, -1 without a limit.
    private static func quota(_ files: FactFiles, in folder: String) -> (processors: Double, file: String)? {
        let file = ["cpu.max", "cpu.cfs_quota_us"].map { folder + "/" + $0 }.first { files.text($0) != nil }
        guard let file, let text = files.text(file) else { return nil }
        let words = text.split(separator: " ").map(String.init)
        if ["max", "-1"].contains(words[0]) { return (.infinity, file) }
        let period = words.count > 1 ? words[1] : files.text(folder + "/cpu.cfs_period_us")
        guard let used = Double(words[0]), let whole = period.flatMap(Double.init), whole > 0 else { return nil }
        return (used / whole, file)
    }

    /// Version 1 says "no limit" as the largest multiple of a page.
    private static func memory(_ files: FactFiles, in folder: String) -> UInt64? {
        let text = files.text(folder + "/memory.max") ?? files.text(folder + "/memory.limit_in_bytes")
        if text == "max" { return .max }
        return text.flatMap(UInt64.init).map { $0 >= 1 << 62 ? .max : $0 }
    }
}
