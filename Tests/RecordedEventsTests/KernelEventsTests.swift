import NotifierDispatch
import Testing

@testable import RecordedEvents

/// Each kind of call, with the steps it must give written by hand. Addresses are 0x10000 and up, one page 0x1000. What a
/// real kernel says about more of them is in Scripts/check-kernel-events.
@Suite struct TraceKernelEventsTests {
    private typealias ExpectedStep = TraceFixture.Step

    /// Lines of one thread, 1 us apart.
    private func trace(_ calls: [String], thread: Int = 100) throws -> Trace {
        try TraceFixture.read(calls.enumerated().map { "\(thread) 1000.\(100_000 + $0) \($1)" })
    }

    private let anonymous = "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0"

    @Test func munmapUnmapsAlsoWhatWasNeverSeenMapped() throws {
        let trace = try trace(["munmap(0x10000, 8192) = 0"])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<2)])
        #expect(trace.pages == 2)
        #expect(trace.source?.uncertainSteps == 1)
    }

    @Test func munmapOfNothingRaisesNothingInASpaceThatIsShownFromItsStart() throws {
        let trace = try trace([
            "brk(NULL) = 0x500000", "munmap(0x10000, 4096) = 0",
            "mmap(NULL, 4096, PROT_READ, \(anonymous)) = 0x20000", "munmap(0x1f000, 12288) = 0",
            "munmap(0x1f000, 12288) = 0", "exit_group(0) = ?", "+++ exited with 0 +++",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<3)])
        #expect(trace.source?.uncertainSteps == 0)
        #expect(trace.source?.releases == 1)
    }

    @Test func sizesAndAddressesAreRoundedOutwards() throws {
        let trace = try trace(["munmap(0x10800, 4096) = 0", "munmap(0x20000, 1) = 0"])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<2), ExpectedStep(.unmap, 2..<3)])
    }

    @Test func mprotectChangesTheProtectionOfTheMapping() throws {
        let trace = try trace([
            "mprotect(0x10000, 4096, PROT_NONE) = 0", "pkey_mprotect(0x10000, 8192, PROT_READ|PROT_WRITE, 1) = 0",
            "mprotect(0x10000, 8192, PROT_READ|PROT_WRITE) = 0",
            "pkey_mprotect(0x10000, 8192, PROT_READ|PROT_WRITE, 2) = 0",
        ])
        // One for each mapping whose rights or key change. The second page was not known before; with the first it is one
        // mapping then.
        #expect(
            trace.expected == [
                ExpectedStep(.protectionVMA, 0..<1), ExpectedStep(.protectionVMA, 0..<1),
                ExpectedStep(.protectionVMA, 1..<2), ExpectedStep(.protectionVMA, 0..<2),
            ])
        #expect(trace.source?.uncertainSteps == 4)
    }

    @Test func movePagesClearsEachPageThatIsThere() throws {
        let trace = try trace([
            "move_pages(0, 2, [0x10000, 0x11000], NULL, [0, 0], 0) = 0",
            "move_pages(0, 3, [0x11000, 0x10000, 0x12000], [1, 1, 1], [1, 1, -ENOENT], MPOL_MF_MOVE) = 0",
            "move_pages(7, 1, [0x20000], [1], [1], MPOL_MF_MOVE) = 0",
            "move_pages(0, 33, [0x13000, ...], [1, ...], [1, ...], MPOL_MF_MOVE) = 0",
        ])
        #expect(
            trace.expected == [
                ExpectedStep(.clear, 1..<2), ExpectedStep(.clear, 0..<1), ExpectedStep(.clear, 2..<3),
            ])
        #expect(trace.source?.uncertainSteps == 3)
    }

    @Test func mprotectStopsAtAHoleAndDiscardingGoesOn() throws {
        let trace = try trace([
            "mmap(NULL, 4096, PROT_READ|PROT_WRITE, \(anonymous)) = 0x10000",
            "mmap(NULL, 4096, PROT_READ|PROT_WRITE, \(anonymous)) = 0x12000",
            "mprotect(0x10000, 12288, PROT_READ) = -1 ENOMEM (Cannot allocate memory)",
            "madvise(0x10000, 12288, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory)",
        ])
        #expect(
            trace.expected == [
                ExpectedStep(.protectionVMA, 0..<1), ExpectedStep(.clear, 0..<1), ExpectedStep(.clear, 1..<2),
            ])
    }

    @Test func mprotectIsCutAtEachGiB() throws {
        let trace = try trace([
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, \(anonymous)) = 0x7f003ffff000",
            "mprotect(0x7f003ffff000, 8192, PROT_READ) = 0",
        ])
        #expect(trace.expected == [ExpectedStep(.protectionVMA, 0..<1), ExpectedStep(.protectionVMA, 1..<2)])
    }

    @Test func discardingStopsAtLockedMemory() throws {
        let trace = try trace([
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, \(anonymous)) = 0x10000", "mlock(0x11000, 4096) = 0",
            "madvise(0x10000, 8192, MADV_DONTNEED) = -1 EINVAL (Invalid argument)", "munmap(0x10000, 8192) = 0",
        ])
        #expect(trace.expected == [ExpectedStep(.clear, 0..<1), ExpectedStep(.unmap, 0..<2)])
    }

    @Test func firstRightsOfAnArenaRaiseOnlyBesideTouchedPages() throws {
        let trace = try trace([
            "mmap(NULL, 67108864, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x7f0000000000",
            "mprotect(0x7f0000000000, 8192, PROT_READ|PROT_WRITE) = 0",
            "mprotect(0x7f0000002000, 4096, PROT_READ|PROT_WRITE) = 0",
            "mprotect(0x7f0002000000, 4096, PROT_READ|PROT_WRITE) = 0",
        ])
        // The second one lies in the same 2 MiB as the first; the third in 2 MiB of its own, which its first page splits off.
        #expect(trace.expected == [ExpectedStep(.protectionVMA, 0..<1), ExpectedStep(.clear, 1..<513)])
    }

    @Test func aMappingThatIsCutWithinAWholeBlockIsCleared() throws {
        let trace = try trace([
            "mmap(NULL, 4194304, PROT_READ|PROT_WRITE, \(anonymous)) = 0x7f0000000000",
            "munmap(0x7f0000001000, 4096) = 0", "munmap(0x7f0000200000, 4096) = 0", "munmap(0x7f00003ff000, 4096) = 0",
        ])
        // The second cuts at 2 MiB on one side, and on the other where the whole 2 MiB were mapped; after that no block is
        // whole any more.
        #expect(
            trace.expected == [
                ExpectedStep(.clear, 0..<512), ExpectedStep(.unmap, 1..<2), ExpectedStep(.clear, 512..<1024),
                ExpectedStep(.unmap, 512..<513), ExpectedStep(.unmap, 1023..<1024),
            ])
        #expect(trace.source?.uncertainSteps == 2)
    }

    @Test func removingClearsWhereverTheFileIsMapped() throws {
        let trace = try trace([
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x10000",
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0x1000) = 0x20000",
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 4, 0) = 0x30000",
            "madvise(0x10000, 8192, MADV_REMOVE) = 0", "munmap(0x20000, 4096) = 0",
        ])
        // The second page of the file lies at 0x11000 and at 0x20000.
        #expect(
            trace.expected == [ExpectedStep(.clear, 0..<2), ExpectedStep(.clear, 2..<3), ExpectedStep(.unmap, 2..<3)])
    }

    @Test func reclaimAndCollapseClear() throws {
        let trace = try trace([
            "mmap(NULL, 4194304, PROT_READ|PROT_WRITE, \(anonymous)) = 0x7f0000000000",
            "madvise(0x7f0000000000, 8192, MADV_PAGEOUT) = 0", "madvise(0x7f0000001000, 4190208, MADV_COLLAPSE) = 0",
        ])
        #expect(
            trace.expected == [ExpectedStep(.clear, 0..<1), ExpectedStep(.clear, 1..<2), ExpectedStep(.clear, 2..<514)])
        #expect(trace.source?.uncertainSteps == 3)
    }

    @Test func sharedMemoryAndRingsAreUnmapped() throws {
        let trace = try trace([
            "shmat(3, NULL, 0) = 0x30000", "shmdt(0x30000) = 0", "io_setup(128, [0x40000]) = 0",
            "io_destroy(0x40000) = 0",
            "shmget(IPC_PRIVATE, 5000, IPC_CREAT|0600) = 4", "shmat(4, NULL, SHM_RDONLY) = 0x50000",
            "shmdt(0x50000) = 0",
        ])
        // Of the first segment only that it has a page is known; the ring has 258 events of 32 bytes, and a header.
        #expect(
            trace.expected == [ExpectedStep(.unmap, 0..<1), ExpectedStep(.unmap, 1..<4), ExpectedStep(.unmap, 4..<6)])
        #expect(trace.source?.uncertainSteps == 3)
    }

    @Test func aPartOfAHugePageClearsAllOfItOnce() throws {
        let trace = try trace([
            "mmap(NULL, 4194304, PROT_READ|PROT_WRITE, \(anonymous)) = 0x7f0000000000",
            "madvise(0x7f0000001000, 4096, MADV_DONTNEED) = 0", "madvise(0x7f0000000000, 4194304, MADV_HUGEPAGE) = 0",
            "madvise(0x7f0000001000, 4096, MADV_DONTNEED) = 0", "madvise(0x7f0000001000, 4096, MADV_DONTNEED) = 0",
            "madvise(0x7f0000000000, 2097152, MADV_DONTNEED) = 0", "madvise(0x7f0000001000, 4096, MADV_FREE) = 0",
            "munmap(0x7f0000000000, 2097152) = 0",
        ])
        let (block, page) = (ExpectedStep(.clear, 0..<512), ExpectedStep(.clear, 1..<2))
        #expect(
            trace.expected == [page, page, block, page, block, page, block, block, ExpectedStep(.unmap, 0..<512)])
        #expect(trace.source?.uncertainSteps == 3)
    }

    @Test(arguments: [
        "MADV_DONTNEED", "MADV_FREE", "MADV_REMOVE", "MADV_DONTNEED_LOCKED", "MADV_GUARD_INSTALL",
        "0x66 /* MADV_??? */",
    ])
    func adviceThatDiscardsClears(_ advice: String) throws {
        #expect(
            try trace(["madvise(0x10000, 8192, \(advice)) = 0"]).expected == [ExpectedStep(.clear, 0..<2)])
    }

    @Test func whatFailsOrChangesNothingRaisesNothing() throws {
        let trace = try trace([
            "munmap(0x10000, 0) = -1 EINVAL (Invalid argument)",
            "mprotect(0x10000, 4096, PROT_READ) = -1 ENOMEM (Cannot allocate memory)",
            "madvise(0x10000, 4096, MADV_WILLNEED) = 0", "madvise(0x10000, 4096, MADV_HUGEPAGE) = 0",
            "madvise(0x10000, 4096, MADV_DONTNEED) = ? ERESTARTNOINTR (To be restarted)",
            "mprotect(0x10000, 0, PROT_READ) = 0", "mlock(0x10000, 4096) = 0",
            "mincore(0x10000, 8192, [1, 0]) = 0", "msync(0x10000, 4096, MS_SYNC) = 0",
            "syscall_0x1c5(0, 0x1000, 0x1, 0x4, 0x7fad0a2561cc, 0x6) = -1 ENOSYS (Function not implemented)",
            "mmap(NULL, 4096, PROT_READ, \(anonymous)) = 0x10000", "munmap(0x10000, 4096) = 0",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<1)])
    }

    @Test func aFixedMappingUnmapsAllThatItAsksForIfAnyIsMapped() throws {
        let trace = try trace([
            "brk(NULL) = 0x500000",
            "mmap(NULL, 4096, PROT_READ, \(anonymous)) = 0x11000",
            "mmap(NULL, 4096, PROT_READ, \(anonymous)) = 0x13000",
            "mmap(0x10000, 20480, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "mmap(0x40000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x40000",
            "mmap(0x40000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED_NOREPLACE, 3, 0) = -1 EEXIST (File exists)",
            "exit_group(0) = ?", "+++ exited with 0 +++",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<5)])
    }

    @Test func mremapUnmapsItsSourceTwiceWhereItMoves() throws {
        let trace = try trace([
            "mremap(0x10000, 8192, 16384, MREMAP_MAYMOVE) = 0x20000",
            "mremap(0x20000, 16384, 4096, MREMAP_MAYMOVE) = 0x20000",
            "mremap(0x20000, 4096, 8192, 0) = 0x20000",
            "mremap(0x20000, 0, 8192, MREMAP_MAYMOVE) = 0x50000",
            "munmap(0x20000, 8192) = 0", "munmap(0x50000, 8192) = 0",
        ])
        // Two pages move away; three of four are cut off; growth in place and a second place raise nothing.
        #expect(
            trace.expected == [
                ExpectedStep(.unmap, 0..<2), ExpectedStep(.unmap, 0..<2), ExpectedStep(.unmap, 3..<6),
                ExpectedStep(.unmap, 2..<4),
                ExpectedStep(.unmap, 6..<8),
            ])
    }

    @Test func mremapToAFixedPlaceUnmapsThatPlaceFirst() throws {
        let trace = try trace([
            "mmap(NULL, 8192, PROT_READ, \(anonymous)) = 0x10000",
            "mmap(NULL, 8192, PROT_READ, \(anonymous)) = 0x30000",
            "mremap(0x10000, 8192, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x31000) = 0x31000",
            "mremap(0x31000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x50000",
            "munmap(0x30000, 8192) = 0",
        ])
        // Pages: 0x10000 and 0x11000 are 0 and 1, 0x30000 and 0x31000 are 2 and 3. The target, what is cut off, the source
        // twice; with DONTUNMAP the source once.
        #expect(
            trace.expected == [
                ExpectedStep(.unmap, 3..<4), ExpectedStep(.unmap, 1..<2), ExpectedStep(.unmap, 0..<1),
                ExpectedStep(.unmap, 0..<1), ExpectedStep(.unmap, 3..<4), ExpectedStep(.unmap, 2..<4),
            ])
    }

    @Test func mremapOfTwoMappingsFailsAfterItUnmappedItsPlace() throws {
        let trace = try trace([
            "brk(NULL) = 0x500000", "mmap(NULL, 4096, PROT_READ, \(anonymous)) = 0x10000",
            "mmap(NULL, 4096, PROT_NONE, \(anonymous)) = 0x11000",
            "mmap(NULL, 8192, PROT_READ, \(anonymous)) = 0x30000",
            "mremap(0x20000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30000) = -1 EFAULT (Bad address)",
            "mremap(0x10000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30000) = -1 EFAULT (Bad address)",
            "munmap(0x30000, 8192) = 0", "exit_group(0) = ?", "+++ exited with 0 +++",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<2)])
    }

    @Test func aShrinkingHeapIsUnmapped() throws {
        let trace = try trace([
            "brk(NULL) = 0x10000", "brk(0x14000) = 0x14000", "brk(0x11800) = 0x11800", "brk(0x90000) = 0x11800",
            "exit_group(0) = ?", "+++ exited with 0 +++",
        ])
        // The break is within page 0x11, which stays: 0x12 and 0x13 go.
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<2)])
    }

    @Test func forkWriteProtectsWhatWasWrittenPrivatelyInTheParentOnly() throws {
        let trace = try TraceFixture.read([
            "1 10.000000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x20000",
            "1 10.000002 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000",
            "1 10.000003 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x40000",
            "1 10.000004 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x50000",
            "1 10.000005 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x60000",
            "1 10.000006 madvise(0x60000, 4096, MADV_DONTFORK) = 0",
            "1 10.000006 madvise(0x61000, 4096, MADV_WIPEONFORK) = 0",
            "1 10.000006 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3, 0) = 0x70000",
            "1 10.000006 mprotect(0x70000, 4096, PROT_READ) = 0",
            "1 10.000007 fork( <unfinished ...>",
            "2 10.000008 munmap(0x50000, 4096) = 0",
            "1 10.000009 <... fork resumed>) = 2",
            "2 10.000010 exit_group(0) = ?",
            "1 10.000011 munmap(0x50000, 8192) = 0",
        ])
        // The parent's pages: 0x10000 is 0, 0x50000 are 1 and 2, 0x70000 are 3 and 4; the child's 0x50000 is 5.
        #expect(
            trace.expected == [
                ExpectedStep(.protectionVMA, 3..<4), ExpectedStep(.protectionPage, 0..<1),
                ExpectedStep(.protectionPage, 1..<3), ExpectedStep(.protectionPage, 3..<4),
                ExpectedStep(.protectionPage, 4..<5), ExpectedStep(.unmap, 5..<6), ExpectedStep(.unmap, 1..<3),
            ])
        #expect(trace.steps.map(\.nanoseconds) == [6000, 8000, 8000, 8000, 8000, 8000, 11000])
        #expect(trace.source?.releases == 1)
        #expect(trace.source?.uncertainSteps == 5)
    }

    @Test func threadsShareTheirSpaceAndItEndsWithTheLast() throws {
        let clone =
            "clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7, exit_signal=0} => {parent_tid=[2]}, 88) = 2"
        let lines = [
            "1 10.000000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 \(clone)",
            "2 10.000002 madvise(0x10000, 4096, MADV_DONTNEED) = 0",
            "1 10.000003 +++ exited with 0 +++",
        ]
        let trace = try TraceFixture.read(lines + ["2 10.000004 +++ killed by SIGKILL +++"])
        #expect(trace.expected == [ExpectedStep(.clear, 0..<1)])
        #expect(trace.source?.releases == 1)
        #expect(try TraceFixture.read(lines).source?.releases == 0)
    }

    @Test func aVforkChildUsesItsParentsSpaceUntilItsFreshImageAsksForTheBreak() throws {
        let trace = try TraceFixture.read([
            "1 10.000000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 vfork( <unfinished ...>",
            "2 10.000002 madvise(0x10000, 4096, MADV_DONTNEED) = 0",
            "2 10.000003 brk(NULL) = 0x90000",
            "1 10.000004 <... vfork resumed>) = 2",
            "2 10.000005 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "2 10.000005 munmap(0x10000, 4096) = 0",
            "2 10.000006 exit_group(0) = ?",
            "1 10.000007 madvise(0x10000, 4096, MADV_FREE) = 0",
        ])
        #expect(
            trace.expected == [ExpectedStep(.clear, 0..<1), ExpectedStep(.unmap, 1..<2), ExpectedStep(.clear, 0..<1)])
        #expect(trace.source?.releases == 1)
    }

    @Test func aVforkChildHasItsOwnImageOnceItsParentGoesOn() throws {
        let trace = try TraceFixture.read([
            "1 10.000000 vfork( <unfinished ...>", "1 10.000001 <... vfork resumed>) = 2",
            "2 10.000002 mprotect(0x10000, 4096, PROT_READ) = 0", "1 10.000003 munmap(0x10000, 4096) = 0",
        ])
        #expect(trace.expected == [ExpectedStep(.protectionVMA, 1..<2), ExpectedStep(.unmap, 0..<1)])
        #expect(trace.source?.releases == 0)
    }

    @Test func anotherBreakThanTheKnownOneIsAFreshImage() throws {
        let trace = try trace([
            "brk(NULL) = 0x10000", "brk(NULL) = 0x10000", "brk(0x12000) = 0x12000", "brk(NULL) = 0x500000",
            "munmap(0x10000, 4096) = 0", "brk(0x502000) = 0x502000", "brk(0x501000) = 0x501000", "exit_group(0) = ?",
            "+++ exited with 0 +++",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<1)])
        #expect(trace.source?.releases == 2)
    }

    @Test func execveOfAnotherThreadEndsTheImage() throws {
        let trace = try TraceFixture.read([
            "1 10.000000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD, tls=0x7) = 2",
            "1 10.000002 munmap(0x30000, 4096 <unfinished ...>",
            "1 10.000003 +++ superseded by execve in pid 2 +++",
            "1 10.000004 munmap(0x10000, 4096) = 0", "1 10.000004 mprotect(0x10000, 4096, PROT_READ) = 0",
        ])
        #expect(trace.expected == [ExpectedStep(.protectionVMA, 0..<1)])
        #expect(trace.source?.releases == 1)
    }

    @Test func aReservationIsPassedOverByFork() throws {
        let trace = try trace([
            "mmap(NULL, 17592186044416, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_NORESERVE, 3, 0) = 0x10000",
            "madvise(0x10000, 4096, MADV_DONTNEED) = 0", "fork() = 200", "exit_group(0) = ?",
        ])
        #expect(trace.expected == [ExpectedStep(.clear, 0..<1)])
    }

    @Test func aCallTakesEffectWhereItBegins() throws {
        // Thread 2 is given the pages that thread 1 is freeing, before strace shows the end of that.
        let trace = try TraceFixture.read([
            "1 10.000000 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 munmap(0x10000, 4096 <unfinished ...>",
            "2 10.000002 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000003 <... munmap resumed>) = 0",
            "2 10.000004 mmap(0x10000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000",
        ])
        #expect(trace.expected == [ExpectedStep(.unmap, 0..<1), ExpectedStep(.unmap, 0..<1)])
        #expect(trace.steps.map(\.nanoseconds) == [1000, 4000])
    }

    @Test func aReusedThreadIDIsAnotherChild() throws {
        let trace = try TraceFixture.read([
            "1 10.000000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 10.000001 fork() = 2", "2 10.000002 +++ exited with 0 +++",
            "1 10.000003 fork( <unfinished ...>", "2 10.000004 +++ exited with 0 +++",
            "1 10.000005 <... fork resumed>) = 2",
        ])
        #expect(trace.expected == [ExpectedStep(.protectionPage, 0..<1), ExpectedStep(.protectionPage, 0..<1)])
        #expect(trace.source?.releases == 2)
    }
}
