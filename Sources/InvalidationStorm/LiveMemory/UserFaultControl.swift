import CUserFault
import Glibc
import NotifierDispatch

/// The negative control of the checks on memory that is served in user space: a stale copy is made on purpose, in a forced
/// order, and each check must find the one that is put before it. All must be found, every time.
///
/// An order is forced by doing inside the walk, or the install, what another thread would do by bad luck.
public enum UserFaultControl {
    /// Whether every check found what was put before it; `nil` if this process cannot have userfaultfd. Takes less than a
    /// millisecond; to be asked before any measurement.
    public static func run() -> Bool? {
        guard UserFaultStorm.works.allSatisfy({ UserFaultStorm.refusal(of: $0) == nil }) else { return nil }
        return RCU.withRegisteredThread {
            Interleaving.allCases.allSatisfy { $0.staleCopies { _ in UnprotectedGuard() } > 0 }
        }
    }

    /// One way to a stale copy, named after what must find it.
    enum Interleaving: CaseIterable {
        /// A whole section falls between walk and COPY. The next touch sees what the section has dropped.
        case touch
        /// The COPY falls into the section, behind the drop. The invalidator finds it before the end.
        case beforeEnd
        /// A whole section falls between walk and COPY. The comparison with the source finds it after the run.
        case afterRun
        /// The event of a drop is read between check and COPY, and its section starts behind that: no guard helps. The next
        /// touch sees what the drop has dropped.
        case eventBeforeStart

        /// How many stale copies were found, with the guard that `makeGuard` makes. It must not be locked over walks.
        func staleCopies<Guard: TranslationGuard>(_ makeGuard: (StormSpace) -> Guard) -> UInt64 {
            let source: UserFaultWork.Source = self == .eventBeforeStart ? .events : .caller
            let work = UserFaultWork(name: "control", summary: "", source: source, pages: 16)
            let space = StormSpace(pages: work.pages)
            let cache = UserFaultCache(guard: makeGuard(space))
            guard let region = try? UserFaultRegion(pages: work.pages, features: work.features),
                let range = InvalidationRange(pages: 2..<5),
                let subscription = try? space.notifiers.register(cache, over: space.pageTable.wholeRange)
            else { return 0 }
            defer { space.notifiers.unregister(subscription) }
            let dropper = UserFaultDropper(region: region, space: space, source: source)
            let page = 3

            func fault(duringWalk: () -> Void = {}, beforeCopy: () -> Void = {}) {
                _ = cache.guard.fault(
                    at: page,
                    walk: { () -> UInt64? in
                        let version = space.walk(page)
                        duringWalk()
                        return version
                    },
                    install: { version in
                        beforeCopy()
                        region.copy(page, version: version)
                    })
            }
            /// The page is there, so nobody waits.
            func touch() {
                guard region.resident(in: range)[page - range.startPage] else { return }
                let floor = region.floor(of: page)
                region.check(page, version: region.touch(page), floor: floor)
            }

            switch self {
            case .touch:
                dropOnce(dropper, range) { drop in fault(duringWalk: drop) }
                touch()
            case .beforeEnd:
                space.notifiers.invalidate(range, event: .clear) {
                    space.change(range)
                    region.drop(range)
                    fault()
                    region.checkNothingResident(in: range)
                }
            case .afterRun:
                dropOnce(dropper, range) { drop in fault(duringWalk: drop) }
                region.checkAgainst(space.pageTable)
            case .eventBeforeStart:
                fault(beforeCopy: {
                    let caller = RoleThread("dropper", on: .anywhere) { dropper.drop(range) }
                    var message = cuserfault_message()
                    while cuserfault_read(region.descriptor, &message) == 0 { _ = sched_yield() }
                    caller.join()
                })
                space.notifiers.invalidate(range, event: .clear) { space.change(range) }
                touch()
            }
            return region.staleCount
        }

        /// A fault whose first walk drops pages; a guard that finds that out walks again.
        private func dropOnce(
            _ dropper: UserFaultDropper, _ range: InvalidationRange, _ fault: (_ drop: () -> Void) -> Void
        ) {
            var isDropped = false
            fault {
                guard !isDropped else { return }
                isDropped = true
                dropper.drop(range)
            }
        }
    }
}

extension UserFaultRegion {
    /// Installs a page in this version. Traps if the kernel refuses.
    fileprivate func copy(_ page: Int, version: UInt64) {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: pageSize, alignment: pageSize)
        defer { buffer.deallocate() }
        Self.write(page, version: version, to: buffer, pageSize: pageSize)
        let count = cuserfault_copy(descriptor, address(of: page), buffer, pageSize)
        precondition(count == pageSize, "UFFDIO_COPY failed with error \(-count)")
    }
}
