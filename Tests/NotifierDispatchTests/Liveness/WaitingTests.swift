import Testing

@testable import NotifierDispatch

/// Stops a thread in each window, lets another one try each action, and compares who waits with the article.
///
/// Each guard in a process of its own: a wrong one may hang, and keep grace periods from ending with it.
@Suite("Who waits for whom", .serialized)
struct WaitingTests {
    @Test("As the article Waiting.md has it", arguments: ProtectedGuard.allCases)
    func asTheArticleSays(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled(after: 100) {
                let article = try WaitingArticle()
                for window in Window.allCases where window != .claim || !kind.holdsLock {
                    let expected = article.row(window, kind) ?? [:]
                    var differences: [String] = []
                    for action in Action.allCases {
                        let progress = try Self.progress(of: action, beside: window, kind, expected: expected[action])
                        if progress != expected[action] {
                            let inTheArticle = expected[action]?.rawValue ?? "nothing"
                            differences.append(
                                "\(action.rawValue): \(inTheArticle) in the article, \(progress.rawValue)")
                        }
                    }
                    let text = differences.joined(separator: "; ")
                    #expect(differences.isEmpty, "\(kind.rawValue) beside \"\(window.rawValue)\": \(text)")
                }
            }
        }
    }

    /// What comes of an action while a thread is stopped. What is expected decides how long it is waited for: what is to
    /// go on gets far more time than it needs, what is to wait enough to go wrong in.
    static func progress(
        of action: Action, beside window: Window, _ kind: ProtectedGuard, expected: Progress?
    ) throws -> Progress {
        let scene = try WaitingScene(kind)
        let stopped = try StoppedThread(in: window, of: scene)
        let attempt = Attempt { scene.perform(action) }
        let goesOn = expected == .waits ? !attempt.waits() : attempt.goesOn(milliseconds: 500)
        guard stopped.goOn(), attempt.goesOn(milliseconds: 5_000) else { return .hangs }
        return goesOn ? .goesOn : .waits
    }

    @Test("The article has a row for each guard in each table")
    func articleIsComplete() throws {
        let article = try WaitingArticle()
        for window in Window.allCases {
            for kind in ProtectedGuard.allCases {
                #expect((article.row(window, kind) == nil) == (window == .claim && kind.holdsLock))
            }
        }
    }

    @Test("An article whose tables cannot be read is refused")
    func malformedArticle() {
        let heading = "## A fault in its walk\n"
        #expect(throws: WaitingArticle.Malformed.self) { try WaitingArticle(text: heading + "| guards | fault |") }
        #expect(throws: WaitingArticle.Malformed.self) { try WaitingArticle(text: heading + "| `mutex` | . | . |") }
        #expect(throws: Never.self) { try WaitingArticle(text: "## Something else\n| a | b |") }
    }
}
