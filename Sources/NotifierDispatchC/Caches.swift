import CNotifierDispatch
import Glibc
import NotifierDispatch
import RegistrationCache

/// What an `nd_cache` is: a registration cache over a device of the caller's.
final class CallersCache: Sendable {
    fileprivate let cache: RegistrationCache
    private let space: Space

    fileprivate init(
        of device: CallersDevice, in space: Space, configuration: RegistrationCache.Configuration
    ) throws(RegistrationError) {
        cache = try RegistrationCache(of: device, in: space.notifiers, configuration: configuration)
        self.space = space
        space.subscriptions.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { space.subscriptions.wrappingSubtract(1, ordering: .relaxed) }

    @inline(__always)
    static func unmanaged(_ handle: OpaquePointer) -> Unmanaged<CallersCache> {
        Unmanaged<CallersCache>.fromOpaque(UnsafeRawPointer(handle))
    }
}

/// The caller's device, as the cache sees it.
private final class CallersDevice: RegistrationDevice, @unchecked Sendable {
    // @unchecked: the context is the caller's, who is told that several threads call at once.
    private let registerFunction: nd_register_function
    private let deregisterFunction: nd_deregister_function
    private let context: UnsafeMutableRawPointer?

    init(
        _ register: nd_register_function, _ deregister: nd_deregister_function, _ context: UnsafeMutableRawPointer?
    ) {
        registerFunction = register
        deregisterFunction = deregister
        self.context = context
    }

    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
        var registration: UInt64 = 0
        let error = registerFunction(context, UInt64(memory.address), UInt64(memory.length), &registration)
        guard error == 0 else { throw DeviceError(code: error) }
        return registration
    }

    func deregister(_ registration: UInt64, of memory: MemoryRange) {
        deregisterFunction(context, registration, UInt64(memory.address), UInt64(memory.length))
    }
}

/// What the caller keeps of a pinned region, in `own` of `struct nd_region`.
private struct RegionMemory: BitwiseCopyable {
    let cache: OpaquePointer
    let pin: UnsafeMutableRawPointer

    /// Behind size, state, registration, address and length: layout.c holds the offset.
    @inline(__always)
    static func own(of region: UnsafeMutablePointer<nd_region>) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(region) + 32
    }
}

@_cdecl("nd_cache_create")
public func createCache(
    _ space: OpaquePointer?, _ options: UnsafePointer<nd_cache_options>?,
    _ cache: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    guard let space, let options, let cache, options.pointee.size >= MemoryLayout<nd_cache_options>.size,
        options.pointee.flags == 0, let register = options.pointee.register_memory,
        let deregister = options.pointee.deregister_memory
    else { return EINVAL }
    var configuration = RegistrationCache.Configuration()
    if let limit = limit(options.pointee.maximum_regions) { configuration.maximumRegions = limit }
    if let limit = limit(options.pointee.maximum_bytes) { configuration.maximumBytes = UInt(limit) }
    if let limit = limit(options.pointee.maximum_deferred_regions) { configuration.maximumDeferredRegions = limit }
    if let size = limit(options.pointee.page_size) {
        guard size >= 4096, size <= 1 << 30, size.nonzeroBitCount == 1 else { return EINVAL }
        configuration.pageSize = UInt(size)
    }
    if CallingThread.isInsideDrop { return EDEADLK }
    let error = CallingThread.enter()
    guard error == 0 else { return error }
    let device = CallersDevice(register, deregister, options.pointee.context)
    do throws(RegistrationError) {
        let made = try CallersCache(
            of: device, in: Space.unmanaged(space).takeUnretainedValue(), configuration: configuration)
        cache.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
        return 0
    } catch {
        // The space is never released, and ends starts one by one: nothing can be wrong.
        return EINVAL
    }
}

/// A limit of the caller's; `nil` for 0, which stands for none.
private func limit(_ number: UInt64) -> Int? { number == 0 ? nil : Int(clamping: number) }

@_cdecl("nd_cache_get")
public func getRegion(
    _ handle: OpaquePointer?, _ address: UnsafeRawPointer?, _ length: UInt64, _ region: UnsafeMutablePointer<nd_region>?
) -> Int32 {
    guard let handle, let region, region.pointee.size >= MemoryLayout<nd_region>.size,
        region.pointee.state == CallState.idle
    else { return EINVAL }
    if _slowPath(CallingThread.isInsideDrop) { return EDEADLK }
    let error = CallingThread.enter()
    guard _fastPath(error == 0) else { return error }
    return CallersCache.unmanaged(handle)._withUnsafeGuaranteedRef { caller in
        do throws(GetError) {
            let pinned = try caller.cache.get(UInt(bitPattern: address), length: UInt(length))
            let memory = pinned.memory
            region.pointee.registration = pinned.registration
            region.pointee.address = UInt64(memory.address)
            region.pointee.length = UInt64(memory.length)
            let kept = RegionMemory(cache: handle, pin: pinned.relinquish())
            RegionMemory.own(of: region).storeBytes(of: kept, as: RegionMemory.self)
            region.pointee.state = CallState.begun
            return 0
        } catch {
            return number(of: error)
        }
    }
}

private func number(of error: GetError) -> Int32 {
    switch error {
    case .invalidRange: EINVAL
    case .device(let error): error.code
    case .busy: EBUSY
    case .full: ENOSPC
    case .closed: ESHUTDOWN
    }
}

@_cdecl("nd_cache_put")
public func putRegion(_ region: UnsafeMutablePointer<nd_region>?) -> Int32 {
    guard let region, region.pointee.size >= MemoryLayout<nd_region>.size, region.pointee.state == CallState.begun
    else { return EINVAL }
    if _slowPath(CallingThread.isInsideDrop) { return EDEADLK }
    let error = CallingThread.enter()
    guard _fastPath(error == 0) else { return error }
    // Before the put: the pin counts once.
    region.pointee.state = CallState.idle
    let kept = RegionMemory.own(of: region).load(as: RegionMemory.self)
    CallersCache.unmanaged(kept.cache)._withUnsafeGuaranteedRef { $0.cache.put(PinnedRegion(relinquished: kept.pin)) }
    return 0
}

@_cdecl("nd_cache_flush")
public func flushCache(_ handle: OpaquePointer?) -> Int32 {
    guard let handle else { return EINVAL }
    guard !CallingThread.isInsideReading else { return EDEADLK }
    let error = CallingThread.enter()
    guard error == 0 else { return error }
    return CallersCache.unmanaged(handle)._withUnsafeGuaranteedRef { $0.cache.flush() ? 0 : EBUSY }
}

@_cdecl("nd_cache_destroy")
public func destroyCache(_ handle: OpaquePointer?) -> Int32 {
    // What is pinned must be found before the cache ends, which would trap.
    let error = flushCache(handle)
    guard error == 0, let handle else { return error }
    CallersCache.unmanaged(handle).release()
    return 0
}
