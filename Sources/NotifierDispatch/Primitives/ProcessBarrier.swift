import CPlatform
import Synchronization

/// A fence whose price one side pays: the frequent side is only kept from being reordered by the compiler, and the rare
/// side makes every running thread of the process pass a full fence.
///
/// Source: membarrier(2), `MEMBARRIER_CMD_PRIVATE_EXPEDITED`. Where the kernel does not have it, both sides pay a full
/// fence. The race, with the outcome that it must have: at least one side sees the other.
///
///     frequent side                 rare side
///     store A                       store B
///     light()                       heavy()
///     load B                        load A
///
/// Where the frequent side's load of B comes before the fence that heavy() runs on its core, its store of A comes before
/// that fence too, and the load of A, which follows it, sees A. Where it comes after, it sees B.
@usableFromInline
struct ProcessBarrier: Sendable {
    /// Whether the kernel's barrier is used.
    @usableFromInline
    let isKernels: Bool

    /// With the kernel's barrier where it has one.
    init() { self.init(isKernels: Self.isRegistered) }

    /// `isKernels` only where the process is registered for it.
    init(isKernels: Bool) { self.isKernels = isKernels }

    /// Registers the process, once.
    private static let isRegistered = cplatform_membarrier_register() == 0

    /// Between the frequent side's store and load.
    @inlinable @inline(__always)
    func light() {
        cplatform_compiler_barrier()
        if _slowPath(!isKernels) { lightSlow() }
    }

    @usableFromInline @inline(never)
    func lightSlow() { atomicMemoryFence(ordering: .sequentiallyConsistent) }

    /// Between the rare side's store and load. Takes 0.3 to some 10 microseconds, and interrupts running threads.
    func heavy() {
        guard isKernels else { return atomicMemoryFence(ordering: .sequentiallyConsistent) }
        let error = cplatform_membarrier()
        precondition(error == 0, "membarrier(2) failed with error \(error), though the process is registered for it")
    }
}
