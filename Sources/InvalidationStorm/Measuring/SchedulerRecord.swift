/// What the scheduler notes about one thread below `/proc`, read from the files' texts.
enum SchedulerRecord {
    /// Nanoseconds that the thread was ready to run and did not, from `schedstat`: time on a core, time in the run
    /// queue, turns on a core. `nil` where the kernel keeps no such record and shows zeros: a thread that reads has
    /// had a turn.
    static func runQueueNanoseconds(schedstat text: String) -> UInt64? {
        let fields = text.split { $0.isWhitespace }.map { UInt64($0) }
        guard fields.count == 3, let delay = fields[1], let turns = fields[2], turns > 0 else { return nil }
        return delay
    }

    /// How often the thread has moved to another core, from the line `se.nr_migrations : 3` of `sched`.
    static func migrations(sched text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == ":" || $0.isWhitespace }
            if words.count == 2, words[0] == "se.nr_migrations" { return UInt64(words[1]) }
        }
        return nil
    }
}
