import CNotifierDispatch
import Glibc
import NotifierDispatch
import Synchronization

// A fault in steps: see FaultInSteps of the engine, and CallState for how far a ticket has come.

@_cdecl("nd_fault_begin")
public func beginFault(_ handle: OpaquePointer?, _ page: UInt64, _ ticket: UnsafeMutablePointer<nd_ticket>?) -> Int32 {
    guard let handle, let ticket, ticket.pointee.size >= MemoryLayout<nd_ticket>.size else { return EINVAL }
    if _slowPath(CallingThread.isInsideDrop) { return EDEADLK }
    let error = CallingThread.enter()
    guard _fastPath(error == 0) else { return error }
    let subscription = SubscribedCache.unmanaged(handle)
    return subscription._withUnsafeGuaranteedRef { cache in
        guard cache.contains(page) else { return EINVAL }
        let page = Int(truncatingIfNeeded: page)
        if _slowPath(ticket.pointee.state != CallState.idle) {
            guard ticket.pointee.state == CallState.refused else { return EINVAL }
            let place = FaultPlace(of: ticket)
            guard place.subscription.toOpaque() == subscription.toOpaque(), place.page == page,
                place.thread == Int(ThreadRegistration.index)
            else { return EINVAL }
            return cache.withGuard(BeginAgain(ticket: ticket, page: page))
        }
        FaultPlace(subscription, page: page, thread: Int(ThreadRegistration.index)).store(in: ticket)
        return cache.withGuard(Begin(ticket: ticket, page: page))
    }
}

@_cdecl("nd_fault_still_valid")
public func faultIsStillValid(_ ticket: UnsafePointer<nd_ticket>?) -> Int32 {
    guard let ticket, let place = placeOfBegun(ticket) else { return EINVAL }
    return place.subscription._withUnsafeGuaranteedRef {
        $0.withGuard(StillValid(ticket: UnsafeMutablePointer(mutating: ticket), page: place.page))
    }
}

@_cdecl("nd_fault_commit")
public func commitFault(
    _ ticket: UnsafeMutablePointer<nd_ticket>?, _ slot: UnsafeMutablePointer<UInt64>?, _ value: UInt64
)
    -> Int32
{
    guard let ticket, let slot, UInt(bitPattern: slot) & 7 == 0, let place = placeOfBegun(ticket) else { return EINVAL }
    // An atomic word has the representation of the word.
    let word = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: Atomic<UInt64>.self)
    return place.subscription._withUnsafeGuaranteedRef {
        $0.withGuard(Commit(ticket: ticket, page: place.page, value: value, slot: word))
    }
}

@_cdecl("nd_fault_abort")
public func abortFault(_ ticket: UnsafeMutablePointer<nd_ticket>?) -> Int32 {
    guard let ticket, ticket.pointee.size >= MemoryLayout<nd_ticket>.size, ticket.pointee.state <= CallState.refused
    else { return EINVAL }
    let state = ticket.pointee.state
    ticket.pointee.state = CallState.idle
    if state >= CallState.again {
        FaultPlace(of: ticket).subscription._withUnsafeGuaranteedRef { $0.withGuard(GiveUp(ticket: ticket)) }
    }
    return 0
}

/// The place of a fault that this thread has begun; `nil` for any other ticket.
@inline(__always)
private func placeOfBegun(_ ticket: UnsafePointer<nd_ticket>) -> FaultPlace? {
    guard ticket.pointee.size >= MemoryLayout<nd_ticket>.size,
        ticket.pointee.state == CallState.begun || ticket.pointee.state == CallState.again
    else { return nil }
    let place = FaultPlace(of: ticket)
    // The ticket may hold the thread's slot.
    return place.thread == Int(ThreadRegistration.index) ? place : nil
}

/// The first begin of a fault.
private struct Begin: GuardCall {
    let ticket: UnsafeMutablePointer<nd_ticket>
    let page: Int

    @inline(__always)
    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) -> Int32 {
        guard let begun = translationGuard.beginIfIdle(at: page) else {
            return beginSlow(translationGuard, ticket, at: page, translationGuard.makeRetries(collisions: 0))
        }
        TicketMemory(ticket).store(begun)
        ticket.pointee.state = CallState.begun
        return 0
    }
}

/// A begin after a refused commit.
private struct BeginAgain: GuardCall {
    let ticket: UnsafeMutablePointer<nd_ticket>
    let page: Int

    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) -> Int32 {
        beginSlow(translationGuard, ticket, at: page, TicketMemory<Scheme.Ticket>(ticket).retries)
    }
}

/// Begins, and waits where it must. Ends the fault if it is over.
@inline(never)
private func beginSlow<Scheme: RetryScheme & ~Copyable>(
    _ translationGuard: RetryingGuard<Scheme>, _ ticket: UnsafeMutablePointer<nd_ticket>, at page: Int,
    _ held: FaultRetries
) -> Int32 {
    var retries = held
    let memory = TicketMemory<Scheme.Ticket>(ticket)
    guard let begun = translationGuard.begin(at: page, &retries) else {
        translationGuard.endRetries(retries)
        ticket.pointee.state = CallState.idle
        return retries.status == .dead ? ESHUTDOWN : EBUSY
    }
    memory.store(begun)
    memory.store(retries)
    ticket.pointee.state = CallState.again
    return 0
}

/// Whether the walk is worth going on with.
private struct StillValid: GuardCall {
    let ticket: UnsafeMutablePointer<nd_ticket>
    let page: Int

    @inline(__always)
    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) -> Int32 {
        let hasCollided = translationGuard.hasCollided(TicketMemory<Scheme.Ticket>(ticket).ticket, at: page)
        return hasCollided ? EAGAIN : 0
    }
}

/// The install.
private struct Commit: GuardCall {
    let ticket: UnsafeMutablePointer<nd_ticket>
    let page: Int
    let value: UInt64
    let slot: UnsafeMutablePointer<Atomic<UInt64>>

    @inline(__always)
    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) -> Int32 {
        let memory = TicketMemory<Scheme.Ticket>(ticket)
        let isInstalled = translationGuard.install(value, into: slot, memory.ticket, at: page)
        if _fastPath(isInstalled && ticket.pointee.state == CallState.begun) {
            ticket.pointee.state = CallState.idle
            return 0
        }
        return commitSlow(translationGuard, ticket, isInstalled: isInstalled)
    }
}

/// The end of a fault that has retries, or a collision.
@inline(never)
private func commitSlow<Scheme: RetryScheme & ~Copyable>(
    _ translationGuard: RetryingGuard<Scheme>, _ ticket: UnsafeMutablePointer<nd_ticket>, isInstalled: Bool
) -> Int32 {
    let memory = TicketMemory<Scheme.Ticket>(ticket)
    if isInstalled {
        translationGuard.endRetries(memory.retries)
        ticket.pointee.state = CallState.idle
        return 0
    }
    if ticket.pointee.state == CallState.begun {
        memory.store(translationGuard.makeRetries(collisions: 1))
    } else {
        var retries = memory.retries
        retries.collided()
        memory.store(retries)
    }
    ticket.pointee.state = CallState.refused
    return EAGAIN
}

/// The end of a fault that has retries, without an install.
private struct GiveUp: GuardCall {
    let ticket: UnsafeMutablePointer<nd_ticket>

    func callAsFunction<Scheme: RetryScheme & ~Copyable>(_ translationGuard: RetryingGuard<Scheme>) {
        translationGuard.endRetries(TicketMemory<Scheme.Ticket>(ticket).retries)
    }
}
