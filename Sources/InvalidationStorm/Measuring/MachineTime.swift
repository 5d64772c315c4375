import Glibc
import NotifierDispatch

/// The processor time of all cores so far, in the kernel's ticks.
package struct ProcessorTicks: Equatable, Sendable {
    package let total: UInt64
    /// Ticks in which a core worked for anybody.
    package let busy: UInt64
    /// Ticks that the hypervisor gave to others while they were wanted.
    package let steal: UInt64

    /// From the text of `/proc/stat`, whose first line is user, nice, system, idle, iowait, irq, softirq, steal, and guests'
    /// time, which is in user's. `nil` where it is another text, or shows no steal.
    package init?(stat text: some StringProtocol) {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        let fields = words.dropFirst().prefix(8).compactMap { UInt64($0) }
        guard words.first == "cpu", fields.count == 8 else { return nil }
        steal = fields[7]
        total = fields.reduce(0, +)
        busy = total - fields[3] - fields[4] - steal
    }
}

/// Processor time so far: all cores', and this process's own.
struct MachineTime {
    let ticks: ProcessorTicks
    /// This process's time on all cores.
    let ownNanoseconds: UInt64
    /// The time of the reading.
    let nanoseconds: UInt64

    /// `nil` where the file is not there or shows no steal.
    static func read() -> MachineTime? {
        var own = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own)
        return KernelFile("/proc/stat")?.text().flatMap {
            MachineTime(
                stat: $0, ownNanoseconds: UInt64(own.tv_sec) * 1_000_000_000 + UInt64(own.tv_nsec),
                nanoseconds: MonotonicClock.now())
        }
    }

    /// From the text of `/proc/stat`.
    init?(stat text: String, ownNanoseconds: UInt64, nanoseconds: UInt64) {
        guard let ticks = ProcessorTicks(stat: text) else { return nil }
        self.ticks = ticks
        self.ownNanoseconds = ownNanoseconds
        self.nanoseconds = nanoseconds
    }

    /// Steal since `start`, in per cent of all cores' time; `nil` where no time has passed on that clock.
    func stealPercent(since start: MachineTime) -> Double? {
        // The kernel's counts of steal and waiting are known to step back now and then.
        guard ticks.total > start.ticks.total, ticks.steal >= start.ticks.steal else { return nil }
        return 100 * Double(ticks.steal - start.ticks.steal) / Double(ticks.total - start.ticks.total)
    }

    /// The shortest time over which ticks of 10 ms say something about the load, in nanoseconds.
    static let shortestForLoad: UInt64 = 100_000_000

    /// The processor time that all others took since `start`, in cores; `nil` over less than 100 ms.
    ///
    /// A core counts as working for whole ticks: whoever runs when one ends has had all of it. That can be wrong by a
    /// tick a core at either end, 0.1 cores on two cores over 120 ms, in both directions; below 0 becomes 0.
    func otherLoadCores(since start: MachineTime, ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK))) -> Double? {
        guard nanoseconds >= start.nanoseconds + Self.shortestForLoad, ticks.busy >= start.ticks.busy,
            ticksPerSecond > 0
        else { return nil }
        let busyNanoseconds = Double(ticks.busy - start.ticks.busy) * 1e9 / Double(ticksPerSecond)
        let others = busyNanoseconds - Double(ownNanoseconds - start.ownNanoseconds)
        return max(0, others) / Double(nanoseconds - start.nanoseconds)
    }
}
