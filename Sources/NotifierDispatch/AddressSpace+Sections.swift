import CPlatform
import Synchronization

/// Opening and closing sections.
extension AddressSpace {
    /// Opens a section: when this returns, no translation of the range is left and none comes back until the end.
    ///
    /// Gives way to faults that claim pages of the range, for a millisecond at most. A start that must not block does
    /// not give way. Returns `nil` only if the invalidation is not blockable and a subscriber would have had to wait:
    /// then nothing is promised, nothing stays open, and no end is owed. A subscriber's failure in a blockable start is
    /// counted in ``InvalidationSection/failedStarts`` and does not stop the start. Traps inside an install or a drop,
    /// and inside a walk under a guard that holds a lock over it.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        InstallSection.trapStart()
        sections.gate.giveWay(to: invalidation)
        let parity = sections.counter.raise()
        var failedIntervals: Int?
        // Sequentially consistent: comes after the raise; pairs with the exchange in openIntervalHalf.
        if hasIntervals.load(ordering: .sequentiallyConsistent) {
            failedIntervals = intervals.openHalf(invalidation)
            if failedIntervals == nil {
                sections.end(parity: parity)
                return nil
            }
        }
        guard var section = list.invalidateRangeStart(invalidation) else {
            // Linux leaves the interval half open here, and its readers asleep.
            let disposals = failedIntervals.map { _ in intervals.closeHalf() }
            sections.end(parity: parity)
            disposals?.dispose()
            return nil
        }
        section.enter(tag: sections.tag, parity: parity)
        if let failedIntervals { section.open(failedIntervals: failedIntervals) }
        return section
    }

    /// Closes a section, after the pages have changed. Traps if another space opened it. Does nothing in a forked child if
    /// the section was opened in the parent: it is not open here.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        if _slowPath(section.tag != sections.tag) { return closeSectionOfParent(section) }
        let parity = section.parity
        if _slowPath(section.isOpenInIntervals) {
            let disposals = intervals.closeHalf()
            list.invalidateRangeEnd(section)
            sections.end(parity: parity)
            return disposals.dispose()
        }
        list.invalidateRangeEnd(section)
        sections.end(parity: parity)
    }

    @inline(never)
    private func closeSectionOfParent(_ section: consuming InvalidationSection) {
        precondition(
            sections.formerTags.contains(section.tag),
            "a section is ended on another space than the one that opened it")
        section.close()
    }

    /// Runs `change`, which changes the pages, inside a section over `range`. Ends the section also if `change` throws.
    @discardableResult
    public func invalidate<Result, Failure: Error>(
        _ range: InvalidationRange, event: InvalidationEvent, owner: InvalidationOwner? = nil,
        _ change: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let section = invalidateRangeStart(Invalidation(range: range, event: event, owner: owner)) else {
            fatalError("a blockable start failed")
        }
        let outcome: Swift.Result<Result, Failure>
        do throws(Failure) { outcome = .success(try change()) } catch { outcome = .failure(error) }
        invalidateRangeEnd(section)
        return try outcome.get()
    }
}

/// Whether the calling thread is inside something that sections wait for: an install, the drop of a teardown, or a
/// fault whose guard holds a lock over the walk. A section that starts there would wait for its own thread, or two
/// threads would wait for each other.
@usableFromInline
enum InstallSection {
    /// Begins an install or a drop. Traps inside another one. This sets a flag and keeps no count: with a count, the
    /// addition of each fault would wait for the subtraction of the one before.
    @inlinable @inline(__always)
    static func enter() {
        if _slowPath(cplatform_thread().pointee.installs != 0) { trapNestedFault() }
        cplatform_thread().pointee.installs = 1
    }

    @inlinable @inline(__always)
    static func leave() { cplatform_thread().pointee.installs = 0 }

    /// Begins a fault of a guard that holds a lock over the walk. Returns the value to hand to ``leaveLockedWalk(_:)``,
    /// since the walk may fault on another space.
    @inlinable @inline(__always)
    static func enterLockedWalk() -> UInt32 {
        let outer = cplatform_thread().pointee.locked_walks
        cplatform_thread().pointee.locked_walks = 1
        return outer
    }

    @inlinable @inline(__always)
    static func leaveLockedWalk(_ outer: UInt32) { cplatform_thread().pointee.locked_walks = outer }

    /// Traps if no section may start here. It traps in release builds, too, since the section would hang.
    @inline(__always)
    static func trapStart() {
        let thread = cplatform_thread()
        if _slowPath(thread.pointee.installs | thread.pointee.locked_walks != 0) { trapStartSlow() }
    }

    @inline(never)
    private static func trapStartSlow() {
        ProcessFork.trapIfUnprepared()
        if cplatform_thread().pointee.installs != 0 { trapStartInInstall() }
        fatalError("a walk under a guard that holds a lock over it invalidates: the section waits for that lock")
    }

    @inline(never)
    static func trapStartInInstall() -> Never {
        fatalError("an install or a drop invalidates: the section waits for installs and drops, so for itself")
    }

    /// Traps inside an install or a drop: to wait for another install there can be to wait for itself.
    @usableFromInline
    static func trapFault() {
        guard cplatform_thread().pointee.installs == 0 else { trapNestedFault() }
    }

    @usableFromInline @inline(never)
    static func trapNestedFault() -> Never {
        ProcessFork.trapIfUnprepared()
        fatalError(
            "an install or a drop faults, or a signal handler in one: it waits for that install, so for itself")
    }
}
