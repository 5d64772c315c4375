@testable import NotifierDispatch

/// The counter's members on the space: a test's macros cannot take apart expressions on what cannot be copied.
extension AddressSpace {
    var activeCount: Int { counter.activeCount }
    var isClaimed: Bool { counter.isClaimed }
    func readBegin() -> RangeCounter.Ticket { counter.readBegin() }
    func readRetry(_ ticket: RangeCounter.Ticket) -> Bool { counter.readRetry(ticket) }
    func waitUntilIdle(until deadline: Deadline) -> RangeCounter.Ticket? { counter.waitUntilIdle(until: deadline) }
    func raise(isBlockable: Bool = true) -> Bool { counter.raise(isBlockable: isBlockable) }
    func lower() { counter.lower() }
    func claim(until deadline: Deadline = .never) -> Bool { counter.claim(until: deadline) }
    func releaseClaim() { counter.releaseClaim() }
}
