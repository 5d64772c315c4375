import Testing

@testable import InvalidationStorm

@Suite struct StormThreadsTests {
    private let allowed = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)

    private func threads(faulters: Int, invalidators: Int, _ pin: Placement.Pin) -> StormThreads {
        var settings = StormSettings(scenario: .storm, faulters: faulters, invalidators: invalidators)
        settings.placement.pin = pin
        let control = StormControl(threads: settings.threads, windowLengthTicks: 1)
        return StormThreads(settings, control: control, clock: .calibrated)
    }

    private func isOversubscribed(faulters: Int, invalidators: Int, _ pin: Placement.Pin) -> Bool {
        threads(faulters: faulters, invalidators: invalidators, pin).isOversubscribed
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

    @Test("The cores are looked at where each thread has one to itself")
    func probes() {
        #expect(threads(faulters: 1, invalidators: 0, .compact).probes != nil)
        #expect(threads(faulters: allowed.count, invalidators: 0, .compact).probes != nil)
        #expect(threads(faulters: allowed.count, invalidators: 1, .compact).probes == nil)
    }
}
