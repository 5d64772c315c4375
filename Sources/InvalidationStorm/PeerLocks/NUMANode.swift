import CPeerLocks
import Glibc

/// The NUMA nodes of this machine, numbered from 0, and which of them a thread counts itself to.
///
/// A thread asks once, when it first needs to know, and keeps to the answer: a lock must be given back to the cohort that
/// it was taken from. Not by the thread's index, which another thread on another node may have next.
@usableFromInline
enum NUMANode {
    /// How many there are, 1 or more.
    static let count: Int = {
        guard let file = fopen("/sys/devices/system/node/online", "r") else { return 1 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, Int32(line.count), file) != nil else { return 1 }
        return count(online: line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }()

    /// One more than the last node of a list as in `0-1,4`; 1 where there is none in it.
    static func count(online list: String) -> Int {
        (list.split { !("0"..."9").contains($0) }.last.flatMap { Int($0) } ?? 0) + 1
    }

    /// The calling thread's, below ``count``.
    @inlinable @inline(__always)
    static var ofThisThread: Int {
        let node = peer_thread_node().pointee
        return node >= 0 ? Int(node) : lookUpSlow()
    }

    /// Says which node the calling thread counts itself to from now on, in place of the kernel.
    static func countThisThread(to node: Int) { peer_thread_node().pointee = Int32(node) }

    @usableFromInline @inline(never)
    static func lookUpSlow() -> Int {
        // Where the kernel says more than it listed, any node will do.
        let node = min(Int(peer_current_node()), count - 1)
        countThisThread(to: node)
        return node
    }
}
