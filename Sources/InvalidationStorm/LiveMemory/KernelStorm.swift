/// One repetition of one scenario on the kernel alone: fresh memory and fresh threads, from warm-up to the last check.
enum KernelStorm {
    /// Runs it; `nil` where `cancellation` was raised before the window closed. Blocks the calling thread meanwhile.
    ///
    /// Rates and means of faults are of the time in which faulters touch pages: waits for pages that nobody has dropped yet
    /// are not in it. Traps where the machine has not got what `settings.placement` needs, and where the kernel refuses a
    /// call on the memory.
    static func run(_ work: KernelWork, _ settings: LiveSettings, cancellation: Cancellation) -> StormMeasurement? {
        let invalidatorCount = work.invalidates ? settings.invalidators : 0
        let memory = KernelMemory(work, faulters: settings.faulters, invalidators: invalidatorCount)
        let threads = LiveThreads(settings, others: invalidatorCount)
        let (control, clock) = (threads.control, threads.clock)
        let faulters = (0..<settings.faulters).map { number in
            threads.start(number, counting: CountedEvent.ofFaults) { atWindow in
                KernelFaulter(number: number, memory: memory, control: control, clock: clock, seed: settings.seed)
                    .run(atWindow: atWindow)
            }
        }
        let invalidators = (0..<invalidatorCount).map { number in
            threads.start(settings.faulters + number) { atWindow in
                var role = KernelInvalidator(number: number, memory: memory, control: control, clock: clock)
                return role.run(atWindow: atWindow)
            }
        }
        let conducted = Storm.conduct(
            control, windowNanoseconds: settings.windowNanoseconds, warmUpNanoseconds: settings.warmUpNanoseconds,
            faulters: settings.faulters, isOpenLoop: false, clock: clock, cancellation: cancellation)
        let touched = faulters.map { $0.join() }
        let dropped = invalidators.map { $0.join() }
        guard let conducted else { return nil }
        let faulterTallies = touched.map { result, usage in
            var tally = result.tally
            tally.usage = usage
            return tally
        }
        let invalidatorTallies = dropped.map { tally, usage in
            var tally = tally
            tally.usage = usage
            return tally
        }
        var measurement = StormMeasurement(
            faulters: faulterTallies, invalidators: invalidatorTallies, churner: nil,
            staleInstalls: memory.stale.load(ordering: .relaxed),
            conditions: threads.conditions(conducted, threads: touched.map(\.1) + dropped.map(\.1)),
            samplingShift: control.samplingShift, isWarmUpSteady: conducted.isWarmUpSteady,
            windowLengthTicks: control.windowLengthTicks, memory: nil, clock: clock)
        let trends = touched.compactMap(\.0.trend)
        measurement.faultTrend = trends.isEmpty ? nil : trends.reduce(0, +) / Double(trends.count)
        measurement.pageFaultsPerFault = Self.pageFaultsPerFault(faulterTallies)
        return measurement
    }

    /// Page faults that the kernel counted for the faulters in the window, divided by the faults that they counted.
    private static func pageFaultsPerFault(_ faulters: [FaulterTally]) -> Double? {
        let faults = faulters.reduce(0) { $0 + $1.faults }
        return faults == 0 ? nil : Double(faulters.reduce(0) { $0 + $1.usage.pageFaults }) / Double(faults)
    }
}
