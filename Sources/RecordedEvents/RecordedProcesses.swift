/// Which threads, processes and address spaces a recorded program has at one moment.
///
/// A *group* is a process: the threads that exit_group ends together. Groups share a space after vfork, or after clone
/// with `CLONE_VM`. Spaces are numbered in the order in which they appear, and no number is given twice.
struct RecordedProcesses {
    private struct Group {
        var space: Int
        var threads: Set<Int32>
        var isLeaving = false
        /// Whether it runs in its parent's space, until it calls execve (vfork).
        var borrowsSpace = false
    }

    /// Whose rules hold in each space.
    let rules: LinuxRules
    private var groupOfThread: [Int32: Int] = [:]
    private var groups: [Int: Group] = [:]
    private var spaces: [Int: RecordedSpace] = [:]
    private var spaceCount = 0
    private var groupCount = 0

    init(rules: LinuxRules) { self.rules = rules }

    /// Whether no thread is known.
    var isEmpty: Bool { groupOfThread.isEmpty }

    func isKnown(_ thread: Int32) -> Bool { groupOfThread[thread] != nil }

    /// The number of the space that a known thread runs in.
    func space(of thread: Int32) -> Int? { group(of: thread)?.space }

    /// Reads or changes a space that some group runs in; any other number is an empty space, and changes to it are
    /// lost.
    subscript(space number: Int) -> RecordedSpace {
        get { spaces[number] ?? RecordedSpace(isShownFromStart: false, rules: rules) }
        _modify {
            var missing = RecordedSpace(isShownFromStart: false, rules: rules)
            if let index = spaces.index(forKey: number) {
                yield &spaces.values[index]
            } else {
                yield &missing
            }
        }
    }

    /// Whether a thread is the only known one of its group, as it is right after execve.
    func isAlone(_ thread: Int32) -> Bool { group(of: thread)?.threads.count == 1 }

    func borrowsSpace(_ thread: Int32) -> Bool { group(of: thread)?.borrowsSpace ?? false }

    /// Whether each group in the space has called exit_group.
    func isSpaceLeft(_ number: Int) -> Bool { self[space: number].groups.allSatisfy { groups[$0]?.isLeaving ?? true } }

    /// A thread joins the group of another one that is known.
    mutating func add(_ thread: Int32, toGroupOf other: Int32) {
        guard let group = groupOfThread[other] else { return }
        groupOfThread[thread] = group
        groups[group]?.threads.insert(thread)
    }

    /// A thread nobody is known to have made joins the oldest group that lives; `false` where there is none.
    mutating func addToOldestGroup(_ thread: Int32) -> Bool {
        guard let oldest = groups.keys.min() else { return false }
        groupOfThread[thread] = oldest
        groups[oldest]?.threads.insert(thread)
        return true
    }

    /// A thread that no call is known to have made starts a group in a space of its own.
    mutating func addGroup(of thread: Int32, isShownFromStart: Bool) {
        addGroup(of: thread, in: RecordedSpace(isShownFromStart: isShownFromStart, rules: rules))
    }

    /// A thread starts a group in a space of its own.
    mutating func addGroup(of thread: Int32, in space: RecordedSpace) {
        addGroup(of: thread, number: addSpace(space), borrows: false)
    }

    /// A thread starts a group in the space that another one, which is known, runs in.
    mutating func addGroup(of thread: Int32, sharingSpaceOf other: Int32, borrows: Bool) {
        guard let number = space(of: other) else { return }
        addGroup(of: thread, number: number, borrows: borrows)
    }

    /// A thread's group calls exit_group.
    mutating func leave(_ thread: Int32) {
        guard let group = groupOfThread[thread] else { return }
        groups[group]?.isLeaving = true
    }

    /// A thread's group goes to a new, empty space, as execve makes one; returns the old one if nobody is left in it.
    mutating func replaceSpace(of thread: Int32) -> (number: Int, space: RecordedSpace)? {
        guard let number = groupOfThread[thread], let old = groups[number]?.space else { return nil }
        let new = addSpace(RecordedSpace(isShownFromStart: true, rules: rules))
        groups[number]?.space = new
        groups[number]?.borrowsSpace = false
        self[space: new].groups.insert(number)
        return remove(group: number, from: old)
    }

    /// A thread is gone; returns its space if nobody is left in it.
    mutating func remove(_ thread: Int32) -> (number: Int, space: RecordedSpace)? {
        guard let number = groupOfThread.removeValue(forKey: thread), var group = groups.removeValue(forKey: number)
        else { return nil }
        group.threads.remove(thread)
        guard group.threads.isEmpty else {
            groups[number] = group
            return nil
        }
        return remove(group: number, from: group.space)
    }

    private func group(of thread: Int32) -> Group? { groupOfThread[thread].flatMap { groups[$0] } }

    private mutating func addSpace(_ space: RecordedSpace) -> Int {
        spaceCount += 1
        spaces[spaceCount] = space
        return spaceCount
    }

    private mutating func addGroup(of thread: Int32, number: Int, borrows: Bool) {
        groupCount += 1
        groups[groupCount] = Group(space: number, threads: [thread], borrowsSpace: borrows)
        groupOfThread[thread] = groupCount
        self[space: number].groups.insert(groupCount)
    }

    private mutating func remove(group: Int, from number: Int) -> (number: Int, space: RecordedSpace)? {
        self[space: number].groups.remove(group)
        guard self[space: number].groups.isEmpty else { return nil }
        return spaces.removeValue(forKey: number).map { (number, $0) }
    }
}
