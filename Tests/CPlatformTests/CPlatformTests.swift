import CPlatform
import Glibc
import Testing

@Suite struct CPlatformTests {
    @Test("membarrier registers and then runs, or says that the kernel lacks it")
    func membarrier() {
        let registered = cplatform_membarrier_register()
        #expect([0, ENOSYS, EINVAL].contains(registered))
        if registered == 0 { #expect(cplatform_membarrier() == 0) }
    }

    @Test("Ticks rise across the hint and the barrier")
    func ticks() {
        let start = cplatform_ticks()
        cplatform_spin_hint()
        cplatform_compiler_barrier()
        #expect(cplatform_ticks() > start)
        #expect(cplatform_ticks_fenced() > start)
        #expect([0, 1].contains(cplatform_ticks_are_invariant()))
    }

    @Test("A thread that nobody has registered has no index")
    func unregisteredThread() {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { _ in
                let mine = cplatform_thread().pointee
                let isBlank =
                    mine.index == -1 && mine.registrations == (0, 0, 0, 0) && mine.small_locks_held == 0
                return UnsafeMutableRawPointer(bitPattern: isBlank ? 1 : 2)
            }, nil)
        #expect(status == 0)
        var result: UnsafeMutableRawPointer?
        pthread_join(thread, &result)
        #expect(result == UnsafeMutableRawPointer(bitPattern: 1))
    }

    @Test("A software counter counts, or the refusal is an errno")
    func perfEvents() {
        // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK: the thread's own time in nanoseconds.
        let descriptor = cplatform_perf_event_open(1, 1, 0)
        guard descriptor >= 0 else {
            #expect([EACCES, EPERM, ENOENT, ENOSYS, ENODEV, EOPNOTSUPP].contains(-descriptor))
            return
        }
        defer { close(descriptor) }
        func count() -> UInt64 {
            var value: UInt64 = 0
            #expect(read(descriptor, &value, MemoryLayout<UInt64>.size) == MemoryLayout<UInt64>.size)
            return value
        }
        let start = count()
        var spent = 0
        while count() == start, spent < 1_000_000 { spent += 1 }
        #expect(count() > start)
    }

    @Test("An event that does not exist is refused with its errno")
    func unknownPerfEvent() {
        #expect(cplatform_perf_event_open(1, 0xffff, 0) < 0)
    }
}
