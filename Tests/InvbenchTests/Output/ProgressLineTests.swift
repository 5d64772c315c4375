import Testing

@testable import InvbenchCommand

@Suite struct ProgressLineTests {
    @Test func itSaysHowFarAndHowLong() {
        let line = ProgressLine.line(position: 74, total: 300, name: "storm/mutex/calm/faulters:1", secondsLeft: 61.2)
        #expect(line == "cell 75 of 300  storm/mutex/calm/faulters:1  24 %, 1:02 left")
    }

    @Test func itFitsATerminal() {
        let name = String(repeating: "x", count: 200)
        let line = ProgressLine.line(position: 0, total: 3, name: name, secondsLeft: 5)
        #expect(line.count == 79 && line.hasSuffix("  0 %, 0:05 left"))
    }
}
