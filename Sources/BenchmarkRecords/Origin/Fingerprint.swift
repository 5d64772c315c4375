/// How the measuring program was built; the program knows, the machine does not.
public struct BuildFacts: Hashable, Sendable {
    /// The compiler and its version.
    public let compiler: String
    /// `release` or `debug`.
    public let buildType: String
    /// The flags given to the build that change code, `none` without any; `nil` where they could not be seen.
    public let flags: String?
    /// The commit of the source; `nil` where it was not built from a repository.
    public let commit: String?
    /// Whether the source differed from the commit; `nil` without a commit.
    public let isDirty: Bool?

    /// The facts of one build.
    public init(
        compiler: String, buildType: String, flags: String? = nil, commit: String? = nil, isDirty: Bool? = nil
    ) {
        self.compiler = compiler
        self.buildType = buildType
        self.flags = flags
        self.commit = commit
        self.isDirty = isDirty
    }
}

/// Where a result comes from: the machine, its settings and the build, as a results file states them.
public struct Fingerprint: Hashable, Sendable {
    /// The machine.
    public let machine: MachineFacts
    /// How it was set.
    public let settings: KernelSettings
    /// How much of it the program might use.
    public let limits: ProcessLimits
    /// The build.
    public let build: BuildFacts
    /// Which of the hosts of one kind the machine is; `nil` if nothing tells.
    public let host: String?

    /// The origin of the results of this process, made by `build`, on the machine whose `/` is `root`. `host` is its user's
    /// name for it; without one it is known by a hash of its machine-id.
    public init(root: String = "/", host: String? = nil, build: BuildFacts) {
        machine = MachineFacts(root: root)
        settings = KernelSettings(root: root)
        limits = ProcessLimits(root: root)
        self.build = build
        self.host = host ?? MachineFacts.hostID(root: root)
    }

    /// The context of a results file, in the order to write it; facts that are absent have no entry.
    ///
    /// Control characters are taken out of the values, since Google Benchmark does not escape them.
    public var context: [(key: String, value: String)] {
        ContextKey.allCases.compactMap { key in
            value(of: key).map { (key.rawValue, String($0.unicodeScalars.filter(Self.isPrintable))) }
        }
    }

    /// The context keys that a user's `--benchmark_context` must not set: ours, and those of Google Benchmark itself.
    /// A key twice in one object would make the file mean two things.
    public static let reservedContextKeys: Set<String> = Set(ContextKey.allCases.map(\.rawValue)).union([
        "date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled", "caches", "load_avg",
        "library_build_type",
    ])

    private enum ContextKey: String, CaseIterable {
        case machineID = "machine_id"
        case hostID = "host_id"
        case cpuModel = "cpu_model"
        case cpuRevision = "cpu_revision"
        case sockets = "cpu_sockets"
        case cores = "cpu_cores"
        case threads = "cpu_threads"
        case caches = "cpu_caches"
        case microcode = "cpu_microcode"
        case smt
        case governor
        case boost = "cpu_boost"
        case idleDriver = "idle_driver"
        case memory = "memory_bytes"
        case nodes = "numa_nodes"
        case nodeMemory = "numa_node_memory_bytes"
        case nodeDistances = "numa_distances"
        case numaBalancing = "numa_balancing"
        case transparentHugePages = "transparent_huge_pages"
        case hypervisor
        case clockSource = "clock_source"
        case kernel
        case bootParameters = "kernel_parameters"
        case processors = "cpus_allowed"
        case quota = "cpu_quota"
        case compiler
        case buildType = "build_type"
        case flags = "build_flags"
        case commit
        case isDirty = "tree_dirty"
    }

    private func value(of key: ContextKey) -> String? {
        switch key {
        case .machineID: machine.machineID
        case .hostID: host
        case .cpuModel: machine.cpuModel
        case .cpuRevision: machine.cpuRevision
        case .sockets: machine.sockets.map(String.init)
        case .cores: machine.cores.map(String.init)
        case .threads: machine.threads.map(String.init)
        case .caches: machine.caches
        case .microcode: machine.microcode
        case .smt: machine.smt
        case .governor: machine.governor
        case .boost: settings.boost
        case .idleDriver: settings.idleDriver
        case .memory: machine.memory.map { String($0) }
        case .nodes: machine.nodeMemory.map { String($0.count) }
        case .nodeMemory: machine.nodeMemory.map { $0.map { String($0) }.joined(separator: ",") }
        case .nodeDistances: machine.nodeDistances
        case .numaBalancing: settings.numaBalancing
        case .transparentHugePages: settings.transparentHugePages
        case .hypervisor: machine.hypervisor
        case .clockSource: machine.clockSource
        case .kernel: machine.kernel
        case .bootParameters: settings.bootParameters
        case .processors: limits.processorList
        case .quota: limits.quota.map { $0.isFinite ? String($0) : "none" }
        case .compiler: build.compiler
        case .buildType: build.buildType
        case .flags: build.flags
        case .commit: build.commit
        case .isDirty: build.isDirty.map { $0 ? "true" : "false" }
        }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory != .control
    }
}
