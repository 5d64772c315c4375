import Glibc
import Testing

@testable import InvalidationStorm

@Suite struct SchedulerRecordTests {
    @Test("The run queue's time is the second field, where the kernel keeps a record")
    func schedstat() {
        #expect(SchedulerRecord.runQueueNanoseconds(schedstat: "1200345 3331261 17\n") == 3_331_261)
        #expect(SchedulerRecord.runQueueNanoseconds(schedstat: "5 0 1\n") == 0)
        for text in ["0 0 0\n", "", "1 2\n", "1 x 3\n", "1 2 3 4\n"] {
            #expect(SchedulerRecord.runQueueNanoseconds(schedstat: text) == nil, "\(text)")
        }
    }

    @Test("Migrations are those of the thread, not of its pages")
    func sched() {
        let text = """
            invbench (9968, #threads: 4)
            -------------------------------------------------------------------
            se.exec_start                                :      13028643.778491
            se.nr_migrations                             :                   12
            nr_switches                                  :                    1
            numa_pages_migrated                          :                    3

            """
        #expect(SchedulerRecord.migrations(sched: text) == 12)
        #expect(SchedulerRecord.migrations(sched: "nr_switches : 1\n") == nil)
    }

    @Test("A file is read anew each time, and one that is not there is none")
    func kernelFiles() throws {
        let clock = try #require(Self.texts("/proc/uptime"))
        #expect(clock.first.hasSuffix("\n") && clock.second.hasSuffix("\n") && clock.first != clock.second)
        #expect(Self.texts("/proc/no-such-file") == nil)
    }

    /// A file read twice with a pause.
    private static func texts(_ path: String) -> (first: String, second: String)? {
        guard let file = KernelFile(path), let first = file.text() else { return nil }
        usleep(30_000)
        return file.text().map { (first, $0) }
    }
}
