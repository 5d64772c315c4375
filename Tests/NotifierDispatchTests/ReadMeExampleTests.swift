import Foundation
import NotifierDispatch
import Synchronization
import Testing

/// What the README's example takes for granted.
private final class TranslationTable: Sendable {
    private let entries = Mutex<[Int: Int]>([:])

    subscript(page: Int) -> Int? {
        get { entries.withLock { $0[page] } }
        set { entries.withLock { $0[page] = newValue } }
    }
}

private let table = TranslationTable()

@Suite("The README's example")
struct ReadMeExampleTests {
    @Test("It does what it says")
    func example() throws {
        let page = 3
        let range = try #require(InvalidationRange(pages: 0..<8))
        let lookUp: (Int) -> Int = { $0 + 39 }
        let unmap = { #expect(table[page] == nil) }

        // README
        final class MyTranslationCache: TranslationCache {
            let `guard`: IntervalGuard  // or another guard
            init(guard anyGuard: IntervalGuard) { `guard` = anyGuard }
            func drop(_ range: InvalidationRange) { for page in range.pages { table[page] = nil } }
        }

        let space = AddressSpace()
        let cache = MyTranslationCache(guard: IntervalGuard(space: space, pages: 1 << 20))
        try RCU.withRegisteredThread {
            let subscription = try space.register(cache, over: range)
            let outcome = cache.guard.fault(at: page, walk: { lookUp(page) }, install: { table[page] = $0 })
            print(outcome.status, table[page] ?? "nothing")  // installed 42
            space.invalidate(range, event: .unmap) { unmap() }  // start, your change, end: always paired
            space.unregister(subscription)
        }
        // README

        #expect(table[page] == nil)
        let outcome = RCU.withRegisteredThread { cache.guard.fault(at: page, walk: { 42 }, install: { _ in }) }
        #expect(outcome.status == .dead)
    }

    @Test("It is what the README shows")
    func isTheReadMes() throws {
        let here = URL(fileURLWithPath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readMe = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let shown = try #require(readMe.components(separatedBy: "```swift\nimport NotifierDispatch\n\n").last)
            .components(separatedBy: "```")[0]
        let source = try String(contentsOf: here, encoding: .utf8).components(separatedBy: "        // README\n")[1]
        let indent = String(repeating: " ", count: 8)
        let tested = source.components(separatedBy: "\n").map { $0.hasPrefix(indent) ? String($0.dropFirst(8)) : $0 }
        #expect(shown == tested.joined(separator: "\n"))
    }
}
