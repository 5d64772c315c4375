/// How a fault of a ``RetryingGuard`` finds out that an invalidation started during its walk.
///
/// A reader begins and gets a ticket, walks, and hands the ticket in to begin its install section. Every start tears down
/// in a way that keeps installs out, so that one of the two sees the other.
///
/// All calls of a reader take the page of the fault: a scheme may have a lock or a sequence for each part of the space.
public protocol RetryScheme: ~Copyable, Sendable {
    /// What a reader holds between begin and retry.
    associatedtype Ticket: Sendable

    /// Begins a read, and never waits: `nil` where it would have to, or where the subscription is over.
    func readBeginIfIdle(at page: Int) -> Ticket?

    /// Begins a read, waiting until the deadline for the sections that keep it out. Answers `dead` at once where the
    /// subscription is over, and no later than that where it ends meanwhile.
    func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket>

    /// Begins the install section: from here to its end either no start of the page's sections returns, or the start
    /// removes what is installed. `nil` where the walk must be thrown away: a section of the page started since the
    /// ticket, or the subscription is over. Otherwise the wait in nanoseconds, 0 for none.
    func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64?

    /// Ends the install section that ``beginInstall(_:at:)`` began with this ticket, on the same thread.
    func endInstall(_ ticket: Ticket, at page: Int)

    /// Whether the subscription is over: a fault that asks after ``released()`` has returned hears so.
    func isOver(at page: Int) -> Bool

    /// Subscribes a cache whose guard uses this scheme; see ``TranslationGuard/subscribe(_:over:to:)``.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: Subscriptions
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self>

    /// The subscription is over: once this returns, no install section is open and none begins.
    func released()
}

extension RetryScheme where Self: ~Copyable {
    /// Looks again and again, spinning and then yielding: for schemes that nobody wakes.
    @inlinable
    public func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket> {
        SmallLock.assertNoneHeld()
        var backoff = Backoff()
        while !isOver(at: page) {
            if let ticket = readBeginIfIdle(at: page) { return .ticket(ticket) }
            if deadline.hasPassed { return .busy }
            backoff.pause()
        }
        return .dead
    }
}
