import NotifierDispatch
import Testing

@testable import RecordedEvents

@Suite struct EventRecordingTests {
    private typealias Step = TraceFixture.Step

    @Test func everyEventHasTheProjectsNameAndTheKernels() throws {
        let names: [(String, String, InvalidationEvent)] = [
            ("unmap", "MMU_NOTIFY_UNMAP", .unmap), ("clear", "MMU_NOTIFY_CLEAR", .clear),
            ("protectionVMA", "MMU_NOTIFY_PROTECTION_VMA", .protectionVMA),
            ("protectionPage", "MMU_NOTIFY_PROTECTION_PAGE", .protectionPage),
            ("softDirty", "MMU_NOTIFY_SOFT_DIRTY", .softDirty), ("migrate", "MMU_NOTIFY_MIGRATE", .migrate),
            ("exclusive", "MMU_NOTIFY_EXCLUSIVE", .exclusive),
            // The replayed space lives on, so that its end is an unmap.
            ("release", "MMU_NOTIFY_RELEASE", .unmap),
        ]
        #expect(names.count == InvalidationEvent.allCases.count)
        for (own, kernels, event) in names {
            let trace = try TraceFixture.read(["0.5 7 \(own) 0x1000 0x2000", "0.6 7 \(kernels) 0x1000 0x2000"])
            #expect(trace.steps.map(\.event) == [event, event], "\(own)")
        }
    }

