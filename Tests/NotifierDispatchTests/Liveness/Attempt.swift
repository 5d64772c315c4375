import Glibc
import Testing

@testable import NotifierDispatch

/// Waits until `condition` holds, at most for so many milliseconds of real time.
func within(milliseconds: UInt64 = 2_000, _ condition: () -> Bool) -> Bool {
    let deadline = Deadline.after(nanoseconds: milliseconds * 1_000_000)
    while !condition() {
        if deadline.hasPassed { return condition() }
        usleep(20)
    }
    return true
}

/// Something that a thread of its own does, and may have to wait for.
///
/// A thread that never comes to its end is left behind, so that a test that fails does not stop the others.
final class Attempt: Sendable {
    private let hasEnded = Gate()

    /// Starts it.
    init(_ body: @escaping @Sendable () -> Void) {
        RegisteredThread { [hasEnded] in
            body()
            hasEnded.open()
        }.detach()
    }

    /// Whether it comes to its end without help, in far more time than it needs.
    func goesOn(milliseconds: UInt64 = 2_000) -> Bool { within(milliseconds: milliseconds) { hasEnded.isOpen } }

    /// Whether it is still under way when it had the time to go wrong.
    func waits() -> Bool { !hasEnded.waitInVain() }
}

/// A section that a thread of its own holds open.
final class HeldSection: Sendable {
    private let isOpen = Gate()
    private let mayEnd = Gate()
    private let attempt: Attempt

    /// Returns when the section is open, or would have had the time to be. `change` runs inside it.
    init(in space: AddressSpace, over pages: Range<Int>, change: @escaping @Sendable () -> Void = {}) {
        attempt = Attempt { [isOpen, mayEnd] in
            guard let section = space.invalidateRangeStart(.blockable(pages)) else { return }
            change()
            isOpen.open()
            mayEnd.wait()
            space.invalidateRangeEnd(section)
        }
        #expect(within { isOpen.isOpen }, "a section over \(pages) did not open")
    }

    /// Ends it, and waits for that. To be called once.
    func end() {
        mayEnd.open()
        #expect(attempt.goesOn(), "a section did not end")
    }
}

/// Kills the process if `body` takes that long: for exit tests, whose processes would hang for ever.
func orKilled<Failure: Error>(after seconds: UInt32 = 10, _ body: () throws(Failure) -> Void) throws(Failure) {
    alarm(seconds)
    defer { alarm(0) }
    try RCU.withRegisteredThread(body)
}

extension ExitTest.Result {
    /// Whether the process trapped with a message that has all these words, in any case of letters. Unlike
    /// ``trapped(saying:)`` also in optimised builds. A process that hung was killed, and said nothing.
    func namedTheCycle(_ words: [String]) -> Bool {
        String(decoding: standardErrorContent, as: UTF8.self).lowercased()
            .split(separator: "\n").filter { $0.contains("fatal error") }
            .contains { message in words.allSatisfy { message.contains($0) } }
    }
}
