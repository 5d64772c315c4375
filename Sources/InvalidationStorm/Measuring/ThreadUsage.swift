import CPlatform
import Glibc
import NotifierDispatch

/// What the kernel counts for the calling thread. Taken at the start of a window and subtracted at its end.
struct ThreadUsage: Sendable {
    var cpuNanoseconds: UInt64
    var involuntarySwitches: UInt64
    /// `nil` where the kernel does not let this user count them.
    var migrations: UInt64?
    var voluntarySwitches: UInt64 = 0
    /// Minor and major ones.
    var pageFaults: UInt64 = 0
    /// Time that the thread was ready to run and did not; `nil` where the kernel does not say.
    var runQueueNanoseconds: UInt64?
    /// The time itself, which holds all of the above.
    var elapsedNanoseconds: UInt64 = 0
    /// What the processor has counted; an event that it has not is absent.
    var events: [CountedEvent: UInt64] = [:]

    static func - (end: ThreadUsage, start: ThreadUsage) -> ThreadUsage {
        func difference(_ value: (ThreadUsage) -> UInt64?) -> UInt64? {
            if let after = value(end), let before = value(start) { after - before } else { nil }
        }
        return ThreadUsage(
            cpuNanoseconds: end.cpuNanoseconds - start.cpuNanoseconds,
            involuntarySwitches: end.involuntarySwitches - start.involuntarySwitches,
            migrations: difference(\.migrations),
            voluntarySwitches: end.voluntarySwitches - start.voluntarySwitches,
            pageFaults: end.pageFaults - start.pageFaults,
            runQueueNanoseconds: difference(\.runQueueNanoseconds),
            elapsedNanoseconds: end.elapsedNanoseconds - start.elapsedNanoseconds)
    }
}

/// Reads the calling thread's usage; made and used on one thread.
package struct ThreadUsageMeter: ~Copyable {
    private let migrationCounter: Int32
    /// Where there is no such counter: slower to read.
    private let scheduler: KernelFile?
    private let schedulerStatistics = KernelFile("/proc/thread-self/schedstat")

    init() {
        migrationCounter = Self.openMigrationCounter()
        scheduler = migrationCounter < 0 ? KernelFile("/proc/thread-self/sched") : nil
    }

    deinit {
        if migrationCounter >= 0 { close(migrationCounter) }
    }

    /// A descriptor that counts how often the calling thread moves to another core, to be closed; or an errno below 0.
    package static func openMigrationCounter() -> Int32 {
        // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS
        cplatform_perf_event_open(1, 4, 1)
    }

    /// Runs a role, which says when its window opens and closes, and returns its result with the usage in between and
    /// the counts of `events`.
    static func duringWindow<Result>(
        counting events: [CountedEvent] = [], _ role: (_ atWindow: (_ isOpening: Bool) -> Void) -> Result
    ) -> (Result, ThreadUsage) {
        let meter = ThreadUsageMeter()
        let counters = try? CounterGroup(events)
        var usage = meter.read(isOpening: true)
        // The counters come last and go first: they count the role and not the readings.
        let result = role { isOpening in
            if isOpening {
                usage = meter.read(isOpening: true)
                counters?.start()
            } else {
                let counts = counters?.counts() ?? [:]
                usage = meter.read(isOpening: false) - usage
                usage.events = counts
            }
        }
        return (result, usage)
    }

    /// The usage up to now. The clock is read first where a window opens and last where it closes: what the kernel
    /// counts in between has then happened within the time, also where the thread loses its core during the reading.
    func read(isOpening: Bool) -> ThreadUsage {
        let opening = isOpening ? MonotonicClock.now() : 0
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let counts = cplatform_read_thread_usage()
        return ThreadUsage(
            cpuNanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec),
            involuntarySwitches: counts.involuntary_switches, migrations: migrations(),
            voluntarySwitches: counts.voluntary_switches, pageFaults: counts.page_faults,
            runQueueNanoseconds: schedulerStatistics?.text().flatMap(SchedulerRecord.runQueueNanoseconds),
            elapsedNanoseconds: isOpening ? opening : MonotonicClock.now())
    }

    private func migrations() -> UInt64? {
        if migrationCounter < 0 { return scheduler?.text().flatMap(SchedulerRecord.migrations) }
        var count: UInt64 = 0
        let length = Glibc.read(migrationCounter, &count, MemoryLayout<UInt64>.size)
        return length == MemoryLayout<UInt64>.size ? count : nil
    }
}

/// What the scheduler notes about one thread below `/proc`, read from the files' texts.
enum SchedulerRecord {
    /// Nanoseconds that the thread was ready to run and did not, from `schedstat`: time on a core, time in the run
    /// queue, turns on a core. `nil` where the kernel keeps no such record and shows zeros: a thread that reads has
    /// had a turn.
    static func runQueueNanoseconds(schedstat text: String) -> UInt64? {
        let fields = text.split { $0.isWhitespace }.map { UInt64($0) }
        guard fields.count == 3, let delay = fields[1], let turns = fields[2], turns > 0 else { return nil }
        return delay
    }

    /// How often the thread has moved to another core, from the line `se.nr_migrations : 3` of `sched`.
    static func migrations(sched text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == ":" || $0.isWhitespace }
            if words.count == 2, words[0] == "se.nr_migrations" { return UInt64(words[1]) }
        }
        return nil
    }
}
