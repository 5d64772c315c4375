import Glibc
import NotifierDispatch

/// What a lock keeps for each thread, at its dense index: a pair of cache lines of its own, zeroes at first, valid as long
/// as this is. The memory comes with the first touch, so only threads that use the lock cost any.
///
/// An index is used by one thread at a time. Who gets it next finds what the last one left.
@usableFromInline
struct ThreadLines: ~Copyable, @unchecked Sendable {
    // @unchecked: each line is only touched by the thread of its index, and by a lock made for being shared.

    /// The line of index 0. Before it is one of index -1, that of threads which are not registered: always zeroes, so that
    /// a lock which looks into its line anyway need not look at the index, too.
    @usableFromInline
    let first: UnsafeMutableRawPointer

    /// As in all of the engine: 64-byte lines are fetched in pairs, and Arm servers have 128.
    @usableFromInline
    static var lineSize: Int { 128 }

    private static var size: Int { (ThreadRegistration.maximumThreads + 1) * lineSize }

    @usableFromInline
    init() {
        let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != UnsafeMutableRawPointer(bitPattern: -1) else {
            fatalError("no memory for the threads of a lock")
        }
        first = memory + Self.lineSize
    }

    deinit { munmap(first - Self.lineSize, Self.size) }

    /// The line of an index, from -1.
    @inlinable @inline(__always)
    func line(at index: Int) -> OpaquePointer { OpaquePointer(first + index &* Self.lineSize) }

    /// The calling thread's; that of index -1 where it is not registered.
    @inlinable @inline(__always)
    var mine: OpaquePointer { line(at: Int(ThreadRegistration.index)) }
}
