import Testing

@testable import InvalidationStorm

@Suite struct ScriptedStormTests {
    @Test(arguments: [(1, 1), (257, 1), (4, 0), (4, 9), (4, 5)])
    func aMachineOutOfRangeIsRefused(cores: Int, nodes: Int) {
        #expect(VirtualMachine(cores: cores, nodes: nodes) == nil)
    }

    @Test func nodesHaveTheirCoresInARow() throws {
        let machine = try #require(VirtualMachine(cores: 10, nodes: 4))
        #expect((0..<10).map(machine.node) == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3])
    }

    @Test func eachCoreHasOneTurnInEachRound() throws {
        let machine = try #require(VirtualMachine(cores: 5, nodes: 1))
        let order = ScriptedTurns.order(on: machine)
        #expect(order.last == 5)
        let rounds = stride(from: 0, to: order.count - 1, by: 5).map { Array(order[$0..<$0 + 5]) }
        #expect(rounds.count == 2 * ScriptedWork.turns(of: 5))
        #expect(rounds.allSatisfy { $0.sorted() == [0, 1, 2, 3, 4] })
        #expect(Set(rounds).count > 60)
        #expect(ScriptedTurns.order(on: machine) == order)
    }

    /// Nobody waits for a lock that a thread without the baton holds: every guard comes to the end of both scripts. What is
    /// counted needs the tool.
    @Test(arguments: GuardCatalogue.builtIn.map(\.name), ScriptedWork.allCases)
    func everyGuardComesToTheEnd(name: String, work: ScriptedWork) throws {
        let entry = try #require(GuardCatalogue.builtIn.first { $0.name == name })
        guard entry.refusal() == nil else { return }
        let machine = try #require(VirtualMachine(cores: 3, nodes: 2))
        let count = try #require(entry.count)
        #expect(count(work, machine).isEmpty)
    }
}
