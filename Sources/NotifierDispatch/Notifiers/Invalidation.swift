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
    /// The address space ends: what ``Subscriptions/release()`` tells those that watch ranges. Not to be sent by hand:
    /// guards on ranges are dead after it.
    case release
    /// Pages move to or from device memory. Exempts its owner.
    case migrate
    /// A device takes pages for itself. Exempts its owner.
    case exclusive
}

/// What a subscriber is told about one invalidation: which pages, why, whether its start may block, and who caused it.
public struct Invalidation: Hashable, Sendable {
    // In this order it is three words with two bytes to spare, which a section puts to use.

    /// The pages that change.
    public let range: InvalidationRange
    @usableFromInline
    let ownerNumber: UInt32
    /// Why they change.
    public let event: InvalidationEvent
    /// `false` where the caller must not wait: a subscriber that would have to answers ``StartResponse/wouldBlock``.
    public let isBlockable: Bool

    /// Who caused it, as the subscribers name themselves in ``InvalidationSubscriber/owner``; `nil` for nobody of them.
    public var owner: InvalidationOwner? { InvalidationOwner(number: ownerNumber) }

    /// Describes an invalidation; it has no effect of its own. With `owner`, this is `mmu_notifier_range_init_owner`.
    @inlinable
    public init(
        range: InvalidationRange, event: InvalidationEvent, isBlockable: Bool = true, owner: InvalidationOwner? = nil
    ) {
        self.init(range: range, event: event, isBlockable: isBlockable, ownerNumber: owner?.number ?? 0)
    }

    @inlinable
    init(range: InvalidationRange, event: InvalidationEvent, isBlockable: Bool, ownerNumber: UInt32) {
        self.range = range
        self.ownerNumber = ownerNumber
        self.event = event
        self.isBlockable = isBlockable
    }

    /// Whose subscribers get neither the start nor the end: the owner's number, for the events that exempt it; else 0.
    var exemptOwner: UInt32 {
        switch event {
        case .migrate, .exclusive: ownerNumber
        case .unmap, .clear, .protectionVMA, .protectionPage, .softDirty, .release: 0
        }
    }

    /// The part of it that lies in a range; `nil` where none does.
    @usableFromInline
    func limited(to limit: InvalidationRange) -> Invalidation? {
        range.intersection(limit).map {
            Invalidation(range: $0, event: event, isBlockable: isBlockable, ownerNumber: ownerNumber)
        }
    }
}

/// A subscriber's answer to the start of an invalidation.
public enum StartResponse: UInt8, Sendable {
    /// Every translation of the range is dropped, and none comes back before the end.
    case done
    /// Nothing was dropped and nothing is promised: the subscriber would have had to wait.
    case wouldBlock
}
