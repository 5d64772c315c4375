@testable import NotifierDispatch

// A failed expectation shows what it names, and to reflect atomics, which cannot be copied, traps. So these show nothing.

extension AddressSpace: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension EventCounter: CustomReflectable {
    var customMirror: Mirror { .ofNothing(self) }
}

extension GuardedPages: CustomReflectable {
    var customMirror: Mirror { .ofNothing(self) }
}

extension LiveCache: CustomReflectable {
    var customMirror: Mirror { .ofNothing(self) }
}

extension Attempt: CustomReflectable {
    var customMirror: Mirror { .ofNothing(self) }
}

extension Mirror {
    /// Of a subject that is shown without its parts.
    static func ofNothing(_ subject: Any) -> Mirror { Mirror(subject, children: EmptyCollection()) }
}
