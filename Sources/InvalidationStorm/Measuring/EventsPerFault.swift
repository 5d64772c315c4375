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
