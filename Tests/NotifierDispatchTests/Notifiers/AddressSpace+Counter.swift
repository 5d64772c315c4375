@testable import NotifierDispatch

/// The counter's and the gate's members on the space: a test's macros cannot take apart expressions on what cannot be
/// copied.
extension AddressSpace {
    var activeCount: Int { counter.activeCount }
    var isClaimed: Bool { sections.gate.isClaimed }
    var counterState: RangeCounter.State { counter.state }
    func readBegin() -> RangeCounter.Ticket { counter.readBegin() }
    func readRetry(_ ticket: RangeCounter.Ticket) -> Bool { counter.readRetry(ticket) }
    @discardableResult
    func raise() -> UInt64 { counter.raise() }
    /// Every section has parity 0 until somebody advances the epoch, as a cover does.
    @discardableResult
    func lower(parity: UInt64 = 0) -> Bool { counter.lower(parity: parity) }
    func advance(from state: RangeCounter.State) -> Bool { counter.advance(from: state) }
    /// A claim by the calling thread.
    func claim(_ range: InvalidationRange = .everything) -> Int? { sections.gate.claim(range) }
    func giveBack(_ claimed: Int?) { sections.gate.giveBack(claimed) }
}
