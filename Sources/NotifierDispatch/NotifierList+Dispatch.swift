import CPlatform
import Synchronization

/// Calling the subscribers of the list: at the start of a section, at its end, and to undo starts.
extension NotifierList {
    /// Calls the end of every subscriber that `section` owes one.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        // Relaxed: an empty list owes no end, and nothing is read through it.
        if head.load(ordering: .relaxed) != nil {
            if section.invalidation.exemptOwner == 0, let serial = section.serialWithoutFailures {
                endAll(section.invalidation, since: serial)
            } else {
                endSome(section)
            }
        }
        section.close()
    }

    /// Calls the ends of a section that exempts no owner and in which no start failed: the hot loop.
    @inline(never)
    private func endAll(_ invalidation: Invalidation, since serial: UInt64) {
        endAll(invalidation, exemptOwner: 0, since: serial)
    }

    @inline(__always)
    private func endAll(_ invalidation: Invalidation, exemptOwner: UInt32, since serial: UInt64) {
        // Unprotected: this pointer to a constant does not need the stack protector.
        _withUnprotectedUnsafePointer(to: invalidation) { invalidation in
            visitEntries {
                if $0.pointee.endSerial <= serial, !$0.pointee.belongs(to: exemptOwner) { $0.pointee.end(invalidation) }
                return true
            }
        }
    }

    @inline(never)
    private func endSome(_ section: borrowing InvalidationSection) {
        let exemptOwner = section.invalidation.exemptOwner
        withUnsafePointer(to: section.invalidation) { invalidation in
            visitEntries {
                if !$0.pointee.belongs(to: exemptOwner), section.owesEnd(to: $0.pointee) {
                    $0.pointee.end(invalidation)
                }
                return true
            }
        }
    }

    /// Calls the start of every subscriber in address order, except the owner's. Returns the open section. Returns
    /// `nil`, with no end owed, if the invalidation is not blockable and a subscriber would block.
    @inline(__always)  // into AddressSpace, which then makes the section itself
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        // Sequentially consistent: comes after the space has counted the section; pairs with the store in register (the
        // race at NotifierList). So a list that looks empty after it is empty for this section. Linux skips it, too.
        let serial = lastSerial.load(ordering: .sequentiallyConsistent)
        var failures: FailedStarts.Pointer?
        // Relaxed: nothing is read through it.
        if head.load(ordering: .relaxed) != nil {
            let outcome =
                invalidation.exemptOwner == 0
                ? startAll(invalidation, serial: serial) : startOthers(invalidation, serial: serial)
            guard outcome.isOpen else { return nil }
            failures = outcome.failures
        }
        return InvalidationSection(invalidation: invalidation, serial: serial, failures: failures)
    }

    /// What the starts came to. If it is not open, no end is owed: the invalidation is not blockable, a subscriber
    /// would block, and the starts that were called have been ended.
    private typealias Starts = (isOpen: Bool, failures: FailedStarts.Pointer?)

    /// Calls the starts of a section that exempts no owner: the hot loop.
    @inline(never)
    private func startAll(_ invalidation: Invalidation, serial: UInt64) -> Starts {
        start(invalidation, serial: serial, exemptOwner: 0)
    }

    @inline(never)
    private func startOthers(_ invalidation: Invalidation, serial: UInt64) -> Starts {
        start(invalidation, serial: serial, exemptOwner: invalidation.exemptOwner)
    }

    @inline(__always)
    private func start(_ invalidation: Invalidation, serial: UInt64, exemptOwner: UInt32) -> Starts {
        _withUnprotectedUnsafePointer(to: invalidation) { invalidation in
            RCU.read {
                var failures: FailedStarts.Pointer?
                var hasFailed = false
                // Acquiring, here and at `next`: as in visitEntries.
                var node = head.load(ordering: .acquiring)
                while let current = node {
                    guard current.pointee.serial <= serial, !current.pointee.belongs(to: exemptOwner),
                        _slowPath(current.pointee.start(invalidation) == .wouldBlock)
                    else {
                        node = current.pointee.next.load(ordering: .acquiring)
                        continue
                    }
                    if invalidation.pointee.isBlockable {
                        guard current.pointee.mayWaitForSections else {
                            failures = FailedStarts.add(current.pointee.serial, to: failures, sectionSerial: serial)
                            node = current.pointee.next.load(ordering: .acquiring)
                            continue
                        }
                        node = startOutside(current, invalidation)
                        continue
                    }
                    if pairing == .targetedUndo {
                        undo(invalidation, serial: serial, below: current)
                        return (false, nil)
                    } else {
                        precondition(
                            current.pointee.endSerial == .max,
                            "a subscriber that receives ends answered wouldBlock, which it had not declared")
                        hasFailed = true
                        node = current.pointee.next.load(ordering: .acquiring)
                    }
                }
                guard hasFailed else { return (true, failures) }
                // Call-all: every start ran. Those that failed receive no ends, so all the others are ended. This
                // allocates nothing, since the caller may be the thread that is to free memory.
                endAll(invalidation.pointee, exemptOwner: exemptOwner, since: serial)
                return (false, nil)
            }
        }
    }

    /// Calls a start again that would have to wait for another thread's section, outside of the read section: that
    /// thread may wait for a grace period. Returns the first entry behind this one's place, to go on with, since the
    /// entry's own `next` may be gone.
    @inline(never)
    private func startOutside(
        _ node: UnsafeMutablePointer<NotifierNode>, _ invalidation: UnsafePointer<Invalidation>
    ) -> UnsafeMutablePointer<NotifierNode>? {
        // Safe: inside the read section the list has not released the hold. Then this thread's own hold keeps the node.
        guard let hold = node.pointee.hold else { preconditionFailure("an entry that may wait has nothing to hold it") }
        let (address, serial) = (node.pointee.address, node.pointee.serial)
        _ = hold.retain()
        defer { hold.release() }
        cplatform_thread().pointee.outside_callbacks += 1
        let response = RCU.outside { node.pointee.start(invalidation) }
        cplatform_thread().pointee.outside_callbacks -= 1
        precondition(response == .done, "a section inside a callback or read section waits for another one")
        var next = head.load(ordering: .acquiring)
        while let current = next, (current.pointee.address, current.pointee.serial) <= (address, serial) {
            next = current.pointee.next.load(ordering: .acquiring)
        }
        return next
    }

    /// Ends the entries before `failed`. These are exactly the ones whose start succeeded: the list is sorted, this is
    /// still the read section of the start, and entries that were linked meanwhile lie above `serial`.
    private func undo(
        _ invalidation: UnsafePointer<Invalidation>, serial: UInt64, below failed: UnsafeMutablePointer<NotifierNode>
    ) {
        let exemptOwner = invalidation.pointee.exemptOwner
        var node = head.load(ordering: .acquiring)
        while let current = node, current.pointee.isBefore(failed.pointee) {
            if current.pointee.endSerial <= serial, !current.pointee.belongs(to: exemptOwner) {
                current.pointee.end(invalidation)
            }
            node = current.pointee.next.load(ordering: .acquiring)
        }
    }

    /// Hands every entry, in address order and inside a read section, to `visit`, until that returns false.
    @inline(__always)
    func visitEntries(_ visit: (UnsafeMutablePointer<NotifierNode>) -> Bool) {
        RCU.read {
            // Acquiring, here and at `next`: an entry's fields come before its link; pairs with link and unlink.
            var node = head.load(ordering: .acquiring)
            while let current = node, visit(current) { node = current.pointee.next.load(ordering: .acquiring) }
        }
    }
}
