/// What of an address space must stand still while the process forks, and is made anew in the child.
///
/// A space's own, apart from the space, so that those that live can be listed without keeping them alive. Each of the
/// four locks is held for moments only, and nobody takes another one with one of them held.
final class SpaceParts: Sendable {
    private let sections: OpenSections
    private let intervals: IntervalNotifiers
    private let list: NotifierList
    private let sharedSubscribers: SharedSubscribers

    init(
        sections: OpenSections, intervals: IntervalNotifiers, list: NotifierList, sharedSubscribers: SharedSubscribers
    ) {
        self.sections = sections
        self.intervals = intervals
        self.list = list
        self.sharedSubscribers = sharedSubscribers
    }

    /// Whether the calling thread holds one of the locks: it forks inside a call of the engine.
    fileprivate var isLockedByThisThread: Bool {
        sections.lock.isHeldByThisThread || intervals.state.pointee.lock.isHeldByThisThread
            || list.lock.isHeldByThisThread || sharedSubscribers.table.isHeldByThisThread
    }

    /// Ahead of whoever else wants them.
    fileprivate func lock() {
        sections.lock.lockForSection()
        intervals.state.pointee.lock.lockForSection()
        list.lock.lockForSection()
        sharedSubscribers.table.lockForSection()
    }

    fileprivate func unlock() {
        sharedSubscribers.table.unlock()
        list.lock.unlock()
        intervals.state.pointee.lock.unlock()
        sections.lock.unlock()
    }

    /// In a forked child. Returns the removals from the interval half that are to be let go of.
    fileprivate func reset() -> IntervalNotifiers.Disposals {
        sections.resetAfterFork()
        list.resetAfterFork()
        sharedSubscribers.resetAfterFork()
        return intervals.resetAfterFork()
    }

    /// In a forked child, when everything is reset: empties the caches.
    fileprivate func tellForked() {
        intervals.tellForked()
        list.tellForked()
    }
}

/// The address spaces that there are, for ``ProcessFork``.
enum LivingSpaces {
    private final class Registry: @unchecked Sendable {
        // @unchecked: `parts` is only touched with `lock` held.
        let lock = PthreadMutex()
        var parts: [ObjectIdentifier: SpaceParts] = [:]
    }

    private static let registry = Registry()

    static func insert(_ parts: SpaceParts) {
        ProcessFork.install()
        registry.lock.lock()
        registry.parts[ObjectIdentifier(parts)] = parts
        registry.lock.unlock()
    }

    static func remove(_ parts: SpaceParts) {
        registry.lock.lock()
        registry.parts[ObjectIdentifier(parts)] = nil
        registry.lock.unlock()
    }

    /// Keeps the list, and the tables of every space, as they are. `false`, and nothing is kept, if this thread holds one
    /// of the locks already.
    static func prepareFork() -> Bool {
        registry.lock.lock()
        guard !registry.parts.contains(where: { $0.value.isLockedByThisThread }) else {
            registry.lock.unlock()
            return false
        }
        for (_, parts) in registry.parts { parts.lock() }
        return true
    }

    static func afterForkInParent() {
        for (_, parts) in registry.parts { parts.unlock() }
        registry.lock.unlock()
    }

    static func resetAfterFork() {
        registry.lock.resetAfterFork()
        var disposals: [IntervalNotifiers.Disposals] = []
        for (_, parts) in registry.parts { disposals.append(parts.reset()) }
        for (_, parts) in registry.parts { parts.tellForked() }
        for removed in disposals { removed.dispose() }
    }
}
