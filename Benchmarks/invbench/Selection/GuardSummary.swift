import InvalidationStorm

/// One line on each guard, for `invbench list`.
enum GuardSummary {
    private static let lines = [
        "unprotected": "no protection: the speed limit and the control of the detector",
        "mutex": "one pthread mutex, held from the start of an invalidation to its end",
        "rwlock": "one pthread rwlock: faults read, an invalidation writes from start to end",
        "stripe-mutex": "a small lock for each 2 MiB, held over walk and install",
        "invlock": "a sequence and a count of running invalidations, with a deadline and an exclusive fallback",
        "range-counter": "a count and a generation in one word, an install lock, lock-free readers",
    ]

    /// The line; one that does not protect says so first.
    static func line(for entry: GuardEntry) -> String {
        let line = lines[entry.name] ?? "a guard of your own"
        return entry.isProtected ? line : "UNSAFE: " + line
    }
}
