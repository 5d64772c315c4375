import CPlatform
import Synchronization

/// Opening and closing sections.
extension AddressSpace {
    /// Opens a section: when this returns, no translation of the range is left and none comes back until the end.
    ///
    /// Gives way for a millisecond at most to faults that were disturbed too often; a start that must not block gives way
    /// to nobody. Returns `nil` only for an invalidation that is not blockable, if somebody would have had to wait:
    /// nothing is promised then, nothing is raised, and no end is owed. A subscriber's failure in a blockable start is
    /// counted in ``InvalidationSection/failedStarts`` and does not stop it. Traps inside an install or a drop.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        InstallSection.trapStart()
        sections.gate.giveWay(to: invalidation)
        let parity = sections.counter.raise()
        var failedIntervals: Int?
        // Sequentially consistent: after the raise; pairs with the exchange in openIntervalHalf.
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

    /// Runs `change`, which changes the pages, inside a section over `range`, and ends the section whatever it throws.
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

/// What the calling thread is inside of that sections wait for: an install, the drop of a teardown, or a fault whose guard
/// holds a lock over the walk. None of them may start a section: it would wait for itself, or two would wait for each
/// other.
@usableFromInline
enum InstallSection {
    /// Begins an install or a drop; traps inside another one. A flag and not a count: to add to one and to take that away
    /// again would make each fault wait for the one before.
    @inlinable @inline(__always)
    static func enter() {
        if _slowPath(cplatform_thread().pointee.installs != 0) { trapNestedFault() }
        cplatform_thread().pointee.installs = 1
    }

    @inlinable @inline(__always)
    static func leave() { cplatform_thread().pointee.installs = 0 }

    /// Begins a fault of a guard that holds a lock over the walk. Returns what to hand to ``leaveLockedWalk(_:)``: the walk
    /// may fault on another space.
    @inlinable @inline(__always)
    static func enterLockedWalk() -> UInt32 {
        let outer = cplatform_thread().pointee.locked_walks
        cplatform_thread().pointee.locked_walks = 1
        return outer
    }

    @inlinable @inline(__always)
    static func leaveLockedWalk(_ outer: UInt32) { cplatform_thread().pointee.locked_walks = outer }

    /// Traps where a section may not start. Release builds, too: it would hang otherwise.
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

    /// Traps inside an install or a drop, where a wait for another install can be one for itself.
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
