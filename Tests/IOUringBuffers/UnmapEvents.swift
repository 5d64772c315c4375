import CUserFault
import Glibc
import NotifierDispatch

/// userfaultfd as a source of unmappings, and of nothing else: no fault is ever served.
struct UnmapEvents: Sendable {
    private let descriptor: Int32

    /// Throws the `errno` with which the kernel refuses.
    init() throws(FixedBuffers.Refusal) {
        descriptor = cuserfault_open(UInt64(UFFD_FEATURE_EVENT_UNMAP))
        guard descriptor >= 0 else { throw FixedBuffers.Refusal(error: -descriptor) }
    }

    /// Ends it. To be called once, and before watched memory is unmapped for good: an unmapping waits until its event is read.
    func end() { close(descriptor) }

    /// Has it tell when the memory is unmapped.
    func watch(_ memory: RemappedMemory) {
        let error = cuserfault_watch(descriptor, UnsafeMutableRawPointer(bitPattern: memory.address)!, Int(memory.size))
        precondition(error == 0, "registration with userfaultfd failed with error \(error)")
    }

    /// The pages of the next unmapping; `nil` if there was none for so many milliseconds. The thread that unmaps goes on when
    /// this has read of it.
    func next(milliseconds: Int32) -> InvalidationRange? {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&wait, 1, milliseconds)
        var message = cuserfault_message()
        let found = cuserfault_read(descriptor, &message)
        precondition(found >= 0, "an event of userfaultfd failed with error \(-found)")
        guard found == 1 else { return nil }
        precondition(message.event == UFFD_EVENT_UNMAP, "userfaultfd told of event \(message.event)")
        let first = Int(message.start) / Int(RemappedMemory.pageSize)
        return InvalidationRange(pages: first..<first + Int(message.length) / Int(RemappedMemory.pageSize))
    }
}
