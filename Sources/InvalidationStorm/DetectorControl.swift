import NotifierDispatch

/// The negative control of the stale-translation checks: a guard that protects nothing, driven through interleavings
/// that each leave one stale translation for one check to find. All must be found, every time.
///
/// An interleaving is forced by doing the invalidation inside the fault's walk, after it has read the page: what two
/// threads do by bad luck, one does on purpose.
public enum DetectorControl {
    /// Whether every check found what was put before it. Takes microseconds; to be asked before any measurement.
    public static func run() -> Bool {
        RCU.withRegisteredThread { Interleaving.allCases.allSatisfy { $0.isCaught() } }
    }

    /// One way to a stale translation, named after the check that must find it.
    enum Interleaving: CaseIterable {
        /// The fault installs over what a later fault has installed from the changed page.
        case install
        /// The fault installs after the section; the next section's teardown finds it.
        case teardown
        /// The fault installs inside the section; the invalidator finds it before the end.
        case beforeEnd
        /// The fault installs after the last section; the comparison with the page table finds it.
        case afterRun

        func isCaught() -> Bool {
            let space = StormSpace(pages: 16)
            let cache = GuardedCache(space: space, guard: UnprotectedGuard())
            let page = 3
            guard let range = InvalidationRange(pages: 0..<16),
                let subscription = try? space.notifiers.register(cache, over: range)
            else { return false }
            defer { space.notifiers.unregister(subscription) }

            /// Whether this finds anything that was not found before.
            func finds(_ check: () -> Void) -> Bool {
                let before = cache.shadow.staleCount
                check()
                return cache.shadow.staleCount > before
            }
            func invalidate() { space.notifiers.invalidate(range, event: .clear) { space.change(range) } }
            func fault(during walk: () -> Void) {
                _ = cache.fault(at: page, in: cache.shadow.entries) {
                    let generation = space.walk(page)
                    walk()
                    return generation
                }
            }

            switch self {
            case .install:
                return finds {
                    fault {
                        invalidate()
                        fault {}
                    }
                }
            case .teardown:
                fault { invalidate() }
                return finds { invalidate() }
            case .beforeEnd:
                return space.notifiers.invalidate(range, event: .clear) {
                    fault {}
                    return finds { cache.shadow.checkNothingVisible(in: range) }
                }
            case .afterRun:
                fault { invalidate() }
                return finds { cache.shadow.checkAgainstPageTable() }
            }
        }
    }
}
