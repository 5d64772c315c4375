import Testing

@testable import InvalidationStorm

@Suite struct NumberListTests {
    @Test("Lists are read in their order, and written so that they are read as the same")
    func lists() throws {
        for (text, numbers) in [
            ("0", [0]), ("0-3,8", [0, 1, 2, 3, 8]), ("8,0-1", [8, 0, 1]), ("0,0", [0, 0]), ("5-5", [5]),
            ("2,1", [2, 1]),
        ] {
            let list = try #require(NumberList(text))
            #expect(list.numbers == numbers)
            #expect(NumberList(list.text()) == list)
        }
        #expect(NumberList([0, 1, 2, 8, 9, 4]).text() == "0-2,8-9,4")
        #expect(NumberList([0, 1, 2, 8]).text(separator: "+") == "0-2+8")
    }

    @Test(
        "What is no list is refused", arguments: ["", ",", "1,", "3-1", "-1", "1-", "a", "1-2-3", "+1", "0 ", "65536"])
    func refused(text: String) { #expect(NumberList(text) == nil) }

    @Test("Pins are read as they are written", arguments: ["compact", "scatter", "per-node", "none", "cpus:0-3,8"])
    func pins(text: String) { #expect(Placement.Pin(text)?.description == text) }

    @Test("Other pins are refused", arguments: ["", "Compact", "cpus", "cpus:", "cpus:a", "cpu:1", "compact:1"])
    func refusedPins(text: String) { #expect(Placement.Pin(text) == nil) }
}
