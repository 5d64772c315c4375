import Glibc
import Testing

@testable import InvalidationStorm

/// Not under ThreadSanitizer: it does not bear the copies of a process of several threads, and touches fault in its own memory,
/// too.
@Suite(
    .serialized,
    .enabled(if: dlsym(nil, "__tsan_init") == nil, "copies of the process, and page faults that are counted"))
struct KernelStormTests {
    private func settings(faulters: Int = 1, invalidators: Int = 1) -> LiveSettings {
        var settings = LiveSettings(faulters: faulters, invalidators: invalidators)
        settings.windowNanoseconds = 30_000_000
        return settings
    }

    /// Measures until each role had a core in the window: on a busy machine one may get none.
    private func measure(_ work: KernelWork, _ settings: LiveSettings) throws -> StormMeasurement {
        for _ in 0..<50 {
            let measurement = try #require(KernelStorm.run(work, settings, cancellation: Cancellation()))
            #expect(measurement.staleInstalls == 0)
            let hasInvalidated = measurement.invalidationLatency.samples > 0
            #expect(work.invalidates || !hasInvalidated)
            if measurement.faults > 1000, measurement.faultLatency.samples > 0, hasInvalidated == work.invalidates {
                return measurement
            }
        }
        throw NoCore()
    }

    private struct NoCore: Error {}

    @Test("Every touch that is counted is one page fault of the kernel's", arguments: KernelWork.allCases)
    func countedTouchesFault(work: KernelWork) throws {
        let measurement = try measure(work, settings())
        // The thread itself has a page fault now and then: of its stack, its histogram, or after a fork.
        let ratio = try #require(measurement.pageFaultsPerFault)
        #expect(ratio > 0.999)
        #expect(work == .cowFork || ratio < 1.2)
    }

    @Test(
        "Several faulters and invalidators share parts out, and each faulter gets some", arguments: KernelWork.allCases)
    func manyThreads(work: KernelWork) throws {
        let measurement = try #require(
            KernelStorm.run(work, settings(faulters: 3, invalidators: 2), cancellation: Cancellation()))
        #expect(measurement.staleInstalls == 0)
        #expect(measurement.conditions.isOversubscribed == (ThisMachine.topology.allowedThreadCount < 5))
    }

    @Test("More invalidators than parts end like the others")
    func moreInvalidatorsThanParts() throws {
        let many = KernelWork.pagesPerFaulter / KernelWork.cowFork.pagesPerPart + 2
        let measurement = try #require(
            KernelStorm.run(.cowFork, settings(invalidators: many), cancellation: Cancellation()))
        #expect(measurement.staleInstalls == 0)
    }

    @Test("A cancelled repetition measures nothing, and ends", arguments: KernelWork.allCases)
    func cancelled(work: KernelWork) {
        let cancellation = Cancellation()
        cancellation.raise()
        #expect(KernelStorm.run(work, settings(), cancellation: cancellation) == nil)
    }

    @Test("Areas are cut into whole parts")
    func partsDivideAreas() {
        for work in KernelWork.allCases {
            #expect(KernelWork.pagesPerFaulter.isMultiple(of: work.pagesPerPart))
        }
    }
}
