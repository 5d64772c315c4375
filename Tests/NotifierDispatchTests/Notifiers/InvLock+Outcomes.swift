@testable import NotifierDispatch

/// What a begin came to, in a form that can be compared.
enum BeginOutcome: Equatable {
    case ticket, busy, dead
}

extension InvLock {
    /// Begins with a deadline that has passed: what it would have to wait for is `busy`.
    func beginsAtOnce(range: InvalidationRange? = nil) -> BeginOutcome {
        switch readBegin(range: range, until: .after(nanoseconds: 0)) {
        case .ticket: .ticket
        case .busy: .busy
        case .dead: .dead
        }
    }

    /// The ticket of a begin that may wait; `nil` where the lock is dead. The deadline is there to end a test that has
    /// failed.
    func ticket(range: InvalidationRange? = nil) -> Ticket? {
        if case .ticket(let ticket) = readBegin(range: range, until: .after(nanoseconds: 10_000_000_000)) {
            return ticket
        }
        return nil
    }

    /// The check as a fault does it, under the lock.
    func retries(_ ticket: Ticket) -> Bool {
        lock()
        defer { unlock() }
        return readRetry(ticket)
    }

    /// The check of an exclusive read, under the lock.
    func retries(_ ticket: borrowing ExclusiveTicket) -> Bool {
        lock()
        defer { unlock() }
        return readRetry(ticket)
    }

    /// What an exclusive begin comes to; one that is granted is given back at once, after `body`.
    func exclusiveOutcome(until deadline: Deadline = .never, _ body: () -> Void = {}) -> BeginOutcome {
        switch readBeginExclusive(until: deadline) {
        case .granted(let ticket):
            body()
            readEndExclusive(ticket)
            return .ticket
        case .busy: return .busy
        case .dead: return .dead
        }
    }

    func start(_ pages: Range<Int> = 0..<16, interesting: Bool = true) {
        invalidationStarted(.of(pages), interesting: interesting) { _ in }
    }

    func end(_ pages: Range<Int> = 0..<16, interesting: Bool = true) {
        invalidationEnded(.of(pages), interesting: interesting)
    }

    var sequenceNow: UInt64 { state.pointee.sequence.load(ordering: .acquiring) }
}
