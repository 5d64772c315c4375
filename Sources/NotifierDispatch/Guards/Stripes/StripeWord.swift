/// How the word of a stripe is laid out. ``StripedScheme``, ``AsymmetricScheme`` and ``AdaptiveScheme`` use it, each as much
/// as it needs; the word of the ``WideSections`` has the count and the generation alone.
///
/// Legal states:
///
///     bits    what        meaning
///     0       lock        a fault installs under it, or a section tears down
///     1       dead        the subscription is over
///     2       revoking    a section waits for the faults that install without the lock; count is not 0
///     3       biased      faults install without the lock; nobody holds the lock for installs
///     4-23    count       open sections
///     24-63   generation  sections that ever started; wraps after 2^40, three hours at 100 million a second: a walk
///                         would have to last that long, and to the very section, to take one for the other
///
/// `revoking` and `biased` exclude each other. Of a ticket, the lock is left out.
@usableFromInline
enum StripeWord {
    @usableFromInline
    static var lock: UInt64 { 1 << 0 }
    @usableFromInline
    static var dead: UInt64 { 1 << 1 }
    @usableFromInline
    static var revoking: UInt64 { 1 << 2 }
    @usableFromInline
    static var biased: UInt64 { 1 << 3 }
    @usableFromInline
    static var section: UInt64 { 1 << 4 }
    @usableFromInline
    static var count: UInt64 { 0xf_ffff << 4 }
    @usableFromInline
    static var generation: UInt64 { 1 << 24 }

    /// What a start adds.
    @usableFromInline
    static var start: UInt64 { section &+ generation }

    /// Traps where no section is open that could end (invariant 7).
    static func requireOpenSection(_ word: UInt64) {
        precondition(word & count != 0, "an invalidation ended that had not started")
    }

    /// Traps where no more sections fit into the count.
    static func requireRoom(_ word: UInt64) {
        precondition(word & count != count, "more than 1,048,575 invalidations of a stripe are open at once")
    }
}
