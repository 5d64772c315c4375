import CNotifierDispatch
import Glibc
import NotifierDispatch
import Synchronization

/// What an `nd_space` is: an address space, and how many subscriptions of it were not freed.
final class Space: Sendable {
    let notifiers = AddressSpace()
    // Relaxed throughout: whoever destroys a space has seen to it that no other thread uses it.
    let subscriptions = Atomic<Int>(0)

    /// The space behind a handle. The handle holds it.
    @inline(__always)
    static func unmanaged(_ handle: OpaquePointer) -> Unmanaged<Space> {
        Unmanaged<Space>.fromOpaque(UnsafeRawPointer(handle))
    }
}

@_cdecl("nd_space_create")
public func createSpace(_ space: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    guard let space else { return EINVAL }
    let error = CallingThread.enter()
    guard error == 0 else { return error }
    space.pointee = OpaquePointer(Unmanaged.passRetained(Space()).toOpaque())
    return 0
}

@_cdecl("nd_space_destroy")
public func destroySpace(_ handle: OpaquePointer?) -> Int32 {
    guard let handle else { return EINVAL }
    guard !CallingThread.isInsideReading else { return EDEADLK }
    let space = Space.unmanaged(handle)
    let isInUse = space._withUnsafeGuaranteedRef {
        $0.subscriptions.load(ordering: .relaxed) != 0 || $0.notifiers.counter.activeCount != 0
    }
    guard !isInUse else { return EBUSY }
    space.release()
    return 0
}

@_cdecl("nd_thread_register")
public func registerThread() -> Int32 { CallingThread.enter() }
