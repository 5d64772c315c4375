@testable import NotifierDispatch

extension IntervalNotifiers {
    /// Whether a start succeeds; if so, the section is ended at once.
    @discardableResult
    func startsAndEnds(_ invalidation: Invalidation) -> Bool {
        guard let section = invalidateRangeStart(invalidation) else { return false }
        invalidateRangeEnd(section)
        return true
    }

    /// A subscriber that is in the set, set up by `setUp` before that.
    func subscriber(
        over pages: Range<Int> = 0..<16, _ setUp: (RecordingIntervalSubscriber) -> Void = { _ in }
    ) throws -> RecordingIntervalSubscriber {
        let subscriber = RecordingIntervalSubscriber(over: pages, in: self)
        setUp(subscriber)
        try insert(subscriber.subscription, for: subscriber)
        return subscriber
    }

    var sequenceNow: UInt64 { state.pointee.sequence.load(ordering: .acquiring) }

    /// The nodes of the tree in order. Only while nobody changes it.
    var nodesInTree: [IntervalTree.Node] {
        var nodes: [IntervalTree.Node] = []
        _ = state.pointee.tree.forEach(overlapping: .everything) {
            nodes.append($0)
            return true
        }
        return nodes
    }

    /// Whether insertions or removals wait for the last end.
    var hasDeferred: Bool {
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        return state.pointee.firstDeferred != nil
    }
}

/// The two kinds of readBegin, to run a test with each.
enum ReadBeginKind: CaseIterable {
    case locked, lockFree
}

extension IntervalSubscription {
    func readBegin(_ kind: ReadBeginKind, until deadline: Deadline) -> ReadBegin<Ticket> {
        switch kind {
        case .locked: readBegin(until: deadline)
        case .lockFree: readBeginLockFree(until: deadline)
        }
    }

    /// Begins with a deadline that has passed: what it would have to wait for is `busy`.
    func beginsAtOnce(_ kind: ReadBeginKind = .locked) -> BeginOutcome {
        outcome(kind, until: .after(nanoseconds: 0))
    }

    /// What a begin that may wait comes to. The deadline is there to end a test that has failed.
    func outcome(
        _ kind: ReadBeginKind = .locked, until deadline: Deadline = .after(nanoseconds: 10_000_000_000)
    ) -> BeginOutcome {
        switch readBegin(kind, until: deadline) {
        case .ticket: .ticket
        case .busy: .busy
        case .dead: .dead
        }
    }

    /// The ticket of a begin that finds no section open.
    func ticket(_ kind: ReadBeginKind = .locked) -> Ticket? {
        if case .ticket(let ticket) = readBegin(kind, until: .after(nanoseconds: 0)) { return ticket }
        return nil
    }

    /// The check as a fault does it, under the lock.
    func retries(_ ticket: Ticket) -> Bool {
        lock()
        defer { unlock() }
        return readRetry(ticket)
    }

    var sequenceNow: UInt64 { node.pointee.sequence.load(ordering: .acquiring) }
}
