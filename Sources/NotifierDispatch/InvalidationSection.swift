/// An open invalidation, from a successful start to its end.
///
/// It cannot be copied, and it must be given back to the `invalidateRangeEnd` of the object that opened it. If it is
/// dropped, it traps, since every subscriber would wait for ever. Another thread than the one that opened it may end
/// it, unless a subscriber's guard holds a lock across sections.
public struct InvalidationSection: ~Copyable, @unchecked Sendable {
    // @unchecked: the failures are written while the section opens; one thread ends it and reads them.

    /// What is being invalidated.
    public let invalidation: Invalidation
    /// Lies in the two bytes that the invalidation leaves:
    ///
    ///     bits  what
    ///     0     the section is open in the interval half too
    ///     1     ``word`` is the address of a ``FailedStarts``; otherwise it is the serial
    ///     2     the parity of the epoch that it is counted in
    ///     3-15  the tag of its space
    private var flags: UInt16
    /// One word for both, so that a section is four words and stays in registers from start to end.
    private var word: UInt

    private static var openInIntervals: UInt16 { 1 << 0 }
    private static var withFailures: UInt16 { 1 << 1 }
    private static var oddEpoch: UInt16 { 1 << 2 }
    private static var tagMask: UInt16 { ~7 }

    /// How many subscribers failed although the start was blockable. They are owed no end. Always 0 unless a subscriber
    /// breaks its contract.
    public var failedStarts: Int { failures?.pointee.count ?? 0 }

    /// A section that is open in the list half. A subscriber whose serial is above `serial` takes no part in it. The
    /// section owns `failures`.
    @inline(__always)
    init(invalidation: Invalidation, serial: UInt64, failures: FailedStarts.Pointer?) {
        self.invalidation = invalidation
        flags = failures != nil ? Self.withFailures : 0
        word = failures.map { UInt(bitPattern: $0) } ?? UInt(serial)
    }

    /// A section that is open in the interval half alone, in which `failedIntervals` starts failed.
    init(invalidation: Invalidation, failedIntervals: Int) {
        self.init(invalidation: invalidation, serial: 0, failures: nil)
        open(failedIntervals: failedIntervals)
    }

    /// An open section as words, for a caller that cannot keep what must not be copied.
    package struct Words: BitwiseCopyable {
        fileprivate let invalidation: Invalidation
        fileprivate let flags: UInt16
        fileprivate let word: UInt
    }

    /// Hands the section over as words. Whoever holds them owes the end: make a section of them once, and end it.
    package consuming func intoWords() -> Words {
        let words = Words(invalidation: invalidation, flags: flags, word: word)
        discard self
        return words
    }

    /// The section that these words were.
    package init(_ words: Words) {
        invalidation = words.invalidation
        flags = words.flags
        word = words.word
    }

    /// Opens it in the interval half, too.
    @inline(__always)
    mutating func open(failedIntervals: Int) {
        flags |= Self.openInIntervals
        guard failedIntervals > 0 else { return }
        // Not by a mutating call: for one, the section would have to lie in memory.
        word = UInt(bitPattern: FailedStarts.add(failedIntervals, to: failures, sectionSerial: UInt64(word)))
        flags |= Self.withFailures
    }

    /// Makes it a section of the space with this tag, counted in an epoch of this parity.
    @inline(__always)
    mutating func enter(tag: UInt16, parity: UInt64) { flags |= tag | UInt16(truncatingIfNeeded: parity &<< 2) }

    /// The tag of the `number`th space made: one of 8,192.
    static func tag(of number: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: number &<< 3) }

    /// The tag of its space.
    @inline(__always)
    var tag: UInt16 { flags & Self.tagMask }

    /// The parity of its epoch: 0 or 1.
    @inline(__always)
    var parity: UInt64 { UInt64(flags & Self.oddEpoch) &>> 2 }

    /// Whether it is open in the interval half, too. It is not if the space had no interval subscriptions at the start.
    @inline(__always)
    var isOpenInIntervals: Bool { flags & Self.openInIntervals != 0 }

    private var hasFailures: Bool { flags & Self.withFailures != 0 }

    private var failures: FailedStarts.Pointer? { hasFailures ? FailedStarts.Pointer(bitPattern: word) : nil }

    /// The serial above which subscribers take no part in the section; `nil` if one failed: ask ``owesEnd(to:)``.
    @inline(__always)
    var serialWithoutFailures: UInt64? { hasFailures ? nil : UInt64(word) }

    /// Whether the section owes an end to this entry, which it does not exempt.
    @inline(__always)
    func owesEnd(to node: borrowing NotifierNode) -> Bool {
        hasFailures ? owesEndSlow(serial: node.endSerial) : node.endSerial <= word
    }

    @inline(never)
    private func owesEndSlow(serial: UInt64) -> Bool {
        guard let failures else { return false }
        return serial <= failures.pointee.sectionSerial && !failures.pointee.serials.contains(serial)
    }

    /// Marks the section as ended.
    @inline(__always)
    consuming func close() {
        if hasFailures { Self.deallocate(failures) }
        discard self
    }

    @inline(never)
    private static func deallocate(_ failures: FailedStarts.Pointer?) {
        failures?.deinitialize(count: 1)
        failures?.deallocate()
    }

    deinit { Self.trapDropped() }

    private static func trapDropped() {
        fatalError("an invalidation section was dropped without invalidateRangeEnd")
    }
}

/// The subscribers that failed in one start. Allocated only if one fails in a blockable start, by a bug of its own.
struct FailedStarts {
    typealias Pointer = UnsafeMutablePointer<FailedStarts>

    /// A subscriber whose serial is above this one takes no part in the section.
    let sectionSerial: UInt64
    /// The serials of those in the list that failed.
    fileprivate(set) var serials: [UInt64] = []
    /// How many failed in the interval half, which owes no ends.
    fileprivate(set) var intervals = 0

    /// How many failed in all.
    var count: Int { serials.count + intervals }

    /// Adds a failure to those of a section with this serial, which may have none yet.
    @inline(never)
    static func add(_ serial: UInt64, to failures: Pointer?, sectionSerial: UInt64) -> Pointer {
        let failures = failures ?? makePointer(sectionSerial: sectionSerial)
        failures.pointee.serials.append(serial)
        return failures
    }

    /// Adds the number of failures in the interval half.
    @inline(never)
    fileprivate static func add(_ intervals: Int, to failures: Pointer?, sectionSerial: UInt64) -> Pointer {
        let failures = failures ?? makePointer(sectionSerial: sectionSerial)
        failures.pointee.intervals = intervals
        return failures
    }

    private static func makePointer(sectionSerial: UInt64) -> Pointer {
        let pointer = Pointer.allocate(capacity: 1)
        pointer.initialize(to: FailedStarts(sectionSerial: sectionSerial))
        return pointer
    }
}
