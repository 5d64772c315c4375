import Testing

@testable import NotifierDispatch

/// The steps of faults and sections one by one. Through the guard: an expectation cannot hold a scheme, which cannot be
/// copied.
extension RetryingGuard where Scheme: ~Copyable {
    /// A guard of a space of its own.
    convenience init(_ scheme: consuming Scheme) {
        self.init(scheme: scheme, space: AddressSpace(), budget: RetryBudget(nanoseconds: .max))
    }

    /// A fault that finds something, and does `work` where it would install it.
    @discardableResult
    func fault(at page: Int, duringInstall work: () -> Void = {}) -> FaultOutcome {
        fault(at: page, walk: { page }, install: { _ in work() })
    }

    /// The ticket of a fault that begins now, without a wait.
    func ticket(at page: Int) throws -> Scheme.Ticket {
        let ticket = scheme.readBeginIfIdle(at: page)
        return try #require(ticket)
    }

    /// Whether a fault can begin now, without a wait.
    func mayBegin(at page: Int) -> Bool { RCU.withRegisteredThread { scheme.readBeginIfIdle(at: page) != nil } }

    /// A whole install section. Whether it was one: `false` where the walk had to be thrown away.
    func installs(_ ticket: Scheme.Ticket, at page: Int) -> Bool {
        guard scheme.beginInstall(ticket, at: page) != nil else { return false }
        scheme.endInstall(ticket, at: page)
        return true
    }
}

extension RetryingGuard where Scheme: RetryScheme & SectionObserver & ~Copyable {
    /// A start that tears nothing down, or tells of what it does.
    func start(_ pages: Range<Int>, teardown: (Range<Int>) -> Void = { _ in }) {
        _ = invalidationStarted(.blockable(pages)) { teardown($0.pages) }
    }

    func end(_ pages: Range<Int>) { invalidationEnded(.blockable(pages)) }
}
