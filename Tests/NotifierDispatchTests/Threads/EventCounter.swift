import Synchronization

/// Counts what happens on any thread.
final class EventCounter: Sendable {
    private let events = Atomic<Int>(0)

    func count() { add(1) }

    func add(_ amount: Int) { events.wrappingAdd(amount, ordering: .acquiringAndReleasing) }

    var value: Int { events.load(ordering: .acquiring) }
}
