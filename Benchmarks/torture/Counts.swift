import TorturedDispatch

/// A count that any thread may raise.
final class Count: Sendable {
    private let value = Atomic<UInt64>(0)
    var now: UInt64 { value.load(ordering: .acquiring) }
    func count() { value.wrappingAdd(1, ordering: .releasing) }

    /// For what runs in a step before an access: an access of the same kind would step again.
    func countWithoutStep() { value.value.wrappingAdd(1, ordering: .relaxed) }
}

/// What came of the operations, and what must balance at the end.
enum Counts {
    static let installed = Count()
    static let absent = Count()
    static let busy = Count()
    static let dead = Count()
    static let refusedStarts = Count()
    static let nestedSections = Count()
    static let handedOver = Count()
    static let adopted = Count()
    static let registered = Count()
    static let unregistered = Count()
    static let released = Count()
    static let completionsOwed = Count()
    static let completions = Count()
    static let gets = Count()
    static let puts = Count()
    static let sharedMade = Count()
    static let sharedFreed = Count()
    static let flushes = Count()
    static let children = Count()
    static let visitors = Count()
    static let lives = Count()
    static let livesReleasedInUse = Count()
    static let signals = Count()
    static let delays = Count()
    static let delaysInSequences = Count()

    /// For the report.
    static func lines() -> [String] {
        func of(_ step: Step) -> UInt64 { ThreadRecords.count(of: step) }
        return [
            "spaces \(lives.now), of them released in use \(livesReleasedInUse.now)",
            "faults \(of(.fault)), walks \(of(.walk)): installed \(installed.now), absent \(absent.now), busy \(busy.now), "
                + "dead \(dead.now); interval faults \(of(.intervalFault)), in signal handlers \(signals.now)",
            "sections \(of(.start)), of them refused \(refusedStarts.now), nested \(nestedSections.now), "
                + "ended by another thread \(adopted.now) of \(handedOver.now); second passes \(of(.secondPass))",
            "registered \(registered.now), unregistered \(unregistered.now), completions \(completions.now) of "
                + "\(completionsOwed.now); gets \(gets.now), puts \(puts.now); made \(sharedMade.now), freed \(sharedFreed.now)",
            "threads that came and went \(visitors.now), forked children \(children.now), delays inside the engine \(delays.now), "
                + "inside restartable sequences \(delaysInSequences.now)",
        ]
    }

    /// When no thread is left, and every deferred call has run.
    static func checkBalance() {
        func mustBe(_ what: String, _ one: Count, _ other: Count) {
            if one.now != other.now { Verdict.fail(.leakedCount, "\(what): \(one.now) and \(other.now)") }
        }
        mustBe("registrations and their ends", registered, unregistered)
        mustBe("completions owed and run", completionsOwed, completions)
        mustBe("gets and puts", gets, puts)
        mustBe("shared subscribers made and freed", sharedMade, sharedFreed)
        mustBe("sections handed over and ended", handedOver, adopted)
    }
}

/// The objects of a kind that are alive. At the end there is none: the engine holds nothing back.
final class LiveObjects: Sendable {
    static let spaces = LiveObjects("lives of spaces")
    static let pageTables = LiveObjects("page tables")
    static let shadowTables = LiveObjects("shadow tables")
    static let caches = LiveObjects("caches")
    static let subscribers = LiveObjects("subscribers")
    static let intervalDrivers = LiveObjects("interval subscribers")
    static let sharedDrivers = LiveObjects("shared subscribers")

    private let kind: String
    private let count = Atomic<Int>(0)

    private init(_ kind: String) { self.kind = kind }

    func begin() { count.wrappingAdd(1, ordering: .relaxed) }
    func end() { count.wrappingSubtract(1, ordering: .relaxed) }

    static func checkNoneLeft() {
        for objects in [spaces, pageTables, shadowTables, caches, subscribers, intervalDrivers, sharedDrivers] {
            let left = objects.count.load(ordering: .acquiring)
            if left != 0 { Verdict.fail(.leak, "\(left) \(objects.kind) are left") }
        }
    }
}
