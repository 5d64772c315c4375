import CPlatform
import Glibc
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
    /// The kernel's barriers: 0, or an errno.
    private let kernel: Kernel

    struct Kernel: Sendable {
        /// Interrupts the threads of the process that run now.
        var expedited: @Sendable () -> Int32 = { cplatform_membarrier() }
        /// Waits until every processor has gone through a full fence: milliseconds, but needs no memory.
        var global: @Sendable () -> Int32 = { cplatform_membarrier_global() }
    }

    /// With the kernel's barrier if it has one.
    init() { self.init(isKernels: Self.isRegistered) }

    /// `isKernels` only if the process is registered for it.
    init(isKernels: Bool, kernel: Kernel = Kernel()) {
        self.isKernels = isKernels
        self.kernel = kernel
    }

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
        let error = kernel.expedited()
        if error != 0 { heavySlow(error) }
    }

    /// The kernel may lack the memory for a mask of processors, just when an invalidation is to find some. Then the slow
    /// barrier does, which needs none; and where that does not exist, memory is waited for.
    @inline(never)
    private func heavySlow(_ first: Int32) {
        var error = first
        var backoff = Backoff()
        while error != 0 {
            precondition(
                error == ENOMEM, "membarrier(2) failed with error \(error), though the process is registered for it")
            if kernel.global() == 0 { return }
            backoff.pause()
            error = kernel.expedited()
        }
    }
}
