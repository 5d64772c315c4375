import CPlatform
import Glibc
import NotifierDispatch

/// What the kernel counts for the calling thread. Taken at the start of a window and subtracted at its end.
struct ThreadUsage: Sendable {
    var cpuNanoseconds: UInt64
    var involuntarySwitches: UInt64
    /// `nil` where the kernel does not let this user count them.
    var migrations: UInt64?

    static func - (end: ThreadUsage, start: ThreadUsage) -> ThreadUsage {
        var migrations: UInt64?
        if let after = end.migrations, let before = start.migrations { migrations = after - before }
        return ThreadUsage(
            cpuNanoseconds: end.cpuNanoseconds - start.cpuNanoseconds,
            involuntarySwitches: end.involuntarySwitches - start.involuntarySwitches, migrations: migrations)
    }
}

/// Reads the calling thread's usage; made and used on one thread.
struct ThreadUsageMeter: ~Copyable {
    private let migrationCounter: Int32

    init() {
        // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS
        migrationCounter = cplatform_perf_event_open(1, 4, 1)
    }

    deinit {
        if migrationCounter >= 0 { close(migrationCounter) }
    }

    /// Runs a role, which says when its window opens and closes, and returns its result with the usage in between.
    static func duringWindow<Result>(
        _ role: (_ atWindow: (_ isOpening: Bool) -> Void) -> Result
    ) -> (Result, ThreadUsage) {
        let meter = ThreadUsageMeter()
        var usage = meter.read()
        let result = role { isOpening in usage = isOpening ? meter.read() : meter.read() - usage }
        return (result, usage)
    }

    func read() -> ThreadUsage {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        var migrations: UInt64 = 0
        let isCounted =
            migrationCounter >= 0
            && Glibc.read(migrationCounter, &migrations, MemoryLayout<UInt64>.size) == MemoryLayout<UInt64>.size
        return ThreadUsage(
            cpuNanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec),
            involuntarySwitches: cplatform_involuntary_switches(), migrations: isCounted ? migrations : nil)
    }
}

/// The machine's processor time so far, from the first line of `/proc/stat`.
struct MachineTime {
    let steal: UInt64
    let total: UInt64

    /// `nil` where the file is not there or shows no steal.
    static func read() -> MachineTime? {
        guard let file = fopen("/proc/stat", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let fields = text.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        guard fields.count >= 8 else { return nil }
        return MachineTime(steal: fields[7], total: fields.prefix(8).reduce(0, +))
    }

    /// Steal since `start`, in per cent of all cores' time; `nil` where no time has passed on that clock.
    func stealPercent(since start: MachineTime) -> Double? {
        guard total > start.total else { return nil }
        return 100 * Double(steal - start.steal) / Double(total - start.total)
    }
}
