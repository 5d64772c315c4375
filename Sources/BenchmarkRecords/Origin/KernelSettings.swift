/// What the owner of a machine can set and a benchmark feels. What the kernel does not show is absent, never guessed.
public struct KernelSettings: Hashable, Sendable {
    /// Whether cores may run above their nominal frequency: `on` or `off`.
    public let boost: String?
    /// The driver that puts idle cores to sleep. It decides how long a wake-up takes: `intel_idle`, `haltpoll`, `none`.
    public let idleDriver: String?
    /// When memory is backed with transparent huge pages: `always`, `madvise`, `never`.
    public let transparentHugePages: String?
    /// Whether the kernel unmaps pages to see which node uses them: `off`, `on`, `tiering`, `on and tiering`.
    public let numaBalancing: String?
    /// The words of the kernel's command line that change timing, such as `mitigations=off isolcpus=2-7`; `none`
    /// without one.
    public let bootParameters: String?

    /// Reads the settings below `root`, which is a folder with `proc` and `sys` in it.
    public init(root: String = "/") {
        let files = FactFiles(root: root)
        boost = Self.boost(files)
        idleDriver = files.text("sys/devices/system/cpu/cpuidle/current_driver")
        transparentHugePages = files.text("sys/kernel/mm/transparent_hugepage/enabled").flatMap(Self.chosen)
        numaBalancing = files.text("proc/sys/kernel/numa_balancing").flatMap {
            ["0": "off", "1": "on", "2": "tiering", "3": "on and tiering"][$0]
        }
        bootParameters = files.text("proc/cmdline").map(Self.telling)
    }

    private static func boost(_ files: FactFiles) -> String? {
        // Intel's driver asks the other way round.
        files.text("sys/devices/system/cpu/intel_pstate/no_turbo").flatMap { ["0": "on", "1": "off"][$0] }
            ?? files.text("sys/devices/system/cpu/cpufreq/boost").flatMap { ["0": "off", "1": "on"][$0] }
    }

    /// The word in brackets in `always [madvise] never`.
    private static func chosen(_ words: String) -> String? {
        words.split(separator: " ").first { $0.hasPrefix("[") && $0.hasSuffix("]") }
            .map { String($0.dropFirst().dropLast()) }
    }

    /// Not all words: a command line may hold what is nobody's business.
    private static func telling(_ commandLine: String) -> String {
        let telling: Set = [
            "mitigations", "nopti", "pti", "spectre_v2", "spec_store_bypass_disable", "nosmt", "maxcpus", "isolcpus",
            "nohz", "nohz_full", "rcu_nocbs", "idle", "intel_idle.max_cstate", "processor.max_cstate", "cpuidle.off",
            "intel_pstate", "amd_pstate", "preempt", "tsc", "clocksource", "hugepages", "transparent_hugepage",
            "numa", "numa_balancing",
        ]
        let words = commandLine.split(separator: " ").filter { telling.contains(String($0.prefix { $0 != "=" })) }
        return words.isEmpty ? "none" : words.joined(separator: " ")
    }
}
