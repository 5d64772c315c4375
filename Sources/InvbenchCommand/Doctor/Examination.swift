import BenchmarkRecords
import CPlatform
import Glibc
import InvalidationStorm
import NotifierDispatch

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
    /// Why there are no restartable sequences; `nil` where there are.
    let restartRefusal: RestartableSequences.Refusal?
    /// Why faults cannot be served in user space; `nil` where they can.
    let userFaultRefusal: String?
    /// Why perf_event_open(2) cannot count migrations, as an errno; 0 where it can.
    let counterError: Int32

    /// Of the machine whose `/` is `root`.
    init(
        root: String = "/", load: ProcessorLoad?, membarrierError: Int32,
        restartRefusal: RestartableSequences.Refusal?, userFaultRefusal: String?, counterError: Int32
    ) {
        files = FactFiles(root: root)
        machine = MachineFacts(root: root)
        settings = KernelSettings(root: root)
        limits = ProcessLimits(root: root)
        self.load = load
        self.membarrierError = membarrierError
        self.restartRefusal = restartRefusal
        self.userFaultRefusal = userFaultRefusal
        self.counterError = counterError
    }

    /// Of this machine, which takes half a second.
    static func ofThisMachine() -> Examination {
        let counter = ThreadUsageMeter.openMigrationCounter()
        if counter >= 0 { close(counter) }
        return Examination(
            load: .sampled(), membarrierError: cplatform_membarrier_register(),
            restartRefusal: RestartableSequences.refusal, userFaultRefusal: LiveWork.userFaultRefusal(),
            counterError: max(0, -counter))
    }

    /// What all checks find, in the order of the checks.
    func findings() -> [Finding] {
        frequencyFindings() + topologyFindings() + limitFindings() + memoryFindings() + kernelFindings()
            + [loadFinding()]
    }

    /// Whether the processor says that it is a virtual one.
    var isVirtual: Bool { machine.hypervisor.map { $0 != "none" } ?? false }
}
