import CZlib
import Foundation
import NotifierDispatch
import Testing

@testable import RecordedEvents

/// Trace files for tests: written to a temporary folder, read, removed.
enum TraceFixture {
    /// The recordings that the command brings along.
    static let recordings = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Sources/InvbenchCommand/Traces"
    ).standardizedFileURL

    /// Reads `bytes` as a file of that name. Throws what the reader throws.
    static func read(_ bytes: some Sequence<UInt8>, name: String = "test.strace") throws -> Trace {
        try withFile(name) { path in
            try Data(bytes).write(to: URL(filePath: path))
            return try Trace(contentsOf: path)
        }
    }

    /// Reads the lines, each ended by a newline.
    static func read(_ lines: [String]) throws -> Trace {
        try read(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// The error that the lines give; records an issue where there is none.
    static func error(_ lines: [String]) -> TraceError? { error(lines.map { $0 + "\n" }.joined().utf8) }

    static func error(_ bytes: some Sequence<UInt8>, name: String = "test.strace") -> TraceError? {
        do {
            let trace = try read(bytes, name: name)
            Issue.record("loaded, with \(trace.steps.count) steps")
            return nil
        } catch {
            return error as? TraceError
        }
    }

    /// `bytes` as one gzip member.
    static func gzip(_ bytes: some Sequence<UInt8>) throws -> [UInt8] {
        try withFile("member.gz") { path in
            let file = try #require(gzopen(path, "wb"))
            let bytes = Array(bytes)
            let written = gzwrite(file, bytes, UInt32(bytes.count))
            try #require(gzclose(file) == Z_OK && Int(written) == bytes.count)
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        }
    }

    /// The uncompressed text of a recording.
    static func text(_ recording: String) throws -> [UInt8] {
        let file = try #require(gzopen(recordings.appending(path: recording).path, "rb"))
        defer { gzclose(file) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Int(gzread(file, &chunk, UInt32(chunk.count)))
            if count <= 0 { return text }
            text += chunk.prefix(count)
        }
    }

    static func withFile<Result>(_ name: String, _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "invbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.appending(path: name).path)
    }

    /// What a test expects of one step: its event and pages; the time is checked where a test is about time.
    struct Step: Equatable {
        let event: InvalidationEvent
        let pages: Range<Int>

        init(_ event: InvalidationEvent, _ pages: Range<Int>) {
            self.event = event
            self.pages = pages
        }
    }
}

extension Trace {
    /// The steps without their times.
    var expected: [TraceFixture.Step] { steps.map { TraceFixture.Step($0.event, $0.range.pages) } }
}
