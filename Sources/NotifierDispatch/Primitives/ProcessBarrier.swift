import CPlatform
import Glibc
import Synchronization

/// A fence for which one side pays. The frequent side only keeps the compiler from reordering. The rare side makes
/// every running thread of the process pass a full fence.
///
/// Source: membarrier(2), `MEMBARRIER_CMD_PRIVATE_EXPEDITED`. If the kernel does not have it, both sides pay a full
/// fence. The race, with the outcome that it must have: at least one side sees the other.
///
///     frequent side                 rare side
///     store A                       store B
///     light()                       heavy()
///     load B                        load A
///
/// If the frequent side's load of B comes before the fence that heavy() runs on its core, so does its store of A. The
/// load of A follows the fence, so it sees A. If the load of B comes after the fence, it sees B.
public struct ProcessBarrier: Sendable {
    /// Whether the kernel's barrier is used.
    @usableFromInline
    package let isKernels: Bool
    /// The kernel's barriers. They return 0 or an errno.
    let kernel: Kernel

    struct Kernel: Sendable {
        /// Interrupts the threads of the process that run now.
        var expedited: @Sendable () -> Int32 = { cplatform_membarrier() }
        /// Waits until every processor has gone through a full fence. Takes milliseconds, but needs no memory.
        var global: @Sendable () -> Int32 = { cplatform_membarrier_global() }
    }

    /// One whose heavy side also aborts the restartable sequences of all threads. The frequent side of these is the
    /// sequence itself, and not ``light()``. Only if ``RestartableSequences`` has no refusal.
    static let restarting = ProcessBarrier(
        isKernels: true,
        kernel: Kernel(
            expedited: { cplatform_membarrier_restart() },
            // Processor by processor, which needs no memory. A thread that goes from one to another in between leaves its
            // sequence on the way.
            global: {
                (0..<mostProcessors).lazy.map { cplatform_membarrier_restart_processor($0) }.first { $0 != 0 } ?? 0
            }
        ))

    /// As many as any kernel numbers; the numbers of those that do not exist cost a system call that does nothing.
    private static let mostProcessors: Int32 = 8_192

    /// Uses the kernel's barrier if there is one.
    public init() { self.init(isKernels: Self.isRegistered) }

    /// `isKernels` may be true only if the process is registered for it.
    init(isKernels: Bool, kernel: Kernel = Kernel()) {
        self.isKernels = isKernels
        self.kernel = kernel
    }

    /// Registers the process, once.
    private static let isRegistered = cplatform_membarrier_register() == 0

    /// Between the frequent side's store and load.
    @inlinable @inline(__always)
    package func light() {
        cplatform_compiler_barrier()
        if _slowPath(!isKernels) { lightSlow() }
    }

    @usableFromInline @inline(never)
    func lightSlow() { atomicMemoryFence(ordering: .sequentiallyConsistent) }

    /// Between the rare side's store and load. Takes 0.3 to some 10 microseconds, and interrupts running threads.
    public func heavy() {
        guard isKernels else { return atomicMemoryFence(ordering: .sequentiallyConsistent) }
        let error = kernel.expedited()
        if error != 0 { heavySlow(error) }
    }

    /// The kernel may lack the memory for a mask of processors, just when an invalidation is to free some. Then the
    /// slow barrier is used, which needs none. If the kernel does not have that one, this waits for memory.
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
