import Testing

@testable import NotifierDispatch

@Suite("Revocation budget")
struct RevocationBudgetTests {
    private static let allowance = RevocationBudget.allowance

    /// When there is something left again, counted from `now`: the first nanosecond of which `isLeft` says so.
    private func wait(of budget: borrowing RevocationBudget, at now: UInt64) -> UInt64 {
        var bounds: Range<UInt64> = 0..<1 << 50
        while !bounds.isEmpty {
            let middle = (bounds.lowerBound + bounds.upperBound) / 2
            bounds =
                budget.isLeft(at: now + middle)
                ? bounds.lowerBound..<middle : middle + 1..<bounds.upperBound
        }
        return bounds.lowerBound
    }

    @Test("Nothing spent: all is left, from the first nanosecond of the clock on")
    func unspent() {
        let budget = RevocationBudget(fraction: 0.5)
        let isLeft = budget.isLeft(at: 0)
        #expect(isLeft)
    }

    @Test(
        "A revocation is paid for when its time divided by the fraction has passed, less the allowance",
        arguments: [1.0, 0.5, 0.125])
    func price(fraction: Double) {
        let budget = RevocationBudget(fraction: fraction)
        let now: UInt64 = 1 << 40
        let duration: UInt64 = 1 << 24
        budget.charge(from: now - duration, to: now)
        let wait = wait(of: budget, at: now)
        #expect(wait == UInt64(Double(duration) / fraction) - Self.allowance + 1)
    }

    @Test("A few short ones in a row use up the allowance, and only then is nothing left")
    func allowance() {
        let budget = RevocationBudget(fraction: 0.5)
        let now: UInt64 = 1 << 40
        var revocations = 0
        while budget.isLeft(at: now) {
            budget.charge(from: now - Self.allowance / 20, to: now)
            revocations += 1
        }
        #expect(revocations == 10)
    }

    @Test("What lies unspent is not saved up: after any idle time, a long revocation costs the same")
    func leaks() {
        let budget = RevocationBudget(fraction: 0.5)
        let duration = Self.allowance
        var waits: [UInt64] = []
        for now: UInt64 in [1 << 40, 1 << 41, 1 << 50] {
            budget.charge(from: now - duration, to: now)
            waits.append(wait(of: budget, at: now))
        }
        #expect(waits == [duration + 1, duration + 1, duration + 1])
    }

    @Test("Charges of several threads add up")
    func concurrentCharges() {
        final class Shared: Sendable {
            let budget = RevocationBudget(fraction: 1)
        }
        let shared = Shared()
        let now: UInt64 = 1 << 40
        runThreads(3) { _ in
            for _ in 0..<10_000 { shared.budget.charge(from: now - 1_000, to: now) }
        }
        let wait = wait(of: shared.budget, at: now)
        #expect(wait == 30_000_000 - Self.allowance + 1)
    }

    @Test("The price of a wait too long to count is 95 years, and traps nowhere")
    func longestWait() {
        let budget = RevocationBudget(fraction: 1e-9)
        let now: UInt64 = 1 << 62
        budget.charge(from: 0, to: now)
        let price: UInt64 = 3_000_000_000_000_000_000
        let isLeft = [now, now + price - 2 * Self.allowance, now + price].map { budget.isLeft(at: $0) }
        #expect(isLeft == [false, false, true])
    }

    @Test("A fraction that is none traps", arguments: [0, -0.5, 1.5])
    func badFractionTraps(fraction: Double) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [fraction] in
            _ = RevocationBudget(fraction: fraction)
        }
        #expect(result?.trapped(saying: "a bias budget is a part of the time") == true)
    }
}
