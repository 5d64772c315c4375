import Synchronization

@testable import NotifierDispatch

/// Two threads that come to the same points at the same moment, again and again.
final class Meeting: Sendable {
    private let arrived = Atomic<Int>(0)

    /// Holds both threads until they are at the same point. Points are numbered from 0, and each thread comes to all.
    func meet(at point: Int) {
        arrived.wrappingAdd(1, ordering: .acquiringAndReleasing)
        var backoff = Backoff()
        while arrived.load(ordering: .acquiring) < 2 * (point + 1) { backoff.pause() }
    }
}
