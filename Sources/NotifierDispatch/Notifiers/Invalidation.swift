/// Why a range is invalidated. The names follow `enum mmu_notifier_event` of Linux.
public enum InvalidationEvent: UInt8, CaseIterable, Sendable {
    /// The mapping goes away: munmap, mremap's source, a MAP_FIXED mapping over an older one.
    case unmap
    /// The pages change, the mapping stays: madvise, reclaim, copy-on-write.
    case clear
    /// The protection of a whole mapping changes: mprotect.
    case protectionVMA
    /// The protection of single pages changes: fork write-protects for copy-on-write.
    case protectionPage
    /// Soft-dirty tracking clears the dirty bits.
    case softDirty
    /// The address space ends.
    case release
    /// Pages move to or from device memory.
    case migrate
    /// A device takes pages for itself.
    case exclusive
}

/// What a subscriber is told about one invalidation: which pages, why, and whether its start may block.
public struct Invalidation: Hashable, Sendable {
    /// The pages that change.
    public let range: InvalidationRange
    /// Why they change.
    public let event: InvalidationEvent
    /// `false` where the caller must not wait: a subscriber that would have to answers ``StartResponse/wouldBlock``.
    public let isBlockable: Bool

    /// Describes an invalidation; it has no effect of its own.
    @inlinable
    public init(range: InvalidationRange, event: InvalidationEvent, isBlockable: Bool = true) {
        self.range = range
        self.event = event
        self.isBlockable = isBlockable
    }
}

/// A subscriber's answer to the start of an invalidation.
public enum StartResponse: UInt8, Sendable {
    /// Every translation of the range is dropped, and none comes back before the end.
    case done
    /// Nothing was dropped and nothing is promised: the subscriber would have had to wait.
    case wouldBlock
}
