import Foundation
import NotifierDispatch
import SeededNumbers
import Testing

@testable import RecordedEvents

@Suite struct TraceReadingTests {
    private func count(_ trace: Trace) -> [InvalidationEvent: Int] {
        Dictionary(grouping: trace.steps, by: \.event).mapValues(\.count)
    }

    private func recording(_ name: String) throws -> Trace {
        try Trace(contentsOf: TraceFixture.recordings.appending(path: "\(name).strace.gz").path)
    }

    // No call failed in the three recordings (`zgrep -c '= -1'` gives 0). What `zgrep -cE` counts stands beside the
    // figures. The rest, and the number of pages, was counted by a program that shares nothing with this one: a
    // dictionary with an entry for each page of each space.

    @Test func redis() throws {
        let trace = try recording("redis")
        #expect(trace.name == "redis")
        // 'MADV_(DONTNEED|FREE)': 3283, each in one mapping. One fork, over the 4 runs of its 21 mappings before it. The one
        // mprotect gives a thread's stack its first rights: no page of it is there.
        #expect(count(trace) == [.clear: 3283, .protectionPage: 4])
        #expect(trace.source?.releases == 2)
        // What fork raises; and 30 times memory is discarded that was mapped before strace was attached.
        #expect(trace.source?.uncertainSteps == 4 + 30)
        #expect(trace.pages == 107_780)
        // The last call to discard is line 3354.
        #expect(trace.steps.last?.nanoseconds == 35_713_259_000)
    }

    @Test func java() throws {
        let trace = try recording("java")
        // 'MAP_FIXED\|': 7776, 'munmap\(': 28. 'mprotect\(': 1165, of which 21 give first rights where nothing is touched.
        // 'madvise\(': 9, eight of them over a stack and its guard page, which are two mappings; 183 times a mapping is cut
        // within a whole 2 MiB.
        #expect(count(trace) == [.clear: 9 + 8 + 183, .protectionVMA: 1165 - 21, .unmap: 7776 + 28])
        #expect(trace.source?.releases == 1)
        #expect(trace.source?.uncertainSteps == 1144 + 183)
        #expect(trace.pages == 235_727)
    }

    @Test func gcc() throws {
        let trace = try recording("gcc")
        // 'mprotect\(': 20. 'MAP_FIXED\|': 45, 'munmap\(': 9, 4 brk below the one before; one mapping is cut within a whole 2 MiB.
        #expect(count(trace) == [.clear: 1, .protectionVMA: 20, .unmap: 45 + 9 + 4])
        #expect(trace.source?.releases == 3)
        #expect(trace.source?.uncertainSteps == 21)
        #expect(trace.pages == 3_830)
    }

    @Test(arguments: ["redis", "java", "gcc"])
    func everyStepLiesInThePagesAndNoTimeGoesBack(_ name: String) throws {
        let trace = try recording(name)
        #expect(trace.steps.allSatisfy { $0.range.endPage <= trace.pages })
        #expect(trace.steps.map(\.range.endPage).max() == trace.pages)
        #expect(trace.steps.map(\.range.startPage).min() == 0)
        #expect(zip(trace.steps, trace.steps.dropFirst()).allSatisfy { $0.nanoseconds <= $1.nanoseconds })
    }

    @Test(arguments: [
        ("folder/redis.strace.gz", "redis"), ("redis.strace", "redis"), ("redis.gz", "redis"), ("redis", "redis"),
        ("a.b.strace.gz", "a.b"), ("x.strace.strace.gz", "x.strace"), (".gz", ".gz"), ("a.gz.strace", "a.gz"),
    ])
    func theNameIsTheFilesWithoutItsEndings(_ path: String, _ name: String) {
        #expect(Trace.name(ofFile: path) == name)
    }

