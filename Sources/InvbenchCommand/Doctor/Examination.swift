import BenchmarkRecords
import CPlatform

/// All that the checks look at, of one machine at one time.
struct Examination {
    let files: FactFiles
    let machine: MachineFacts
    let settings: KernelSettings
    let limits: ProcessLimits
    /// What the machine did meanwhile; `nil` where it does not say.
    let load: ProcessorLoad?
    /// Why membarrier(2) cannot be used, as an errno; 0 where it can.
    let membarrierError: Int32

    /// Of the machine whose `/` is `root`.
    init(root: String = "/", load: ProcessorLoad?, membarrierError: Int32) {
        files = FactFiles(root: root)
        machine = MachineFacts(root: root)
        settings = KernelSettings(root: root)
        limits = ProcessLimits(root: root)
        self.load = load
        self.membarrierError = membarrierError
    }

    /// Of this machine, which takes half a second.
    static func ofThisMachine() -> Examination {
        Examination(load: .sampled(), membarrierError: cplatform_membarrier_register())
    }

    /// What all checks find, in the order of the checks.
    func findings() -> [Finding] {
        frequencyFindings() + topologyFindings() + limitFindings() + memoryFindings() + kernelFindings()
            + [loadFinding()]
    }

    /// Whether the processor says that it is a virtual one.
    var isVirtual: Bool { machine.hypervisor.map { $0 != "none" } ?? false }
}
