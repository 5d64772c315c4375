import Foundation
import Testing

@testable import BenchmarkRecords

/// A folder of the test's own, gone with the test.
private final class ScratchFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "row-stream-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The pieces that Google Benchmark's reporter makes of a document.
private enum Document {
    static let header = "{\n  \"context\": {\"machine_id\": \"m\"},\n  \"benchmarks\": [\n"
    static let closing = "\n  ]\n}\n"

    static func row(_ index: Int, padding: Int = 0) -> String {
        (index == 0 ? "" : ",\n")
            + """
                {"name": "row\(index)\(String(repeating: "x", count: padding))", "run_type": "iteration", "iterations": 1,
                 "real_time": 1, "cpu_time": 1, "time_unit": "ns"}
            """
    }

    /// How many rows the file has; throws when it is not whole.
    static func rowCount(of path: String) throws -> Int { try ResultsFile(reading: path).rows.count }
}

@Suite struct RowStreamTests {
    @Test func theFileParsesAfterEveryRow() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/new/folders/results.json"
        let stream = try RowStream(creating: path)
        #expect(try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path)))) == .object([]))
        try stream.begin(Document.header, closing: Document.closing)
        #expect(try Document.rowCount(of: path) == 0)
        for index in 0..<40 {
            // Rows longer and shorter than the brackets, across page boundaries.
            try stream.append(Document.row(index, padding: index.isMultiple(of: 3) ? 5000 : 0))
            #expect(try Document.rowCount(of: path) == index + 1)
        }
        try stream.finish()
        try stream.finish()
        #expect(try Document.rowCount(of: path) == 40)
        #expect(stream.failure == nil)
    }

    @Test func neverWritesOverAFile() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/results.json"
        try Data("kept".utf8).write(to: URL(fileURLWithPath: path))
        do {
            _ = try RowStream(creating: path)
            Issue.record("a file that exists was opened")
        } catch {
            #expect(error.description == "\(path): cannot create: File exists")
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "kept")
    }

    @Test func namesTheFolderThatCannotBeMade() throws {
        let folder = try ScratchFolder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
        do {
            _ = try RowStream(creating: folder.path + "/file/sub/results.json")
            Issue.record("a file was taken for a folder")
        } catch {
            #expect(error.description.hasSuffix("Not a directory"))
        }
        do {
            _ = try RowStream(creating: "/proc/none/results.json")
            Issue.record("a folder was made in /proc")
        } catch {
            #expect(error.description.contains("cannot create the folder /proc/none: "))
        }
    }

    /// A limit on the size of files stops a row in its middle, as a full disk does, and needs no privileges.
    @Test func aRowThatDoesNotFitLeavesTheRowsBefore() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let folder = try ScratchFolder()
            let path = folder.path + "/results.json"
            let stream = try RowStream(creating: path)
            try stream.begin(Document.header, closing: Document.closing)
            try expectRowsUntilFull(stream)
        }
    }

    @Test func aHeaderThatDoesNotFitLeavesNoFile() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let folder = try ScratchFolder()
            let path = folder.path + "/results.json"
            let stream = try RowStream(creating: path)
            #expect(throws: RowStreamError.self) {
                try stream.begin(Document.header + String(repeating: " ", count: 100), closing: Document.closing)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    /// The real thing: a file system of four pages, filled up.
    @Test(.enabled(if: SmallDisk.isAllowed, "mounting a small file system needs the rights of root"))
    func aFullDiskLeavesTheRowsBefore() async {
        await #expect(processExitsWith: .success) {
            let path = try SmallDisk.enter() + "/results.json"
            let stream = try RowStream(creating: path)
            try stream.begin(Document.header, closing: Document.closing)
            try expectRowsUntilFull(stream)
        }
    }

    @Test(.enabled(if: SmallDisk.isAllowed, "mounting a small file system needs the rights of root"))
    func aDiskThatIsFullBeforeLeavesNoFile() async {
        await #expect(processExitsWith: .success) {
            let path = try SmallDisk.enter() + "/results.json"
            let filler = open("other", O_WRONLY | O_CREAT, 0o600)
            try #require(filler >= 0)
            let page = [UInt8](repeating: 1, count: 4096)
            while write(filler, page, page.count) > 0 {}
            #expect(throws: RowStreamError.self) { try RowStream(creating: path) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}

/// Appends until a row fails, and checks what is promised then: one error, and a file with the rows before.
private func expectRowsUntilFull(_ stream: RowStream) throws {
    var written = 0
    var error: RowStreamError?
    while error == nil && written < 1000 {
        do {
            try stream.append(Document.row(written, padding: 200))
            written += 1
        } catch let caught {
            error = caught
        }
        #expect(try Document.rowCount(of: stream.path) == written)
    }
    #expect(written > 2)
    #expect(stream.failure?.description == error?.description)
    #expect(error?.description.contains("restored") == false)
    // Rows after the failure are dropped, also short ones that would fit.
    try stream.append(Document.row(written))
    try stream.finish()
    #expect(try Document.rowCount(of: stream.path) == written)
}

/// A file system of 16 KiB.
private enum SmallDisk {
    static let isAllowed: Bool = {
        guard let folder = try? ScratchFolder(), mount("none", folder.path, "tmpfs", 0, "size=16k") == 0 else {
            return false
        }
        return umount2(folder.path, Int32(MNT_DETACH)) == 0
    }()

    /// Makes a small disk the working folder and returns a path to it. The disk is detached at once and so goes with
    /// the process, however that ends.
    static func enter() throws -> String {
        let folder = try ScratchFolder()
        try #require(mount("none", folder.path, "tmpfs", 0, "size=16k") == 0)
        try #require(chdir(folder.path) == 0 && umount2(folder.path, Int32(MNT_DETACH)) == 0)
        return "/proc/self/cwd"
    }
}
