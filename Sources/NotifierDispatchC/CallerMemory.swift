import CNotifierDispatch
import CPlatform
import Glibc
import NotifierDispatch

/// How far a fault or a section has come, in the `state` of its ticket or section.
///
///     state      what the own words hold                       what comes next
///     0 idle     nothing                                       a begin; a start
///     1 begun    subscription, page, thread, ticket            a commit or an abort
///                of a section: the space and the section       its end
///     2 again    the same, and retries                         a commit or an abort
///     3 refused  subscription, page, thread, retries           a begin of the same page, or an abort
///
/// Any other value: the caller has not set it up.
enum CallState {
    static var idle: UInt32 { 0 }
    static var begun: UInt32 { 1 }
    static var again: UInt32 { 2 }
    static var refused: UInt32 { 3 }
}

/// A fault's words in the caller's memory, see `own` of `struct nd_ticket`:
///
///     word   what
///     0      the subscription
///     1      the page
///     2      the index of the thread that began
///     3-6    the scheme's ticket
///     7-18   the retries
///
/// Each is stored and loaded as bytes, which is what ``BitwiseCopyable`` is for: the memory has no type of Swift's.
struct TicketMemory<Ticket: BitwiseCopyable> {
    private let own: UnsafeMutableRawPointer

    private static var ticketOffset: Int { 3 * 8 }
    private static var retriesOffset: Int { 7 * 8 }
    private static var size: Int { 20 * 8 }

    @inline(__always)
    init(_ ticket: UnsafeMutablePointer<nd_ticket>) {
        // Behind size and state: layout.c holds the offset.
        own = UnsafeMutableRawPointer(ticket) + 8
    }

    /// Whether a ticket and the retries fit; asked once, when a subscription is made.
    static var isLargeEnough: Bool {
        ticketOffset + MemoryLayout<Ticket>.size <= retriesOffset
            && retriesOffset + MemoryLayout<FaultRetries>.size <= size
    }

    @inline(__always)
    func store(_ ticket: Ticket) { own.storeBytes(of: ticket, toByteOffset: Self.ticketOffset, as: Ticket.self) }

    @inline(__always)
    var ticket: Ticket { own.load(fromByteOffset: Self.ticketOffset, as: Ticket.self) }

    func store(_ retries: FaultRetries) {
        own.storeBytes(of: retries, toByteOffset: Self.retriesOffset, as: FaultRetries.self)
    }

    var retries: FaultRetries { own.load(fromByteOffset: Self.retriesOffset, as: FaultRetries.self) }
}

/// Whose fault it is: the words 0 to 2 of a ticket.
struct FaultPlace: BitwiseCopyable {
    let subscription: Unmanaged<SubscribedCache>
    let page: Int
    let thread: Int

    @inline(__always)
    func store(in ticket: UnsafeMutablePointer<nd_ticket>) {
        (UnsafeMutableRawPointer(ticket) + 8).storeBytes(of: self, as: FaultPlace.self)
    }

    @inline(__always)
    init(_ subscription: Unmanaged<SubscribedCache>, page: Int, thread: Int) {
        self.subscription = subscription
        self.page = page
        self.thread = thread
    }

    /// The place of a fault that has begun.
    @inline(__always)
    init(of ticket: UnsafePointer<nd_ticket>) {
        self = (UnsafeRawPointer(ticket) + 8).load(as: FaultPlace.self)
    }
}

/// What every entry asks of the calling thread before it comes to the engine, which would trap.
enum CallingThread {
    /// Registers the thread if it is not. Returns an error number: 0, or `EAGAIN` if there is no room.
    @inline(__always)
    static func enter() -> Int32 {
        if _fastPath(ThreadRegistration.index >= 0) { return 0 }
        return enterSlow()
    }

    @inline(never)
    private static func enterSlow() -> Int32 {
        // A child that was forked inside a drop is inside it for ever: the engine is of no use to it.
        if isInsideDrop { return EDEADLK }
        return ThreadRegistration.register() ? 0 : EAGAIN
    }

    /// Whether the thread is inside a drop, where a section, a fault or the end of a subscription would wait for itself.
    @inline(__always)
    static var isInsideDrop: Bool { cplatform_thread().pointee.installs != 0 }

    /// Whether the thread is inside something that a grace period waits for: a drop, a deregistration inside a start, or a
    /// read section of the caller's own.
    static var isInsideReading: Bool { isInsideDrop || RCU.isReading }
}

extension InvalidationRange {
    /// The range of a caller's page numbers; `nil` if it is empty or goes beyond `ND_PAGE_LIMIT`.
    @inline(__always)
    init?(_ startPage: UInt64, _ endPage: UInt64) {
        guard startPage < endPage, endPage <= 1 << 47 else { return nil }
        self.init(pages: Int(truncatingIfNeeded: startPage)..<Int(truncatingIfNeeded: endPage))
    }
}
