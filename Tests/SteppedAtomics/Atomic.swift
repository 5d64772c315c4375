import CSteps
/// The orderings and what has an atomic representation are its own. Its `Atomic` is hidden by the one here.
@_exported import Synchronization

/// `Synchronization.Atomic` with a step before each access: what `steps_before_access` names runs there.
///
/// It has the names, the orderings and the layout of the other one, as far as the engine uses them, so that the engine
/// compiles with either. Orderings are literals here, too: the functions are transparent and hand them on.
///
/// It differs in three points. A weak compare-and-swap is a strong one. One with a single ordering is relaxed where it
/// fails. Values of 1, 2, 4 and 8 bytes work, and any other traps.
@frozen
public struct Atomic<Value: AtomicRepresentable>: ~Copyable {
    public let value: Synchronization.Atomic<Value>

    @inlinable @inline(__always)
    public init(_ initialValue: consuming Value) { value = Synchronization.Atomic(initialValue) }

    /// Where the value lies: an atomic has one address as long as it is.
    @inlinable @inline(__always)
    public var address: UnsafeMutableRawPointer {
        withUnsafePointer(to: self) { UnsafeMutableRawPointer(mutating: $0) }
    }
}

extension Atomic: @unchecked Sendable {
    // @unchecked: as the one inside.
}

/// The value as an integer of its size: Synchronization has the operations for each size apart.
@inlinable @inline(__always)
public func word<Word: FixedWidthInteger & AtomicRepresentable>(
    _: Word.Type, at address: UnsafeMutableRawPointer
) -> UnsafeMutablePointer<Synchronization.Atomic<Word>> {
    address.assumingMemoryBound(to: Synchronization.Atomic<Word>.self)
}

extension Atomic {
    @inlinable @inline(__always)
    public static func bits<Word>(_ value: consuming Value) -> Word {
        unsafeBitCast(Value.encodeAtomicRepresentation(value), to: Word.self)
    }

    @inlinable @inline(__always)
    public static func value<Word>(_ bits: Word) -> Value {
        Value.decodeAtomicRepresentation(unsafeBitCast(bits, to: Value.AtomicRepresentation.self))
    }

    @inlinable @inline(__always)
    public static var size: Int { MemoryLayout<Value.AtomicRepresentation>.size }
}

