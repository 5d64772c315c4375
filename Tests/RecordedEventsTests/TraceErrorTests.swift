import Testing

@testable import RecordedEvents

@Suite struct TraceErrorTests {
    @Test func descriptionNamesFileLineAndText() {
        let error = TraceError(file: "a.gz", line: 7, text: Array("x\u{1b}[2J\"".utf8)[...], message: "wrong")
        #expect(error.description == "a.gz:7: wrong: \"x\\x1b[2J\"\"")
        #expect(TraceError(file: "a", message: "wrong").description == "a: wrong")
    }

    @Test func longTextIsClipped() throws {
        let text = [UInt8](repeating: 1, count: 500)
        let shown = try #require(TraceError(file: "a", text: text[...], message: "").text)
        #expect(shown.count == 200)
        #expect(shown.hasSuffix("..."))
        let whole = [UInt8](repeating: UInt8(ascii: "x"), count: 200)
        #expect(TraceError(file: "a", text: whole[...], message: "").text == String(repeating: "x", count: 200))
    }
}
