import Synchronization

/// Why a range is invalidated. The names follow `enum mmu_notifier_event` of Linux.
public enum InvalidationEvent: UInt8, CaseIterable, Sendable, BitwiseCopyable {
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
    /// The address space ends. ``AddressSpace/release()`` sends this to the subscriptions to ranges. Do not send it by
    /// hand: it ends the guards on ranges.
    case release
    /// Pages move to or from device memory. Exempts its owner.
    case migrate
    /// A device takes pages for itself. Exempts its owner.
    case exclusive
}

/// What a subscriber is told about one invalidation: which pages, why, whether its start may block, and its owner.
public struct Invalidation: Hashable, Sendable, BitwiseCopyable {
    // In this order it is three words with two bytes to spare, which a section uses.

    /// The pages that change.
    public let range: InvalidationRange
    @usableFromInline
    let ownerNumber: UInt32
    /// Why they change.
    public let event: InvalidationEvent
    /// `false` if the caller must not wait. A subscriber that would have to wait answers ``StartResponse/wouldBlock``.
    public let isBlockable: Bool

    /// The owner that caused it (see ``InvalidationSubscriber/owner``), or `nil`.
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

    /// The number of the owner whose subscribers get neither start nor end; 0 if the event exempts no owner.
    var exemptOwner: UInt32 {
        switch event {
        case .migrate, .exclusive: ownerNumber
        case .unmap, .clear, .protectionVMA, .protectionPage, .softDirty, .release: 0
        }
    }

    /// The part of it that lies in a range; `nil` if no part does.
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
/// Page numbers count from the start of the address space that the notifiers watch. A caller that has byte addresses
/// rounds them outwards. A range is never empty (invariant 20): `init` refuses an empty one.
public struct InvalidationRange: Hashable, Sendable, BitwiseCopyable {
    /// The first page covered, 0 or above.
    public let startPage: Int
    /// One past the last page covered; above `startPage`.
    public let endPage: Int

    /// The range of `pages`, or `nil` if it is empty or starts below page 0.
    @inlinable
    public init?(pages: Range<Int>) {
        guard pages.lowerBound >= 0, !pages.isEmpty else { return nil }
        startPage = pages.lowerBound
        endPage = pages.upperBound
    }

    /// Makes a range of bounds that are known to be valid.
    @inlinable @inline(__always)
    init(start: Int, end: Int) {
        startPage = start
        endPage = end
    }

    /// All pages that there can be.
    @inlinable @inline(__always)
    static var everything: InvalidationRange { InvalidationRange(start: 0, end: .max) }

    /// One page.
    @inlinable @inline(__always)
    static func page(_ page: Int) -> InvalidationRange { InvalidationRange(start: page, end: page &+ 1) }

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

    /// The pages that the two ranges share; `nil` if they share none.
    @inlinable
    public func intersection(_ other: InvalidationRange) -> InvalidationRange? {
        let start = max(startPage, other.startPage)
        let end = min(endPage, other.endPage)
        return start < end ? InvalidationRange(pages: start..<end) : nil
    }
}

/// An owner of subscribers that causes invalidations of its own, and whose subscribers these pass by.
///
/// A device that moves pages into its memory knows that it does. If it were told, it would throw away what it is about
/// to install. Give the same owner to the subscriber and to the invalidation. Only ``InvalidationEvent/migrate`` and
/// ``InvalidationEvent/exclusive`` exempt their owner: a device that skipped an unmap of its own would be stale.
public struct InvalidationOwner: Hashable, Sendable {
    /// 1 and up; 0 stands for no owner.
    @usableFromInline
    let number: UInt32

    /// An owner that differs from every other one in the process. At most 2^32 - 1 of them can be made.
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
