/// What a floor works on: a C object, destroyed with the last pair that uses it.
final class Floor: @unchecked Sendable {
    // @unchecked: what it points to is made for being shared.

    /// The C object; valid as long as this one is.
    let pointer: OpaquePointer
    private let subscribers: [any AnyObject & Sendable]
    private let destroy: (OpaquePointer) -> Void

    /// Takes a C object over, and keeps what it refers to alive.
    init(
        _ pointer: OpaquePointer, keeping subscribers: [any AnyObject & Sendable] = [],
        destroy: @escaping (OpaquePointer) -> Void
    ) {
        self.pointer = pointer
        self.subscribers = subscribers
        self.destroy = destroy
    }

    deinit { destroy(pointer) }
}
