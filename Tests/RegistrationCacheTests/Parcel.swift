import Synchronization

@testable import RegistrationCache

/// A pin that goes from one thread to another.
final class Parcel: Sendable {
    private let address: Atomic<UInt>

    init(_ region: consuming PinnedRegion) { address = Atomic(UInt(bitPattern: region.relinquish())) }

    /// The pin, once.
    func open() -> PinnedRegion {
        guard let pin = UnsafeMutableRawPointer(bitPattern: address.exchange(0, ordering: .acquiringAndReleasing))
        else {
            fatalError("opened twice")
        }
        return PinnedRegion(relinquished: pin)
    }
}
