/// The outcome of a `readBegin`.
public enum ReadBegin<Ticket: Sendable>: Sendable {
    /// Walk, then ask `readRetry` under the lock of the install section.
    case ticket(Ticket)
    /// The deadline passed while a section kept readers out.
    case busy
    /// The subscription is over: nothing may be installed any more.
    case dead
}
