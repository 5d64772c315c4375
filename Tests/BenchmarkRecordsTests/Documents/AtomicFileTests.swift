import Foundation
import Testing

@testable import BenchmarkRecords

@Suite final class AtomicFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("atomic-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private func reason(of path: String) -> String {
        do {
            try AtomicFile.write("new", to: path)
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test func createsFoldersAndReplacesWhatIsThere() throws {
        try AtomicFile.write("old and longer", to: path("a/b/file"))
        try AtomicFile.write("n\u{e9}w\n", to: path("a/b/file"))
        #expect(try text("a/b/file") == "n\u{e9}w\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: path("a/b")) == ["file"])
    }

    @Test func whatCannotBeReplacedStaysAndNothingIsLeftBeside() throws {
        try AtomicFile.write("inside", to: path("taken/file"))
        #expect(reason(of: path("taken")) == "\(path("taken")): cannot replace: Is a directory")
        #expect(try text("taken/file") == "inside")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        try AtomicFile.write("a file", to: path("taken"))
        #expect(reason(of: path("taken/below/file")).contains("cannot create the folder \(path("taken/below"))"))
        #expect(try text("taken") == "a file")
    }

    @Test func aFolderWhereNothingCanBeCreatedIsNamed() {
        #expect(reason(of: "/proc/self/file").hasPrefix("/proc/self/file: cannot create: "))
    }
}
