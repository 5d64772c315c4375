import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct BystandersTests {
    let invalidation = Invalidation(range: InvalidationRange(pages: 0..<1)!, event: .clear)

    @Test("Invariant 1: every bystander is told of every start, and of its end")
    func pairedCalls() throws {
        let space = StormSpace(pages: 64)
        try RCU.withRegisteredThread {
            let bystanders = try Bystanders(listed: 16, intervals: 4, on: space)
            for round in 1...3 {
                space.notifiers.invalidate(invalidation.range, event: .clear) {
                    #expect(bystanders.starts == UInt64(16 * round))
                    #expect(bystanders.openSections == 16)
                }
                #expect(bystanders.openSections == 0)
            }
            bystanders.leave()
        }
    }

    @Test("Bystanders with ranges divide the pages between them, and hear of their own until they leave")
    func dividedPages() throws {
        let space = StormSpace(pages: 10)
        try RCU.withRegisteredThread {
            let bystanders = try Bystanders(listed: 0, intervals: 4, on: space)
            for (number, page) in (0..<10).enumerated() {
                let range = try #require(InvalidationRange(pages: page..<page + 1))
                space.notifiers.invalidate(range, event: .clear) {}
                #expect(bystanders.startsInRanges == UInt64(number + 1))
            }
            space.notifiers.invalidate(space.pageTable.wholeRange, event: .clear) {}
            #expect(bystanders.startsInRanges == 14)
            bystanders.leave()
            space.notifiers.invalidate(space.pageTable.wholeRange, event: .clear) {}
            #expect(bystanders.startsInRanges == 14)
        }
    }

    @Test("A fanout's starts reach all of its bystanders, from two invalidators")
    func fanout() throws {
        let device = Device(pageTable: PageTable(pages: 65_536)) { StripeMutexGuard(pages: $0.pages) }
        let lives = RCU.withRegisteredThread {
            SpaceLives(scenario: .fanout, pairing: .targetedUndo, device: device)
        }
        let threads = (0..<2).map { number in
            RoleThread(number: number) {
                for _ in 0..<100 { lives.space.notifiers.invalidate(invalidation.range, event: .clear) {} }
            }
        }
        threads.forEach { $0.join() }
        #expect(lives.bystanders.starts == 16 * 200)
        #expect(lives.bystanders.startsInRanges == 200)
        RCU.withRegisteredThread { lives.end() }
    }

    @Test("An end without a start traps")
    func unpairedEndTraps() async {
        await #expect(processExitsWith: .failure) {
            let bystander = Bystander()
            let invalidation = Invalidation(range: InvalidationRange(pages: 0..<1)!, event: .clear)
            #expect(bystander.invalidationStarted(invalidation) == .done)
            bystander.invalidationEnded(invalidation)
            bystander.invalidationEnded(invalidation)
        }
    }

    @Test("A run that ends with a section open traps")
    func openSectionTrapsAtTheEnd() async {
        await #expect(processExitsWith: .failure) {
            let device = Device(pageTable: PageTable(pages: 65_536)) { _ in UnprotectedGuard() }
            RCU.withRegisteredThread {
                let lives = SpaceLives(scenario: .fanout, pairing: .targetedUndo, device: device)
                let invalidation = Invalidation(range: InvalidationRange(pages: 0..<1)!, event: .clear)
                let section = lives.space.notifiers.invalidateRangeStart(invalidation)
                lives.end()
                if let section { lives.space.notifiers.invalidateRangeEnd(section) }
            }
        }
    }
}
