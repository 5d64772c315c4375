import Foundation
import Testing

extension EndToEndTests {
    /// Pages and exports of results files.
    @Suite struct ReportCommandTests {
        private let command: InvbenchProcess

        init() throws {
            command = try InvbenchProcess()
            try command.write(ShowCommandTests.file(), to: "a.json")
        }

        @Test func aPageHoldsEveryGuardAndLoadsNothing() throws {
            let outcome = try command.run(["report", "a.json", "-o", "report.html"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let page = try command.text(of: "report.html")
            #expect(page.contains("striped") && page.contains("mutex") && page.contains("<svg"))
            #expect(!page.contains("<script") && !page.contains("src=\"http") && !page.contains("href=\"http"))
        }

        @Test(arguments: ["bencher", "github-smaller", "github-bigger"])
        func anExportIsStrictJSON(format: String) throws {
            let outcome = try command.run(["export", "a.json", "--format", format])
            #expect(outcome.status == 0, "\(outcome.errors)")
            _ = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            #expect(outcome.output.contains("striped"))
        }

        @Test func severalHostsArePutOnOnePage() throws {
            for host in ["node1", "node2"] { try command.write(ShowCommandTests.file(host: host), to: host) }
            let outcome = try command.run(["report", "node1", "node2", "-o", "report.html"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try command.text(of: "report.html").contains("Hosts side by side"))
            for refused in [
                ["report", "node1", "node2", "-o", "x.html", "--history", "."],
                ["export", "node1", "node2", "--format", "bencher"],
            ] {
                let outcome = try command.run(refused)
                #expect(outcome.status == 2 && outcome.output.isEmpty, "\(refused)")
                #expect(outcome.errors.contains("alone"), "\(outcome.errors)")
            }
        }

        @Test func whatCannotBeReportedEndsWithTwoAndChangesNothing() throws {
            try command.write("{\"context\": {}, \"benchmarks\": []}", to: "empty.json")
            let before = try command.text(of: "a.json")
            for words in [
                ["report", "a.json"], ["report", "-o", "x.html"], ["report", "missing.json", "-o", "x.html"],
                ["report", "empty.json", "-o", "x.html"], ["report", "a.json", "-o", "a.json"],
                ["export", "a.json", "--format", "other"], ["export", "missing.json", "--format", "bencher"],
            ] {
                let outcome = try command.run(words)
                #expect(outcome.status == 2, "\(words)")
                #expect(!outcome.errors.isEmpty && outcome.output.isEmpty, "\(words)")
            }
            #expect(try command.text(of: "a.json") == before)
            #expect(!FileManager.default.fileExists(atPath: command.folder.path + "/x.html"))
        }

        @Test func aPageThatCannotBeWrittenEndsWithFive() throws {
            let outcome = try command.run(["report", "a.json", "-o", "a.json/report.html"])
            #expect(outcome.status == 5)
            #expect(outcome.errors.contains("report.html"))
        }
    }
}
