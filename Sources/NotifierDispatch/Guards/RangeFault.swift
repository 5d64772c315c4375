// Faults over ranges: a device that misses one page fills in those around it too, since it will ask for them next. One walk,
// one check and one lock, or none, serve them all.
//
//     let outcome = cache.guard.faultRange(
//         containing: page, within: around,
//         walk: { lookUp($0) }, install: { range, found in for page in range.pages { table[page] = found[page] } })
//
// The race is that of a fault of one page. The check covers the whole range: whatever starts over a page of it comes between
// ticket and check, and the walk is thrown away; or it comes after the check, and its teardown finds the installs.

/// What came of a fault over a range.
public struct RangeFaultOutcome: Sendable {
    /// What came of the fault; a walk that was thrown away counts once, whatever its range.
    public let fault: FaultOutcome
    /// The pages of the last walk, that of the fault among them. They were installed if the status is
    /// ``FaultOutcome/Status/installed``.
    public let range: InvalidationRange

    /// An outcome for these pages.
    @inlinable @inline(__always)
    public init(_ fault: FaultOutcome, range: InvalidationRange) {
        self.fault = fault
        self.range = range
    }
}

extension TranslationGuard {
    /// The page alone: right for any guard.
    @inlinable @inline(__always)
    public func checkedRange(at page: Int) -> InvalidationRange { .page(page) }

    /// One fault of the page, whose walk and install are those of the range: right for a guard whose fault checks, or locks,
    /// all of ``checkedRange(at:)``.
    @inlinable @inline(__always)
    public func faultRange<Translations>(
        containing page: Int, within range: InvalidationRange,
        walk: (InvalidationRange) -> Translations?, install: (InvalidationRange, Translations) -> Void
    ) -> RangeFaultOutcome {
        let part = checkedPart(of: range, at: page)
        return RangeFaultOutcome(
            fault(at: page, walk: { walk(part) }, install: { install(part, $0) }), range: part)
    }

    /// The part of the range that one check covers. Traps if the page lies outside.
    @inlinable @inline(__always)
    func checkedPart(of range: InvalidationRange, at page: Int) -> InvalidationRange {
        precondition(range.contains(page), "a fault over a range asks for a page outside of it")
        let checked = checkedRange(at: page)
        return InvalidationRange(
            start: max(range.startPage, checked.startPage), end: min(range.endPage, checked.endPage))
    }
}

extension RetryingGuard where Scheme: ~Copyable {
    /// How many walks over a range may be thrown away before the fault goes on with its page alone: a longer walk meets more
    /// sections, and it is the page that must come through.
    @usableFromInline
    static var rangeCollisions: UInt32 { 4 }

    /// The pages that the scheme checks with this one.
    @inlinable
    public func checkedRange(at page: Int) -> InvalidationRange { scheme.checkedRange(at: page) }

    /// A fault that collides walks again, over the range four times at most, and then for the page alone.
    @inlinable @inline(__always)
    public func faultRange<Translations>(
        containing page: Int, within range: InvalidationRange,
        walk: (InvalidationRange) -> Translations?, install: (InvalidationRange, Translations) -> Void
    ) -> RangeFaultOutcome {
        var part = checkedPart(of: range, at: page)
        var walks: UInt32 = 0
        let outcome = fault(at: page) {
            if walks == Self.rangeCollisions { part = .page(page) }
            walks &+= 1
            return walk(part)
        } installSection: {
            installUnlessCollided($0, over: part, install, $1)
        }
        return RangeFaultOutcome(outcome, range: part)
    }

    /// As ``installUnlessCollided(_:at:_:_:)``, for a range.
    @inlinable @inline(__always)
    func installUnlessCollided<Translations>(
        _ translations: Translations, over range: InvalidationRange,
        _ install: (InvalidationRange, Translations) -> Void, _ ticket: Scheme.Ticket
    ) -> UInt64? {
        guard let waited = scheme.beginInstall(ticket, over: range) else { return nil }
        install(range, translations)
        scheme.endInstall(ticket, at: range.startPage)
        return waited
    }
}