extension Atomic {
    /// Without a step.
    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func loadAtOnce(ordering: AtomicLoadOrdering) -> Value {
        switch Self.size {
        case 1: return Self.value(word(UInt8.self, at: address).pointee.load(ordering: ordering))
        case 2: return Self.value(word(UInt16.self, at: address).pointee.load(ordering: ordering))
        case 4: return Self.value(word(UInt32.self, at: address).pointee.load(ordering: ordering))
        default: return Self.value(word(UInt64.self, at: address).pointee.load(ordering: ordering))
        }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func load(ordering: AtomicLoadOrdering) -> Value {
        steps_announce(address, STEPS_LOAD.rawValue)
        return loadAtOnce(ordering: ordering)
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func store(_ desired: consuming Value, ordering: AtomicStoreOrdering) {
        steps_announce(address, STEPS_STORE.rawValue)
        defer { steps_note_change(address) }
        switch Self.size {
        case 1: word(UInt8.self, at: address).pointee.store(Self.bits(desired), ordering: ordering)
        case 2: word(UInt16.self, at: address).pointee.store(Self.bits(desired), ordering: ordering)
        case 4: word(UInt32.self, at: address).pointee.store(Self.bits(desired), ordering: ordering)
        default: word(UInt64.self, at: address).pointee.store(Self.bits(desired), ordering: ordering)
        }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func exchange(_ desired: consuming Value, ordering: AtomicUpdateOrdering) -> Value {
        steps_announce(address, STEPS_UPDATE.rawValue)
        defer { steps_note_change(address) }
        switch Self.size {
        case 1:
            return Self.value(word(UInt8.self, at: address).pointee.exchange(Self.bits(desired), ordering: ordering))
        case 2:
            return Self.value(word(UInt16.self, at: address).pointee.exchange(Self.bits(desired), ordering: ordering))
        case 4:
            return Self.value(word(UInt32.self, at: address).pointee.exchange(Self.bits(desired), ordering: ordering))
        default:
            return Self.value(word(UInt64.self, at: address).pointee.exchange(Self.bits(desired), ordering: ordering))
        }
    }

    /// Without a step.
    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func compareExchangeAtOnce(
        expected: consuming Value, desired: consuming Value, successOrdering: AtomicUpdateOrdering,
        failureOrdering: AtomicLoadOrdering
    ) -> (exchanged: Bool, original: Value) {
        switch Self.size {
        case 1:
            let found = word(UInt8.self, at: address).pointee.compareExchange(
                expected: Self.bits(expected), desired: Self.bits(desired), successOrdering: successOrdering,
                failureOrdering: failureOrdering)
            return (found.exchanged, Self.value(found.original))
        case 2:
            let found = word(UInt16.self, at: address).pointee.compareExchange(
                expected: Self.bits(expected), desired: Self.bits(desired), successOrdering: successOrdering,
                failureOrdering: failureOrdering)
            return (found.exchanged, Self.value(found.original))
        case 4:
            let found = word(UInt32.self, at: address).pointee.compareExchange(
                expected: Self.bits(expected), desired: Self.bits(desired), successOrdering: successOrdering,
                failureOrdering: failureOrdering)
            return (found.exchanged, Self.value(found.original))
        default:
            let found = word(UInt64.self, at: address).pointee.compareExchange(
                expected: Self.bits(expected), desired: Self.bits(desired), successOrdering: successOrdering,
                failureOrdering: failureOrdering)
            return (found.exchanged, Self.value(found.original))
        }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func compareExchange(
        expected: consuming Value, desired: consuming Value, successOrdering: AtomicUpdateOrdering,
        failureOrdering: AtomicLoadOrdering
    ) -> (exchanged: Bool, original: Value) {
        steps_announce(address, STEPS_UPDATE.rawValue)
        let result = compareExchangeAtOnce(
            expected: expected, desired: desired, successOrdering: successOrdering, failureOrdering: failureOrdering)
        if result.exchanged { steps_note_change(address) }
        return result
    }

    /// Relaxed where it fails, whatever the ordering where it succeeds.
    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func compareExchange(
        expected: consuming Value, desired: consuming Value, ordering: AtomicUpdateOrdering
    ) -> (exchanged: Bool, original: Value) {
        compareExchange(
            expected: expected, desired: desired, successOrdering: ordering, failureOrdering: .relaxed)
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func weakCompareExchange(
        expected: consuming Value, desired: consuming Value, successOrdering: AtomicUpdateOrdering,
        failureOrdering: AtomicLoadOrdering
    ) -> (exchanged: Bool, original: Value) {
        compareExchange(
            expected: expected, desired: desired, successOrdering: successOrdering, failureOrdering: failureOrdering)
    }

    /// Relaxed where it fails, whatever the ordering where it succeeds.
    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func weakCompareExchange(
        expected: consuming Value, desired: consuming Value, ordering: AtomicUpdateOrdering
    ) -> (exchanged: Bool, original: Value) {
        compareExchange(
            expected: expected, desired: desired, successOrdering: ordering, failureOrdering: .relaxed)
    }
}

/// Each is one step, and a compare-and-swap that is tried until it succeeds.
extension Atomic where Value: FixedWidthInteger {
    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    public borrowing func update(
        ordering: AtomicUpdateOrdering, _ change: (Value) -> Value
    ) -> (oldValue: Value, newValue: Value) {
        steps_announce(address, STEPS_UPDATE.rawValue)
        defer { steps_note_change(address) }
        // Relaxed, and where it fails: it is only the first guess.
        var old = loadAtOnce(ordering: .relaxed)
        while true {
            let new = change(old)
            let (exchanged, original) = compareExchangeAtOnce(
                expected: old, desired: new, successOrdering: ordering, failureOrdering: .relaxed)
            if exchanged { return (old, new) }
            old = original
        }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    @discardableResult
    public borrowing func wrappingAdd(
        _ operand: Value, ordering: AtomicUpdateOrdering
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering: ordering) { $0 &+ operand }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    @discardableResult
    public borrowing func wrappingSubtract(
        _ operand: Value, ordering: AtomicUpdateOrdering
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering: ordering) { $0 &- operand }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    @discardableResult
    public borrowing func bitwiseAnd(
        _ operand: Value, ordering: AtomicUpdateOrdering
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering: ordering) { $0 & operand }
    }

    @_semantics("atomics.requires_constant_orderings")
    @_transparent
    @discardableResult
    public borrowing func bitwiseOr(
        _ operand: Value, ordering: AtomicUpdateOrdering
    ) -> (oldValue: Value, newValue: Value) {
        update(ordering: ordering) { $0 | operand }
    }
}

/// `Synchronization.atomicMemoryFence` with a step before it.
@_semantics("atomics.requires_constant_orderings")
@_transparent
public func atomicMemoryFence(ordering: AtomicUpdateOrdering) {
    steps_announce(nil, STEPS_FENCE.rawValue)
    Synchronization.atomicMemoryFence(ordering: ordering)
}
