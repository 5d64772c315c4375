import CNotifierDispatch
import Glibc
import NotifierDispatch

/// Opens a section. So many may be open at once that the threads which are between this look and the engine's count cannot
/// exceed it.
@inline(__always)
private func startSection(
    _ handle: OpaquePointer?, _ startPage: UInt64, _ endPage: UInt64, _ event: Int32,
    _ section: UnsafeMutablePointer<nd_section>?, isBlockable: Bool
) -> Int32 {
    guard let handle, let section, section.pointee.size >= MemoryLayout<nd_section>.size,
        section.pointee.state == CallState.idle, let range = InvalidationRange(startPage, endPage),
        0...Int32(InvalidationEvent.softDirty.rawValue) ~= event,
        let event = InvalidationEvent(rawValue: UInt8(truncatingIfNeeded: event))
    else { return EINVAL }
    if _slowPath(CallingThread.isInsideDrop) { return EDEADLK }
    let error = CallingThread.enter()
    guard _fastPath(error == 0) else { return error }
    return Space.unmanaged(handle)._withUnsafeGuaranteedRef { space in
        guard space.notifiers.counter.activeCount < RangeCounter.limit - ThreadRegistration.maximumThreads,
            let opened = space.notifiers.invalidateRangeStart(
                Invalidation(range: range, event: event, isBlockable: isBlockable))
        else { return EAGAIN }
        SectionMemory(handle: handle, words: opened.intoWords()).store(in: section)
        section.pointee.state = CallState.begun
        return 0
    }
}

/// What the caller keeps of an open section, in `own` of `struct nd_section`.
private struct SectionMemory: BitwiseCopyable {
    let handle: OpaquePointer
    let words: InvalidationSection.Words

    @inline(__always)
    func store(in section: UnsafeMutablePointer<nd_section>) {
        // Behind size and state: layout.c holds the offset.
        (UnsafeMutableRawPointer(section) + 8).storeBytes(of: self, as: SectionMemory.self)
    }

    @inline(__always)
    static func load(from section: UnsafeMutablePointer<nd_section>) -> SectionMemory {
        (UnsafeMutableRawPointer(section) + 8).load(as: SectionMemory.self)
    }
}

@_cdecl("nd_invalidate_start")
public func startInvalidation(
    _ space: OpaquePointer?, _ startPage: UInt64, _ endPage: UInt64, _ event: Int32,
    _ section: UnsafeMutablePointer<nd_section>?
) -> Int32 { startSection(space, startPage, endPage, event, section, isBlockable: true) }

@_cdecl("nd_invalidate_try_start")
public func tryStartInvalidation(
    _ space: OpaquePointer?, _ startPage: UInt64, _ endPage: UInt64, _ event: Int32,
    _ section: UnsafeMutablePointer<nd_section>?
) -> Int32 { startSection(space, startPage, endPage, event, section, isBlockable: false) }

@_cdecl("nd_invalidate_end")
public func endInvalidation(_ section: UnsafeMutablePointer<nd_section>?) -> Int32 {
    guard let section, section.pointee.size >= MemoryLayout<nd_section>.size, section.pointee.state == CallState.begun
    else { return EINVAL }
    if _slowPath(CallingThread.isInsideDrop) { return EDEADLK }
    let error = CallingThread.enter()
    guard _fastPath(error == 0) else { return error }
    let memory = SectionMemory.load(from: section)
    // Before the end: the section counts once.
    section.pointee.state = CallState.idle
    Space.unmanaged(memory.handle)._withUnsafeGuaranteedRef {
        $0.notifiers.invalidateRangeEnd(InvalidationSection(memory.words))
    }
    return 0
}
