import Foundation
import Testing

extension EndToEndTests {
    /// What a recording holds, shown.
    @Suite struct TraceCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test func eventsAreCountedByKindAndSize() throws {
            try command.write(
                """
                # seconds process event start end
                0.5 7 fault 0x1000 0x3000
                1.0 7 unmap 0x1000 0x3000
                1.5 7 clear 0x1000 0x2000
                2.0 8 clear 0x1000 0x6000
                2.5 7 clear 0x2000 0x3000
                3.25 9 unmap 0 0xffffffffffffffff

                """, to: "mine.events")
            let outcome = try command.run(["trace", "mine.events"])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            #expect(
                outcome.output == """
                    mine: events, as the kernel raised them; 7 lines, 1 of them about no memory
                    4 invalidations in 2.0 s, 7 pages (28 KiB) in 3 address spaces
                    2 faults at 2 pages: a replay has them, in their order
                    1 event left out: over 16 GiB, without a page that another event touches

                    event  steps  pages  largest
                    unmap  1      2      2
                    clear  3      7      5

                    pages in a step  steps
                    1                2
                    2 to 3           1
                    4 to 7           1

                    """)
        }

        @Test func callsOfStraceAreShownToo() throws {
            try command.write(
                """
                7 munmap(0x10000, 8192) = 0
                7 getpid() = 7
                7 madvise(0x20000, 4096, MADV_DONTNEED) = 0

                """, to: "mine.strace")
            let outcome = try command.run(["trace", "mine.strace"])
            #expect(outcome.status == 0)
            #expect(
                outcome.output.hasPrefix(
                    """
                    mine: calls, as strace wrote them, by the rules of Linux 6.1; 3 lines, 1 of them about no memory
                    2 invalidations without times, 3 pages (12 KiB) in 1 address space
                    no faults: a replay faults at all of these pages alike

                    """))
        }

        @Test func aBrokenFileEndsWithTwoAndOneLine() throws {
            try command.write("0.5 7 unmap 0x1000 0x2000\n0.5 7 unmap 0x2000 0x1000\n", to: "bad.events")
            for (words, message) in [
                (["bad.events"], "invbench: bad.events:2: expected an end above the start"),
                (["missing.strace"], "invbench: missing.strace: cannot be opened"), ([], "file"),
            ] {
                let outcome = try command.run(["trace"] + words)
                #expect(outcome.status == 2 && outcome.output.isEmpty)
                #expect(outcome.errors.contains(message), "\(outcome.errors)")
                if !words.isEmpty { #expect(outcome.errors.split(separator: "\n").count == 1) }
            }
        }

        /// The guards fault at the recorded pages while the recorded invalidations go on.
        @Test func eventsAreReplayed() throws {
            try command.write("1 7 fault 0x1000 0x3000\n2 7 clear 0x1000 0x3000\n", to: "mine.events")
            let outcome = try command.run([
                "--trace", "mine.events", "--guard", "striped", "--faulters", "1", "--window", "2ms",
                "--benchmark_repetitions", "2", "--benchmark_format", "json", "--no-save",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let rows = try outcome.rows().filter { $0.runType == .iteration }
            #expect(rows.map(\.name).allSatisfy { $0 == "storm/striped/trace:mine/faulters:1/invalidators:1" })
            #expect(rows.count == 2)
        }
    }
}
