import Foundation
import Testing

@testable import InvbenchCommand

@Suite struct ResultsLocationTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("invbench-\(UUID().uuidString)")
    private let date = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func theNameIsTimeAndCommit() {
        #expect(
            ResultsLocation.path(in: "results", machine: "box", commit: "abc1234", date: date)
                == "results/box/2027-01-15T08-00-00Z-abc1234.json")
        #expect(
            ResultsLocation.path(in: "results", machine: "box", commit: nil, date: date)
                == "results/box/2027-01-15T08-00-00Z-nocommit.json")
    }

    @Test func twoRunsInOneSecondHaveTwoNames() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = ResultsLocation.path(in: folder.path, machine: "box", commit: nil, date: date)
        try FileManager.default.createDirectory(atPath: folder.path + "/box", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: first))
        let second = ResultsLocation.path(in: folder.path, machine: "box", commit: nil, date: date)
        #expect(second == first.replacing(".json", with: "-2.json"))
    }

    @Test func twoPathsToOneFileAreSeen() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("results"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "results")
        let file = folder.path + "/results/a.json"
        #expect(ResultsLocation.isSameFile(file, folder.path + "/results/../results/./a.json"))
        #expect(ResultsLocation.isSameFile(file, folder.path + "/link/a.json"))
        #expect(!ResultsLocation.isSameFile(file, folder.path + "/link/b.json"))
    }
}
