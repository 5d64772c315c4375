/// An open invalidation: from a successful start to its end.
///
/// It cannot be copied, and it must be given back to the `invalidateRangeEnd` of the place that opened it: dropping it
/// traps, since every subscriber would wait for ever. It may be ended on another thread than the one that opened it,
/// unless a subscriber's guard holds a lock across sections.
public struct InvalidationSection: ~Copyable, Sendable {
    /// What is being invalidated.
    public let invalidation: Invalidation
    /// How many subscribers failed although the start was blockable. They are not owed an end. Always 0 unless a
    /// subscriber breaks its contract.
    public let failedStarts: Int
    /// Registrations after this serial came inside the section and take no part in it.
    let serial: UInt64
    private let failures: FailedStart?

    init(invalidation: Invalidation, serial: UInt64, failures: consuming FailedStart?) {
        self.invalidation = invalidation
        self.serial = serial
        failedStarts = failures?.count ?? 0
        self.failures = failures
    }

    /// Whether the section owes this entry an end.
    func owesEnd(to node: borrowing NotifierNode) -> Bool {
        node.capabilities.contains(.receivesEnd) && node.serial <= serial
            && !(failures?.contains(serial: node.serial) ?? false)
    }

    /// Marks the section as ended.
    consuming func close() {
        failures?.deallocate()
        discard self
    }

    deinit { Self.trapDropped() }

    private static func trapDropped() {
        fatalError("an invalidation section was dropped without invalidateRangeEnd")
    }
}

/// The serials of the subscribers that failed in one blockable start. Allocated only when that happens, which is a bug
/// of the subscriber.
struct FailedStart: @unchecked Sendable {
    // @unchecked: written while the section opens, read by the one thread that ends it.
    private let serials: UnsafeMutablePointer<UInt64>
    let count: Int

    /// The list `tail` (or the empty one) and `serial`; takes `tail` over.
    init(serial: UInt64, after tail: FailedStart?) {
        count = (tail?.count ?? 0) + 1
        serials = .allocate(capacity: count)
        if let tail {
            serials.initialize(from: tail.serials, count: tail.count)
            tail.deallocate()
        }
        (serials + count - 1).initialize(to: serial)
    }

    func contains(serial: UInt64) -> Bool {
        UnsafeBufferPointer(start: serials, count: count).contains(serial)
    }

    func deallocate() { serials.deallocate() }
}
