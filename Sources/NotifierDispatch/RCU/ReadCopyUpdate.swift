import CPlatform
import CURCU

/// The RCU that the engine itself uses: liburcu's `bp` flavour, whose threads register themselves.
public typealias RCU = ReadCopyUpdate<BPFlavour>

/// Read-copy-update over one flavour of liburcu.
///
/// Readers run ``read(_:)`` sections without waiting for anyone. Writers unlink what readers may still hold and then
/// either wait with ``synchronize()`` or hand the clean-up to ``afterGracePeriod(_:)``.
public enum ReadCopyUpdate<Flavour: RCUFlavour> {
    /// Runs `body` with the calling thread registered, and takes the registration back however `body` ends.
    ///
    /// Calls nest. The first of them, over all flavours, also gives the thread its dense index. Threads of the engine's own
    /// flavour need none of this: they register on first use, until they end. See ``ThreadRegistration``.
    @inlinable
    public static func withRegisteredThread<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        ThreadRegistration.enter(Flavour.self)
        defer { ThreadRegistration.leave(Flavour.self) }
        return try body()
    }

    /// Whether the calling thread is registered with this flavour.
    @inlinable @inline(__always)
    public static var isRegistered: Bool { Flavour.registrations.pointee != 0 }

    /// Whether the calling thread is inside a read section of this flavour.
    @inlinable
    public static var isReading: Bool { isRegistered && Flavour.isReading }

    /// Runs `body` as a read section: what it reaches through published pointers stays alive until it returns.
    ///
    /// Sections nest and may sleep, at the price of longer grace periods. A thread that is not registered registers itself,
    /// or traps where the flavour cannot: no grace period would wait for it.
    @inlinable @inline(__always)
    public static func read<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if !isRegistered { ThreadRegistration.registerOnFirstUse(of: Flavour.self) }
        Flavour.readLock()
        defer { Flavour.readUnlock() }
        return try body()
    }

    /// Runs `body` outside of the read section that the calling thread is in, and enters it again. What was reached in it
    /// may be gone then. A section around that one stays.
    @inline(__always)
    static func outside<Result>(_ body: () -> Result) -> Result {
        Flavour.readUnlock()
        defer { Flavour.readLock() }
        return body()
    }

    /// Waits until every read section that was open at the call has ended. Traps inside a read section of this flavour
    /// (it would wait for itself), except for QSBR, where the call is itself a quiescent state.
    public static func synchronize() {
        precondition(
            Flavour.self == QSBRFlavour.self || !isReading, "RCU.synchronize inside a read section waits for itself")
        Flavour.synchronize()
    }

    /// Runs `body` once, on liburcu's own thread, after every read section that is open now has ended.
    ///
    /// Does not wait, so it may be called inside a read section. `body` must not wait for a grace period; it may enter a
    /// read section where liburcu's thread can register itself. Registers the calling thread, or traps, as
    /// ``read(_:)`` does.
    public static func afterGracePeriod(_ body: @escaping @Sendable () -> Void) {
        if !isRegistered { ThreadRegistration.registerOnFirstUse(of: Flavour.self) }
        let call = UnsafeMutablePointer<DeferredCall>.allocate(capacity: 1)
        call.initialize(to: DeferredCall(head: rcu_head(), gracePeriod: Flavour.gracePeriod, body: body))
        let head = UnsafeMutableRawPointer(call).assumingMemoryBound(to: rcu_head.self)
        curcu_happens_before(head)
        Flavour.call(head, runDeferredCall)
    }

    /// Waits until every ``afterGracePeriod(_:)`` made before has run. Traps inside a read section of this flavour.
    public static func barrier() {
        precondition(
            Flavour.self == QSBRFlavour.self || !isReading, "RCU.barrier inside a read section waits for itself")
        Flavour.barrier()
        curcu_happens_after(Flavour.gracePeriod)
    }
}

extension ReadCopyUpdate where Flavour == QSBRFlavour {
    /// Says that the calling thread is in no read section right now. Every registered thread does so now and then.
    public static func quiescentState() { curcu_qsbr_quiescent_state() }

    /// Runs `body`, which must not read, without holding up grace periods: wrap what blocks.
    public static func offline<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        curcu_qsbr_thread_offline()
        defer { curcu_qsbr_thread_online() }
        return try body()
    }
}

/// A closure in liburcu's queue. `head` comes first, so that the address of one is the address of the other.
private struct DeferredCall {
    var head: rcu_head
    let gracePeriod: UnsafeMutableRawPointer
    let body: @Sendable () -> Void
}

private func runDeferredCall(_ head: UnsafeMutablePointer<rcu_head>) {
    curcu_happens_after(head)
    let call = UnsafeMutableRawPointer(head).assumingMemoryBound(to: DeferredCall.self)
    let deferred = call.move()
    call.deallocate()
    curcu_happens_after(deferred.gracePeriod)
    cplatform_thread().pointee.deferred_calls += 1
    deferred.body()
    cplatform_thread().pointee.deferred_calls -= 1
    curcu_happens_before(deferred.gracePeriod)
}
