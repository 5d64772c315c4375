import Synchronization

/// Who causes invalidations of its own, so that its own subscribers can be passed by.
///
/// A device that moves pages into its memory knows that it does; telling it would only make it throw away what it is
/// about to install. Give the same owner to the subscriber and to the invalidation. Only ``InvalidationEvent/migrate``
/// and ``InvalidationEvent/exclusive`` exempt their owner: whoever skipped an unmap of its own would keep stale
/// translations.
public struct InvalidationOwner: Hashable, Sendable {
    /// 1 and up; 0 stands for nobody.
    @usableFromInline
    let number: UInt32

    /// An owner that differs from every other one in the process; at most 2^32 - 1 of them can be made.
    public init() {
        // Relaxed: only uniqueness matters.
        number = Self.last.wrappingAdd(1, ordering: .relaxed).newValue
        precondition(number != 0, "more than 4,294,967,295 owners of invalidations were made")
    }

    init?(number: UInt32) {
        guard number != 0 else { return nil }
        self.number = number
    }

    private static let last = Atomic<UInt32>(0)
}
