/// What `/proc` and `/sys` say about the machine. A fact that they do not say is absent, never guessed.
///
/// Processors that are offline are not counted. Limits of a container or of this process do not matter here: they are
/// `ProcessLimits`; what its owner can set is in `KernelSettings`.
public struct MachineFacts: Hashable, Sendable {
    /// The processor in the vendor's words; on Arm, which has none, the codes of implementer and part.
    public let cpuModel: String?
    /// Family, model and stepping numbers, or variant and revision on Arm, which tell generations apart that share a
    /// model name, as virtual ones do.
    public let cpuRevision: String?
    /// Processor packages.
    public let sockets: Int?
    /// Physical cores.
    public let cores: Int?
    /// Hardware threads.
    public let threads: Int?
    /// Memory of each NUMA node that has any, in bytes, in the order of the nodes.
    public let nodeMemory: [UInt64]?
    /// The distances between the NUMA nodes as the firmware states them, a row a node: `10 21; 21 10`.
    public let nodeDistances: String?
    /// The caches of the first processor, such as `L1d 48K, L1i 32K, L2 1024K, L3 32768K`.
    public let caches: String?
    /// The revision of the processor's microcode.
    public let microcode: String?
    /// The kernel's word on simultaneous multithreading: `on`, `off`, `forceoff`, `notsupported`, `notimplemented`.
    public let smt: String?
    /// The frequency governors in use, each once.
    public let governor: String?
    /// The kernel's clock source.
    public let clockSource: String?
    /// The hypervisor's name, `unnamed` where there is one that does not say, `none` where the processor denies one.
    public let hypervisor: String?
    /// The kernel's release.
    public let kernel: String?
    /// Memory of the machine that the kernel manages, in bytes.
    public let memory: UInt64?

    /// Reads the facts below `root`, which is a folder with `proc` and `sys` in it.
    public init(root: String = "/") {
        let files = FactFiles(root: root)
        let cpuInfo = files.fields("proc/cpuinfo")
        cpuModel =
            cpuInfo["model name"]
            ?? cpuInfo["CPU implementer"].flatMap { implementer in
                cpuInfo["CPU part"].map { "implementer \(implementer) part \($0)" }
            }
        let revision = [
            "vendor_id", "cpu family", "model", "stepping", "CPU architecture", "CPU variant", "CPU revision",
        ]
        .compactMap { key in cpuInfo[key].map { "\(key) \($0)" } }
        cpuRevision = revision.isEmpty ? nil : revision.joined(separator: ", ")

        microcode = cpuInfo["microcode"]

        let online = files.text("sys/devices/system/cpu/online").flatMap(FactFiles.numbers) ?? []
        func distinct(_ file: String) -> Set<String> {
            Set(online.compactMap { files.text("sys/devices/system/cpu/cpu\($0)/\(file)") })
        }
        let packages = distinct("topology/physical_package_id")
        let siblings = distinct("topology/thread_siblings_list")
        let governors = distinct("cpufreq/scaling_governor")
        sockets = packages.isEmpty ? nil : packages.count
        cores = siblings.isEmpty ? nil : siblings.count
        threads = online.isEmpty ? nil : online.count
        governor = governors.isEmpty ? nil : governors.sorted().joined(separator: ", ")
        caches = online.first.flatMap { files.caches(ofProcessor: $0) }
        smt = files.text("sys/devices/system/cpu/smt/control")
        clockSource = files.text("sys/devices/system/clocksource/clocksource0/current_clocksource")

        let nodes = files.text("sys/devices/system/node/online").flatMap(FactFiles.numbers) ?? []
        let nodeMemory = nodes.compactMap { node in
            files.fields("sys/devices/system/node/node\(node)/meminfo")["Node \(node) MemTotal"]
                .flatMap(FactFiles.bytes)
        }
        .filter { $0 > 0 }
        self.nodeMemory = nodeMemory.isEmpty ? nil : nodeMemory
        let distances = nodes.compactMap { files.text("sys/devices/system/node/node\($0)/distance") }
        nodeDistances = distances.isEmpty ? nil : distances.joined(separator: "; ")
        memory = files.fields("proc/meminfo")["MemTotal"].flatMap(FactFiles.bytes)
        kernel = files.text("proc/sys/kernel/osrelease")
        hypervisor = files.hypervisor(processorFlags: cpuInfo["flags"])
    }
}

extension FactFiles {
    fileprivate func caches(ofProcessor processor: Int) -> String? {
        var caches: [String] = []
        // The kernel numbers them without gaps.
        while let level = text("sys/devices/system/cpu/cpu\(processor)/cache/index\(caches.count)/level") {
            let folder = "sys/devices/system/cpu/cpu\(processor)/cache/index\(caches.count)"
            let kind = ["Data": "d", "Instruction": "i"][text(folder + "/type") ?? ""] ?? ""
            caches.append("L\(level)\(kind) \(text(folder + "/size") ?? "of unknown size")")
        }
        return caches.isEmpty ? nil : caches.joined(separator: ", ")
    }

    /// The DMI names belong to the hypervisor only where the processor says that there is one.
    fileprivate func hypervisor(processorFlags: String?) -> String? {
        if let type = text("sys/hypervisor/type") { return type }
        guard let flags = processorFlags else { return nil }
        guard flags.split(separator: " ").contains("hypervisor") else { return "none" }
        let names = ["sys_vendor", "product_name"].compactMap { text("sys/class/dmi/id/\($0)") }
        return names.isEmpty ? "unnamed" : names.joined(separator: " ")
    }
}
