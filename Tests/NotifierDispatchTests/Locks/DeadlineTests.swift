import Testing

@testable import NotifierDispatch

@Suite("Deadline")
struct DeadlineTests {
    @Test("A point at or before now has passed, one far ahead has not")
    func hasPassed() {
        #expect(Deadline.after(nanoseconds: 0).hasPassed)
        #expect(Deadline(nanoseconds: 0).hasPassed)
        #expect(!Deadline.after(nanoseconds: 1_000_000_000_000_000).hasPassed)
    }

    @Test("No limit never passes, and a limit too far to count is none")
    func never() {
        #expect(!Deadline.never.hasPassed)
        #expect(Deadline.after(nanoseconds: .max).nanoseconds == Deadline.never.nanoseconds)
        #expect(!Deadline.after(nanoseconds: .max).hasPassed)
    }

    @Test("The clock never goes back")
    func clockIsMonotonic() {
        var last = MonotonicClock.now()
        for _ in 0..<1_000 {
            let now = MonotonicClock.now()
            #expect(now >= last)
            last = now
        }
    }
}
