import Testing

@testable import RecordedEvents

@Suite struct TraceGzipReaderTests {
    private let first = Array("1 1.000000 munmap(0x10000, 4096) = 0\n1 1.000001 munm".utf8)
    private let second = Array("ap(0x20000, 4096) = 0\n".utf8)

    @Test func membersFollowEachOther() throws {
        let file = try TraceFixture.gzip(first) + TraceFixture.gzip([]) + TraceFixture.gzip(second)
        let trace = try TraceFixture.read(file, name: "a.strace.gz")
        #expect(trace.name == "a")
        #expect(trace.steps.count == 2)
    }

    @Test func magicDecidesAndNotTheName() throws {
        #expect(try TraceFixture.read(first + second, name: "plain.gz").steps.count == 2)
        #expect(try TraceFixture.read(TraceFixture.gzip(first + second), name: "packed").steps.count == 2)
    }

    @Test func cutAnywhere() throws {
        let file = try TraceFixture.gzip(first + second)
        for length in 2..<file.count {
            let error = try #require(TraceFixture.error(file.prefix(length)))
            #expect(error.message.contains("cut: the file ends at byte \(length), after"), "\(length)")
            #expect(error.line != nil)
        }
    }

    @Test func aRecordingCutAtManyPlaces() throws {
        let file = try TraceFixture.gzip(TraceFixture.text("gcc.strace.gz"))
        for length in stride(from: 100, to: file.count, by: file.count / 40) {
            let error = try #require(TraceFixture.error(file.prefix(length)))
            #expect(error.message.contains("cut: the file ends at byte \(length)"))
        }
    }

    @Test func aBadChecksumOrLength() throws {
        let file = try TraceFixture.gzip(first + second)
        for index in file.count - 8..<file.count {
            var damaged = file
            damaged[index] ^= 0x10
            let error = try #require(TraceFixture.error(damaged))
            #expect(error.message.contains("damaged near byte"))
            #expect(error.message.contains("after 2 whole lines"))
        }
    }

    @Test func garbageBehind() throws {
        let file = try TraceFixture.gzip(first + second)
        let error = try #require(TraceFixture.error(file + Array("garbage".utf8)))
        #expect(error.message.contains("what follows the end of the gzip stream at byte \(file.count) is not gzip"))
        #expect(TraceFixture.error(file + [0])?.message.contains("gzip") == true)
    }

    @Test func everyDamagedByteOfTheStreamIsAnError() throws {
        // Not the header's ten bytes and name: gzip does not protect those.
        let file = try TraceFixture.gzip(first + second)
        let header = file.count - 8 - 40
        for index in header..<file.count {
            var damaged = file
            damaged[index] = ~damaged[index]
            #expect(TraceFixture.error(damaged) != nil)
        }
    }

    @Test func aFewBytesThatGrowIntoTooMuchAreRefused() throws {
        let packed = try TraceFixture.gzip([UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20))
        #expect(packed.count < 4096)
        var gzip = try GzipReader(path: "bomb.gz")
        var lines = TraceLines(path: "bomb.gz", mostText: 2 << 20)
        let error = #expect(throws: TraceError.self) { try gzip.inflate(packed, into: &lines) }
        #expect(error?.description == "bomb.gz:1: more than 2 MiB of text; record a shorter run")
    }
}
