import Testing

@testable import InvbenchCommand

@Suite struct ExitStatusTests {
    @Test func theWorstNewsWins() {
        #expect(ExitStatus.ofRun(signal: nil, sawStaleTranslations: false, lostOutput: false).code == 0)
        #expect(ExitStatus.ofRun(signal: nil, sawStaleTranslations: false, lostOutput: true).code == 5)
        #expect(ExitStatus.ofRun(signal: nil, sawStaleTranslations: true, lostOutput: true).code == 3)
        #expect(ExitStatus.ofRun(signal: 2, sawStaleTranslations: true, lostOutput: true).code == 130)
        #expect(ExitStatus.ofRun(signal: 15, sawStaleTranslations: false, lostOutput: false).code == 143)
    }

    @Test func comparisonsHaveCodesOfTheirOwn() {
        #expect(ExitStatus.regression.code == 1)
        #expect(ExitStatus.undecided.code == 4)
        #expect(ExitStatus.incomplete.code == 4)
    }
}
