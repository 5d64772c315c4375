import Synchronization

/// The open sections over more stripes than a bound: counted once for the whole space instead of in each stripe, in a word
/// that every fault looks at.
///
/// A wide section still takes the lock of each stripe while it tears down there, so that it meets every install:
///
///     fault                                   wide section
///     ticket = wide, idle         (acquire)   wide: count + 1, generation + 1
///     walk                                    take the stripe's lock               (acquire)
///     take the stripe's lock      (acquire)   tear the stripe down
///     wide not the ticket? again              give the lock back                   (release)
///     install; give the lock back (release)   change; wide: count - 1              (release)
///     Outcome: the fault sees the raise, or the section finds what the fault installed.
///
/// Whoever has the lock first, the other comes after it: a fault whose lock acquires what the section's lock released sees
/// the raise that came before, and the teardown of a section whose lock comes second sees the install.
@usableFromInline
struct WideSections: ~Copyable, Sendable {
    /// Sections over more stripes than this are wide.
    let bound: Int
    /// Lies with what every fault reads of its guard: one line to fetch, also after one of the few that are written to it.
    @usableFromInline
    let word = Atomic<UInt64>(0)

    init(bound: Int) {
        precondition(bound >= 0, "the bound of wide sections is a number of stripes, 0 or above")
        self.bound = bound
    }

    /// Whether a section over these stripes is wide; the same at its start and at its end.
    func includes(_ stripes: ClosedRange<Int>) -> Bool { stripes.count > bound }

    /// Before the first stripe is torn down.
    func raise() {
        // Relaxed: the locks of the stripes, which come after it, order it.
        StripeWord.requireRoom(word.wrappingAdd(StripeWord.start, ordering: .relaxed).oldValue)
    }

    /// After the pages have changed.
    func lower() {
        // Releasing: the change of the pages comes before it; pairs with the load of a ticket.
        StripeWord.requireOpenSection(word.wrappingSubtract(StripeWord.section, ordering: .releasing).oldValue)
    }
}
