import CPlatform
import Glibc
import TestThreads
import TorturedDispatch

/// Forks in the middle of everything. Each child uses what a child may use, and ends; it has a time limit.
enum Forks {
    /// Whether this process is a child. Such a process has one thread, and takes no lock of the driver's: threads that are
    /// no more may hold them.
    nonisolated(unsafe) private(set) static var isChild = false

    /// Sanitizers keep locks of their own, which a fork of several threads leaves in disorder. Under AddressSanitizer one
    /// child of some hundreds did not end, for a reason that was not found; without it, none of thousands.
    static let arePossible = dlsym(nil, "__tsan_init") == nil && dlsym(nil, "__asan_init") == nil

    /// To be called before the engine installs its own handlers: the child's handlers run in the order of installation, and
    /// the engine's drop what the caches hold.
    static func install() {
        let status = pthread_atfork(nil, nil, { Forks.isChild = true })
        precondition(status == 0, "pthread_atfork failed with error \(status)")
    }

    /// How a child tells its parent what is wrong.
    static func exitCode(of fault: Fault) -> Int32 { 64 + Int32(Fault.allCases.firstIndex(of: fault)!) }

    /// Forks once. With nothing held and no section open.
    static func forkChild(of life: SpaceLife, _ record: ThreadRecord) {
        life.forks.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { life.forks.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        guard !life.isEnding.load(ordering: .sequentiallyConsistent) else { return }
        record.push(.forking, 0..<0)
        let child = fork()
        precondition(child >= 0, "fork failed with error \(errno)")
        if child == 0 {
            // Should the parent end before it has waited: nothing else ends a child that hangs.
            endWithParent()
            record.turn(into: .childsWork)
            watch(record)
            work(life, record)
            _exit(0)
        }
        record.turn(into: .childsWork)
        wait(for: child)
        record.pop()
        Counts.children.count()
    }

    /// What a child does: it starts with empty caches and no open section.
    private static func work(_ life: SpaceLife, _ record: ThreadRecord) {
        life.openSections.store(0, ordering: .relaxed)
        life.checkNothingVisible(SpaceLife.everything.pages, "in a child that has only begun")
        for _ in 0..<3 {
            for cache in life.caches {
                for form in [FaultForm.closure, .slot, .range] {
                    for page in PageTable.hot { mustInstall(cache, page, form) }
                    life.section(over: InvalidationRange(pages: 500..<520)!, record)
                }
            }
        }
        let range = InvalidationRange(pages: 500..<520)!
        let fresh = life.kind.makeCache(in: life, over: range, name: "a child's own cache")
        guard let subscription = try? fresh.register() else {
            Verdict.fail(.wrongOutcome, "a registration in a child failed")
        }
        mustInstall(fresh, 510, .closure)
        life.section(over: range, record)
        fresh.shadow.checkNothingVisible(range.pages, "after a section of a child")
        life.space.unregister(subscription)
        RCU.synchronize()
    }

    private static func mustInstall(_ cache: any TorturedCache, _ page: Int, _ form: FaultForm) {
        let status = ThreadRecords.mine.during(.fault, page..<page + 1) { cache.fault(at: page, as: form) { _ in } }
        guard status != .installed else { return }
        Verdict.fail(.leakedCount, "a fault of page \(page) on a space without sections was \(status)")
    }

    private static func endWithParent() {
        typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        guard let symbol = dlsym(nil, "prctl") else { return }
        let setParentDeathSignal: Int32 = 1
        _ = unsafeBitCast(symbol, to: ProcessControl.self)(setParentDeathSignal, UInt(SIGKILL), 0, 0, 0)
    }

    /// A child's own watchdog. Its space has no sections but its own, and nobody holds a lock.
    private static func watch(_ record: ThreadRecord) {
        _ = PlainThread {
            for _ in 0..<Watchdog.limit { usleep(useconds_t(1_000_000 / Ticks.perSecond)) }
            // A fault on a space without sections waits for nobody.
            let fault = record.looks.last?.step == .fault ? Fault.leakedCount : .deadlock
            Verdict.say(Watchdog.description(of: record))
            Verdict.fail(fault, "its one thread did not end in \(Watchdog.limit / Ticks.perSecond) s")
        }
    }

    private static func wait(for child: pid_t) {
        // Its own watchdog comes first.
        let limit = 2 * Watchdog.limit
        let latest = Ticks.now + limit
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            if Ticks.now > latest {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                Verdict.fail(.child, "a forked child did not end in \(limit / Ticks.perSecond) s")
            }
            usleep(500)
        }
        if status & 0x7f != 0 { Verdict.fail(.child, "a forked child was ended by signal \(status & 0x7f)") }
        let code = status >> 8 & 0xff
        guard code != 0 else { return }
        let fault = Fault.allCases.first { exitCode(of: $0) == code } ?? .child
        Verdict.fail(fault, "in a forked child, which ended with exit code \(code)")
    }
}