    @Test func addressesAreRoundedOutwardsToPages() throws {
        let trace = try TraceFixture.read([
            "0 7 unmap 0x1000 0x3000", "0 7 clear 0x1fff 0x2001", "0 7 clear 8191 8193", "0 7 clear 4097 4098",
            "0 7 clear 0x4fff 0x5000",
        ])
        #expect(
            trace.expected == [
                Step(.unmap, 0..<2), Step(.clear, 0..<2), Step(.clear, 0..<2), Step(.clear, 0..<1), Step(.clear, 2..<3),
            ])
        #expect(trace.pages == 3)
    }

    @Test func processesHaveRegionsOfTheirOwn() throws {
        let trace = try TraceFixture.read([
            "0 9 clear 0x1000 0x3000", "0 4 clear 0x1000 0x2000", "0 9 unmap 0x9000 0xa000",
            "0 18446744073709551615 clear 0 1",
        ])
        #expect(
            trace.expected == [
                Step(.clear, 0..<2), Step(.clear, 3..<4), Step(.unmap, 2..<3), Step(.clear, 4..<5),
            ])
        #expect(trace.source?.addressSpaces == 3)
    }

    @Test func timesStartAtTheFirstEventAndPutEventsInOrder() throws {
        let trace = try TraceFixture.read([
            "# seconds process event start end", "", "12.000000500 7 clear 0x1000 0x2000", "  # more",
            "11.9999 7\tunmap  0x2000 0x3000\r", "12.0000005009 7 softDirty 0x1000 0x2000", "13 7 migrate 0 4096",
        ])
        #expect(trace.steps.map(\.event) == [.unmap, .clear, .softDirty, .migrate])
        #expect(trace.steps.map(\.nanoseconds) == [0, 100_500, 100_500, 1_000_100_000])
        #expect(trace.hasTimes)
        #expect(trace.source?.lines == 7 && trace.source?.linesPassedOver == 3)
        #expect(trace.source?.format == .events)
        #expect(try !TraceFixture.read(["3 7 clear 0 1", "3 7 clear 0 1"]).hasTimes)
    }

    @Test func faultsAreKeptInOrderAndNumberedWithTheSteps() throws {
        let trace = try TraceFixture.read([
            "0.1 7 fault 0x5000 0x7000", "0.3 7 unmap 0x1000 0x3000", "0.2 7 fault 0x2000 0x2001",
            "0.4 7 fault 0x5000 0x6000",
        ])
        // Pages 1 and 2 are invalidated, 2, 5 and 6 fault.
        #expect(trace.pages == 4)
        #expect(trace.expected == [Step(.unmap, 0..<2)])
        #expect(trace.faultedPages == [2, 3, 1, 2])
        #expect(trace.steps[0].nanoseconds == 200_000_000)
    }

    @Test func theWholeSpaceIsWhatTheOtherEventsTouch() throws {
        let trace = try TraceFixture.read([
            "0 7 clear 0x1000 0x2000", "0 7 fault 0x8000 0x9000", "0 8 clear 0x1000 0x4000", "1 7 clear 0x4000 0x5000",
            // The kernel's unmap of a process that ends, and a large range that starts behind the first page.
            "2 7 MMU_NOTIFY_UNMAP 0 0xffffffffffffffff", "3 7 release 0x2000 0x7fffffffffff",
            // Nothing else is known of process 9, and nothing of process 8 from there on.
            "4 9 release 0 0xffffffffffffffff", "5 8 unmap 0x4000 0xffffffffffffffff",
        ])
        #expect(
            trace.expected == [
                Step(.clear, 0..<1), Step(.clear, 3..<6), Step(.clear, 1..<2), Step(.unmap, 0..<3), Step(.unmap, 1..<3),
            ])
        #expect(trace.source?.eventsWithoutPages == 2)
        // 16 GiB are not the whole space yet.
        #expect(try TraceFixture.read(["0 7 unmap 0 0x400000000", "0 7 clear 0x1000 0x2000"]).pages == 1 << 22)
    }

    @Test func theContentDecidesAndNotTheName() throws {
        let events = "# a comment\n\n0.5 7 unmap 0x1000 0x2000\n"
        let calls = "7 1.000000 munmap(0x10000, 4096) = 0\n"
        for name in ["a.strace", "a.events", "a.strace.gz", "a"] {
            #expect(try TraceFixture.read(events.utf8, name: name).source?.format == .events)
            #expect(try TraceFixture.read(TraceFixture.gzip(events.utf8), name: name).source?.format == .events)
            #expect(try TraceFixture.read(calls.utf8, name: name).source?.format == .strace)
        }
    }

    @Test(arguments: [
        ("0.5 7 unmap 0x1000", "expected five fields, 'seconds process event start end', as in: 0.000125"),
        ("0.5 7 unmap 0x1000 0x2000 0x3000", "expected five fields"),
        ("0.5 unmap 0x1000 0x2000", "expected five fields"),
        ("-0.5 7 unmap 0x1000 0x2000", "expected seconds"), ("0.5s 7 unmap 0x1000 0x2000", "expected seconds"),
        ("10000000000 7 unmap 0x1000 0x2000", "expected seconds"), (". 7 unmap 0x1000 0x2000", "expected seconds"),
        ("1. 7 unmap 0x1000 0x2000", "expected seconds"),
        ("0.5 0x7 unmap 0x1000 0x2000", "a decimal number of 64 bits"),
        ("0.5 18446744073709551616 unmap 0x1000 0x2000", "a decimal number of 64 bits"),
        ("0.5 7 unmapped 0x1000 0x2000", "expected an event: unmap, clear, protectionVMA"),
        ("0.5 7 MMU_NOTIFY_FAULT 0x1000 0x2000", "such as MMU_NOTIFY_UNMAP, or fault"),
        ("0.5 7 unmap x1000 0x2000", "expected byte addresses"), ("0.5 7 unmap NULL 0x2000", "expected byte addresses"),
        ("0.5 7 unmap 0x1000 0x20000000000000000", "expected byte addresses"),
        ("0.5 7 unmap 0x2000 0x2000", "expected an end above the start"),
        ("0.5 7 unmap 0x2000 0x1000", "expected an end above the start"),
        ("0.5 7 fault 0 0x4000000001000", "the faults have more than 16777216 pages"),
        ("7 1.000000 munmap(0x10000, 4096) = 0", "expected five fields"),
    ])
    func aWrongLineIsNamed(_ line: String, _ message: String) throws {
        let error = try #require(TraceFixture.error(["# a comment", "0.4 7 clear 0x1000 0x2000", line]))
        #expect(error.line == 3)
        #expect(error.text == line)
        #expect(error.message.contains(message), "\(error.message)")
    }

    /// A damaged first line is still told as what it was meant to be.
    @Test(arguments: [
        "0.5 unmap 0x1000 0x2000", "0.5 7 unmapp 0x1000 0x2000", "0.5 7 unmap 0x1000", "5 x fault 0 1",
    ])
    func aWrongFirstLineIsNoLineOfStrace(_ line: String) throws {
        let error = try #require(TraceFixture.error([line]))
        #expect(error.line == 1 && error.message.hasPrefix("expected"), "\(error)")
    }

    @Test func aFileThatEndsEarlyOrHoldsNothingIsRefused() throws {
        #expect(TraceFixture.error("0.5 7 unmap 0x1000 0x20".utf8)?.message.contains("the file is cut") == true)
        #expect(TraceFixture.error(["# only", "", "# comments"])?.message.contains("no line but comments") == true)
        #expect(TraceFixture.error(["0.5 7 fault 0x1000 0x2000"])?.message.contains("no invalidation") == true)
        let wide = ["0 1 clear 0 0x400000000"] + (2...17).map { "0 \($0) clear 0 0x400000000" }
        #expect(TraceFixture.error(wide)?.message.contains("more than 67108864 pages") == true)
        // strace writes no comments.
        let calls = try #require(TraceFixture.error(["# a comment", "7 1.000000 munmap(0x10000, 4096) = 0"]))
        #expect(calls.line == 1 && calls.message.contains("strace"))
    }
}
