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
        quota = timed.isEmpty ? nil : timed.compactMap { Self.quota(files, in: $0) }.min() ?? .infinity
        let filled = groups.folders(of: "memory")
        memory = filled.isEmpty ? nil : filled.compactMap { Self.memory(files, in: $0) }.min() ?? .max
    }

    /// Of version 2 `50000 100000` or `max 100000`; of version 1 two files, -1 without a limit.
    private static func quota(_ files: FactFiles, in folder: String) -> Double? {
        let words =
            files.text(folder + "/cpu.max").map { $0.split(separator: " ").map(String.init) }
            ?? ["quota", "period"].compactMap { files.text(folder + "/cpu.cfs_\($0)_us") }
        guard words.count == 2, let period = Double(words[1]), period > 0 else { return nil }
        if words[0] == "max" || words[0] == "-1" { return .infinity }
        return Double(words[0]).map { $0 / period }
    }

    /// Version 1 says "no limit" as the largest multiple of a page.
    private static func memory(_ files: FactFiles, in folder: String) -> UInt64? {
        let text = files.text(folder + "/memory.max") ?? files.text(folder + "/memory.limit_in_bytes")
        if text == "max" { return .max }
        return text.flatMap(UInt64.init).map { $0 >= 1 << 62 ? .max : $0 }
    }
}
