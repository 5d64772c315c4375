import Glibc
import NotifierDispatch

/// Processor time so far: all cores' from the first line of `/proc/stat`, in the kernel's ticks, and this process's own.
struct MachineTime {
    let steal: UInt64
    let total: UInt64
    /// Ticks in which a core worked for anybody.
    let busy: UInt64
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

    /// From the text of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in user's.
    init?(stat text: String, ownNanoseconds: UInt64, nanoseconds: UInt64) {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        let fields = words.dropFirst().prefix(8).compactMap { UInt64($0) }
        guard words.first == "cpu", fields.count == 8 else { return nil }
        steal = fields[7]
        total = fields.reduce(0, +)
        busy = total - fields[3] - fields[4] - steal
        self.ownNanoseconds = ownNanoseconds
        self.nanoseconds = nanoseconds
    }

    /// Steal since `start`, in per cent of all cores' time; `nil` where no time has passed on that clock.
    func stealPercent(since start: MachineTime) -> Double? {
        // The kernel's counts of steal and waiting are known to step back now and then.
        guard total > start.total, steal >= start.steal else { return nil }
        return 100 * Double(steal - start.steal) / Double(total - start.total)
    }

    /// The shortest time over which ticks of 10 ms say something about the load, in nanoseconds.
    static let shortestForLoad: UInt64 = 100_000_000

    /// The processor time that all others took since `start`, in cores; `nil` over less than 100 ms.
    ///
    /// A core counts as working for whole ticks: whoever runs when one ends has had all of it. That can be wrong by a
    /// tick a core at either end, 0.1 cores on two cores over 120 ms, in both directions; below 0 becomes 0.
    func otherLoadCores(since start: MachineTime, ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK))) -> Double? {
        guard nanoseconds >= start.nanoseconds + Self.shortestForLoad, busy >= start.busy, ticksPerSecond > 0 else {
            return nil
        }
        let busyNanoseconds = Double(busy - start.busy) * 1e9 / Double(ticksPerSecond)
        let others = busyNanoseconds - Double(ownNanoseconds - start.ownNanoseconds)
        return max(0, others) / Double(nanoseconds - start.nanoseconds)
    }
}
