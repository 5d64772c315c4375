import Testing

@testable import InvalidationStorm

@Suite struct StormThreadsTests {
    private let allowed = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)

    private func isOversubscribed(faulters: Int, invalidators: Int, _ pin: Placement.Pin) -> Bool {
        var settings = StormSettings(scenario: .storm, faulters: faulters, invalidators: invalidators)
        settings.placement.pin = pin
        let control = StormControl(threads: settings.threads, windowLengthTicks: 1)
        return StormThreads(settings, control: control, clock: .calibrated).isOversubscribed
    }

    @Test("More threads than hardware threads that they may use are oversubscribed")
    func oversubscribed() {
        for pin in [Placement.Pin.compact, .perNode, .none] {
            #expect(!isOversubscribed(faulters: allowed.count, invalidators: 0, pin))
            #expect(isOversubscribed(faulters: allowed.count, invalidators: 1, pin))
        }
        #expect(isOversubscribed(faulters: 1, invalidators: 1, .cpus(NumberList([allowed[0]]))))
        #expect(!isOversubscribed(faulters: 1, invalidators: 0, .cpus(NumberList([allowed[0]]))))
    }
}