    @Test func filesThatAreNoTrace() throws {
        #expect(throws: TraceError.self) { try Trace(contentsOf: "/nonexistent/trace") }
        let folder = #expect(throws: TraceError.self) { try Trace(contentsOf: "/") }
        #expect(folder?.message.contains("cannot be read") == true)
        #expect(TraceFixture.error([UInt8]())?.message.contains("empty") == true)
        #expect(TraceFixture.error(try TraceFixture.gzip([]))?.message.contains("empty") == true)
        #expect(
            TraceFixture.error(["1 1.000000 mlock(0x10000, 4096) = 0"])?.message.contains("no invalidation") == true)
        #expect(TraceFixture.error(["", "1 1.000000 brk(NULL) = 0x1"])?.line == 2)
        #expect(TraceFixture.error([0x1f])?.line == 1)
        let long = TraceFixture.error([
            "1 1.000000 brk(" + String(repeating: "x", count: TraceLines.longestLine) + ") = 0"
        ])
        #expect(long?.message.contains("longer") == true)
    }

    @Test func anErrorLooksLikeACompilers() throws {
        let lines = ["1 1.000000 munmap(0x10000, 4096) = 0", "21560 17952260"]
        let error = try #require(TraceFixture.error(lines))
        #expect(error.file.hasSuffix("/test.strace"))
        #expect(error.description == "\(error.file):2: not a line that strace -f -ttt writes: \"21560 17952260\"")
    }

    /// A program's recording cut after any byte is an error: in a line, or while its threads run.
    @Test func cutAfterManyBytes() throws {
        let text = try TraceFixture.text("gcc.strace.gz")
        let newlines = text.indices.filter { text[$0] == UInt8(ascii: "\n") }
        for length in stride(from: 1, to: text.count, by: 997) + newlines.dropLast().map({ $0 + 1 }).prefix(200) {
            let whole = newlines.prefix { $0 < length }.count
            let error = try #require(TraceFixture.error(text.prefix(length)))
            let isBetweenLines = length == (whole == 0 ? 0 : newlines[whole - 1] + 1)
            if isBetweenLines {
                #expect(try #require(error.line) <= whole)
            } else {
                #expect(error.line == whole + 1)
            }
        }
    }

    /// Two lines of a recording change places: their times, or what they say, show it.
    @Test func linesOutOfOrder() throws {
        let lines = try TraceFixture.text("redis.strace.gz").split(separator: UInt8(ascii: "\n"))
        for index in stride(from: 0, to: lines.count - 1, by: 211) {
            var swapped = lines
            swapped.swapAt(index, index + 1)
            let error = try #require(
                TraceFixture.error(swapped.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")]))
            #expect(try #require(error.line) <= index + 2)
        }
    }

    /// Thousands of small damages to real lines: each loads, or gives a ``TraceError`` that names a line or the whole
    /// file; none traps.
    @Test(arguments: ["redis", "java", "gcc"])
    func damagedLinesNeverTrap(_ name: String) throws {
        let lines = try TraceFixture.text("\(name).strace.gz").split(separator: UInt8(ascii: "\n"))
        let pieces =
            ["0", "9", "f", "(", ")", ",", "|", " ", "=", "-1", "?", "0x", "\0", "\n", "18446744073709551615"]
            + [
                "0xffffffffffffffff", " <unfinished ...>", "<... munmap resumed>", "NULL", "+++", "MAP_FIXED",
                "CLONE_VM",
            ]
        var generator = SplitMix(state: UInt64(name.utf8.count))
        var refused = 0
        for _ in 0..<1500 {
            let start = Int.random(in: 0..<lines.count, using: &generator)
            var text = Array(lines[start...].prefix(12).joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !text.isEmpty {
                let place = Int.random(in: 0..<text.count, using: &generator)
                let end = min(text.count, place + Int.random(in: 0...6, using: &generator))
                let piece = Array((pieces.randomElement(using: &generator) ?? "").utf8)
                text.replaceSubrange(place..<end, with: piece)
            }
            do {
                let trace = try TraceFixture.read(text)
                #expect(trace.steps.allSatisfy { $0.range.endPage <= trace.pages })
            } catch {
                #expect(error is TraceError)
                refused += 1
            }
        }
        #expect(refused > 500)
    }
}
