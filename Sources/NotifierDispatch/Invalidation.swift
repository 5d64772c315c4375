import Synchronization

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
    /// The address space ends: what ``AddressSpace/release()`` tells those that watch ranges. Not to be sent by hand:
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

/// The pages that one invalidation covers: the half-open interval `startPage ..< endPage` of page numbers.
///
/// A page number counts pages from the start of the address space that the notifiers watch; callers with byte
/// addresses round outwards. A range is never empty (invariant 20): an empty one is refused at `init`.
public struct InvalidationRange: Hashable, Sendable {
    /// The first page covered, 0 or above.
    public let startPage: Int
    /// One past the last page covered; above `startPage`.
    public let endPage: Int

    /// The range of `pages`, or `nil` where it is empty or starts below page 0.
    @inlinable
    public init?(pages: Range<Int>) {
        guard pages.lowerBound >= 0, !pages.isEmpty else { return nil }
        startPage = pages.lowerBound
        endPage = pages.upperBound
    }

    /// Of bounds that are known to be right.
    init(start: Int, end: Int) {
        startPage = start
        endPage = end
    }

    /// All pages that there can be.
    static let everything = InvalidationRange(start: 0, end: .max)

    /// The range as Swift's own half-open range, to iterate over.
    @inlinable
    public var pages: Range<Int> { startPage..<endPage }

    /// The number of pages covered, 1 or above.
    @inlinable
    public var count: Int { endPage - startPage }

    /// Whether `page` is covered.
    @inlinable
    public func contains(_ page: Int) -> Bool { startPage <= page && page < endPage }

    /// Whether the two ranges share a page. Adjacent ranges share none.
    @inlinable
    public func overlaps(_ other: InvalidationRange) -> Bool {
        startPage < other.endPage && other.startPage < endPage
    }

    /// What the two ranges share; `nil` where they share nothing.
    @inlinable
    public func intersection(_ other: InvalidationRange) -> InvalidationRange? {
        let start = max(startPage, other.startPage)
        let end = min(endPage, other.endPage)
        return start < end ? InvalidationRange(pages: start..<end) : nil
    }
}

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
