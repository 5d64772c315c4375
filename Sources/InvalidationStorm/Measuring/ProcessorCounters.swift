import Glibc

/// Whether the processor's counters can be used here.
public struct ProcessorCounters: Equatable, Sendable, CustomStringConvertible {
    /// In words: what is counted, or why nothing is and what to do.
    public let description: String

    /// Asks by opening them once on the calling thread, which is closed again.
    public init() {
        do {
            self.init(counting: try CounterGroup(CountedEvent.ofFaults).events)
        } catch {
            let paranoia = KernelFile("/proc/sys/kernel/perf_event_paranoid")?.text()
                .flatMap { $0.split { $0.isWhitespace }.first }.flatMap { Int($0) }
            self.init(refused: error, paranoia: paranoia)
        }
    }

    init(counting events: [CountedEvent]) {
        description = events.map(\.rawValue).joined(separator: ", ") + ", in user mode"
    }

    /// `paranoia` is the kernel's setting `perf_event_paranoid`: up to 2 everybody may count in user mode.
    init(refused refusal: CounterGroup.Refusal, paranoia: Int?) {
        let reason =
            switch refusal.errno {
            case EACCES, EPERM:
                if let paranoia, paranoia > 2 {
                    "perf_event_paranoid is \(paranoia): sysctl kernel.perf_event_paranoid=1"
                } else {
                    "perf_event_open is not permitted here (a container?)"
                }
            case ENOENT, ENODEV, EOPNOTSUPP:
                "the processor's counters are not visible here (a virtual machine?)"
            case ENOSYS: "this kernel was built without perf_event_open"
            default: "perf_event_open failed: \(String(cString: strerror(refusal.errno)))"
            }
        description = "none: " + reason
    }
}

/// What the faulters' processors counted in user mode during their windows, for each fault. `nil` where a counter is not
/// there, or was not the faulter's alone all the time.
public struct EventsPerFault: Sendable {
    /// Processor cycles.
    public var cycles: Double?
    /// Instructions finished.
    public var instructions: Double?
    /// What the processor itself calls a cache miss; mostly those of the last level.
    public var cacheMisses: Double?

    init(of faulters: [ThreadUsage], faults: UInt64) {
        func perFault(_ event: CountedEvent) -> Double? {
            let counts = faulters.compactMap { $0.events[event] }
            guard counts.count == faulters.count, faults > 0 else { return nil }
            return Double(counts.reduce(0, +)) / Double(faults)
        }
        cycles = perFault(.cycles)
        instructions = perFault(.instructions)
        cacheMisses = perFault(.cacheMisses)
    }
}
