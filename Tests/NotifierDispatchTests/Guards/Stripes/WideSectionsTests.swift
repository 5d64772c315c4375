import Testing

@testable import NotifierDispatch

@Suite("Wide sections")
struct WideSectionsTests {
    /// Four stripes of four pages; sections over more than two stripes are wide.
    private let striped = StripedGuard(StripedScheme(pages: 16, stripeSize: StripeSize(shift: 2), wideBound: 2))
    private static let wide = 0..<12
    private static let narrow = 4..<5

    /// Whether a fault could begin, for each stripe.
    private var mayBegin: [Bool] { (0..<4).map { striped.mayBegin(at: $0 * 4) } }

    @Test("A section is wide where it touches more stripes than the bound")
    func bound() {
        func isWide(_ stripes: ClosedRange<Int>, bound: Int) -> Bool { WideSections(bound: bound).includes(stripes) }
        #expect((1...4).map { isWide(1...$0, bound: 2) } == [false, false, true, true])
        #expect(isWide(5...5, bound: 0))
    }

    @Test("A bound below 0 traps")
    func negativeBoundTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = WideSections(bound: -1)
        }
        #expect(result?.trapped(saying: "the bound of wide sections is a number of stripes") == true)
    }

    @Test("A wide section keeps faults of all stripes out and is counted in none; a narrow one in its own")
    func whereSectionsAreCounted() {
        striped.start(Self.wide)
        #expect(mayBegin == [false, false, false, false])
        #expect(striped.stripes.map(\.openSections) == [0, 0, 0, 0])
        #expect(striped.openWideSections == 1)
        striped.end(Self.wide)
        #expect(mayBegin == [true, true, true, true])
        striped.start(2..<6)
        #expect(mayBegin == [false, false, true, true])
        #expect(striped.openWideSections == 0)
        striped.end(2..<6)
        #expect(mayBegin == [true, true, true, true])
    }

    @Test("Narrow and wide sections nest in every order, and leave no count", arguments: [true, false], [true, false])
    func nested(wideFirst: Bool, lastEndsFirst: Bool) {
        let inner = 6..<7
        let starts = wideFirst ? [Self.wide, Self.narrow, inner] : [Self.narrow, Self.wide, inner]
        for pages in starts { striped.start(pages) }
        var open = lastEndsFirst ? Array(starts.reversed()) : starts
        while let pages = open.first {
            #expect(!mayBegin[1])
            #expect(mayBegin[3] == !open.contains(Self.wide))
            striped.end(pages)
            open.removeFirst()
        }
        #expect(mayBegin == [true, true, true, true])
        #expect(striped.stripes.map(\.openSections) == [0, 0, 0, 0])
        #expect(striped.openWideSections == 0)
    }

    @Test("A wide start waits for an install in any of its stripes, and then drops what it installed")
    func installBeforeTheTeardown() throws {
        for page in [3, 7, 8] {
            let install = HeldInstall(striped, at: page)
            let section = StartingSection(striped, Self.wide)
            #expect(section.waits())
            // Raised before the first stripe is torn down, and those before the install's are.
            #expect(striped.openWideSections == 1)
            #expect(section.dropped.take() == [0..<4, 4..<8].filter { $0.upperBound <= page })
            install.finish()
            section.join()
            #expect(section.dropped.take().contains { $0.contains(page) })
            striped.end(Self.wide)
        }
    }

    @Test("A fault that takes the lock after the teardown sees the raise, whether the section has ended or not")
    func installAfterTheTeardown() throws {
        let ticket = try striped.ticket(at: 5)
        striped.start(Self.wide)
        #expect(!striped.installs(ticket, at: 5))
        #expect(!striped.stripes[1].isLocked)
        striped.end(Self.wide)
        #expect(!striped.installs(ticket, at: 5))
        #expect(!striped.stripes[1].isLocked)
        #expect(striped.installs(try striped.ticket(at: 5), at: 5))
    }

    @Test("A fault that meets the teardown of its stripe waits for it, and then throws its walk away")
    func installDuringTheTeardown() {
        let isTearingDown = Gate()
        let mayGoOn = Gate()
        let hasFaulted = Gate()
        let isWalking = Gate()
        let faulter = RegisteredThread { [striped] in
            var walks = 0
            let outcome = striped.fault(
                at: 5,
                walk: { () -> Int? in
                    walks += 1
                    guard walks == 1 else { return nil }
                    isWalking.open()
                    isTearingDown.wait()
                    return 5
                }, install: { _ in Issue.record("a walk from before the section was installed") })
            #expect(outcome.status == .absent)
            #expect(walks == 2)
            hasFaulted.open()
        }
        isWalking.wait()
        let invalidator = RegisteredThread { [striped] in
            striped.start(Self.wide) { pages in
                guard pages.contains(5) else { return }
                isTearingDown.open()
                mayGoOn.wait()
            }
            striped.end(Self.wide)
        }
        #expect(!hasFaulted.waitInVain())
        #expect(striped.stripes[1].isLocked)
        mayGoOn.open()
        invalidator.join()
        faulter.join()
    }
}
