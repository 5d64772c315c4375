import Foundation
import Testing

/// The page in a real browser, where there is one.
@Suite struct BrowserTests {
    /// A headless Chromium on the path.
    private static let browser: String? = {
        let folders = ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":")
        let paths = ["chromium", "chromium-browser", "google-chrome"].flatMap { name in folders.map { "\($0)/\(name)" }
        }
        return paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// What the browser wrote about `page`: its messages, and the requests that the page itself made.
    private func open(_ page: String) throws -> (messages: String, requests: [String]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("page.html")
        try Data(page.utf8).write(to: file)
        let log = folder.appendingPathComponent("net.json")
        let messages = folder.appendingPathComponent("messages")
        try Data().write(to: messages)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.browser))
        process.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--user-data-dir=\(folder.path)/profile", "--enable-logging=stderr", "--log-net-log=\(log.path)",
            "--window-size=360,800", "--virtual-time-budget=3000", "--dump-dom", file.absoluteString,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: messages)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return (
            try String(contentsOf: messages, encoding: .utf8),
            Self.requests(in: try String(contentsOf: log, encoding: .utf8))
        )
    }

    /// The addresses in a net log that are not local, and were asked for by a page: the browser's own have no initiator.
    private static func requests(in log: String) -> [String] {
        log.split(separator: "\n").filter { line in
            line.contains("\"initiator\":") && !line.contains("\"initiator\":\"not an origin\"")
        }
        .compactMap { line in line.firstMatch(of: #/"url":"((?:https?|wss?|ftp):[^"]*)"/#).map { String($0.1) } }
    }

    @Test(.enabled(if: browser != nil)) func pageIsQuietAndAsksForNothing() throws {
        let (messages, requests) = try open(ReportFixture.standard().page)
        #expect(!messages.contains(":CONSOLE"), "\(messages)")
        #expect(requests.isEmpty)
    }

    /// The control: what the test above looks for is seen where it is.
    @Test(.enabled(if: browser != nil)) func noiseAndRequestsAreSeen() throws {
        let page = "<!DOCTYPE html><script>console.error('seen')</script><img src=\"http://nowhere.invalid/a.png\">"
        let (messages, requests) = try open(page)
        #expect(messages.contains(":CONSOLE"))
        #expect(requests.contains { $0.contains("://nowhere.invalid/") })
    }
}
