import CIOUring
import Glibc
import NotifierDispatch
import RegistrationCache
import TestThreads
import Testing

@testable import io_uring_buffers

@Suite("A registration cache over io_uring's fixed buffers", .enabled(if: FixedBuffers.isPossible), .serialized)
struct IOUringTests {
    private static let hasUserfault: Bool = {
        let events = try? UnmapEvents()
        events?.end()
        return events != nil
    }()

    /// What the device finds at an address under the cache's registration, before and after other pages are mapped there.
    private func remapOnce(_ source: RemappingRun.Source) throws -> (old: UInt64?, new: UInt64?, seen: [UInt64]) {
        let space = AddressSpace()
        let buffers = try FixedBuffers(places: 4)
        let cache = try RegistrationCache(of: buffers, in: space)
        let memory = RemappedMemory(pages: 1)
        func see() throws -> UInt64 {
            let region = try cache.get(memory.address, length: 8)
            let word = buffers.bytes(at: memory.address, under: region.registration)
            cache.put(region)
            return word
        }
        let old = memory.word(ofPage: 0)
        var seen = [try see()]
        switch source {
        case .nothing, .userfault: memory.unmap()
        case .sections:
            let page = Int(memory.address / RemappedMemory.pageSize)
            space.drop(page..<page + 1) { memory.unmap() }
        }
        #expect(memory.word(ofPage: 0) == nil)
        memory.mapAgain()
        seen.append(try see())
        return (old, memory.word(ofPage: 0), seen)
    }

    @Test("With a section around the unmapping the device finds the new pages")
    func sections() throws {
        let (old, new, seen) = try remapOnce(.sections)
        #expect(old != new)
        #expect(seen == [old, new])
    }

    @Test("Without, it finds the old ones: the control")
    func nothing() throws {
        let (old, new, seen) = try remapOnce(.nothing)
        #expect(old != new)
        #expect(seen == [old, old])
    }

    @Test("Told by userfaultfd after the fact, the device finds the old pages until the section starts: a control")
    func userfault() throws {
        guard let events = try? UnmapEvents() else { return }
        let space = AddressSpace()
        let buffers = try FixedBuffers(places: 4)
        let cache = try RegistrationCache(of: buffers, in: space)
        let memory = RemappedMemory(pages: 1)
        events.watch(memory)
        defer { withExtendedLifetime(memory) { events.end() } }
        func see() throws -> UInt64 {
            let region = try cache.get(memory.address, length: 8)
            let word = buffers.bytes(at: memory.address, under: region.registration)
            cache.put(region)
            return word
        }
        let old = memory.word(ofPage: 0)
        #expect(try see() == old)
        let hasMapped = Gate()
        let thread = PlainThread {
            memory.unmap()
            memory.mapAgain()
            hasMapped.open()
        }
        // Until the event is read, the unmapping does not return.
        #expect(!hasMapped.waitInVain())
        var unmapped: InvalidationRange?
        while unmapped == nil { unmapped = events.next(milliseconds: 1_000) }
        thread.join()
        #expect(try see() == old)
        let page = Int(memory.address / RemappedMemory.pageSize)
        #expect(unmapped?.pages == page..<page + 1)
        space.drop(page..<page + 1)
        #expect(try see() == memory.word(ofPage: 0))
    }

    @Test("Transfers beside remappings: none is corrupted with sections", arguments: RemappingRun.Source.allCases)
    func run(_ source: RemappingRun.Source) throws {
        guard source != .userfault || Self.hasUserfault else { return }
        let run = try RemappingRun(source: source)
        // A control ends when it is caught.
        let outcome = run.run(seconds: source.isSafe ? 0.5 : 120, stopsAtFirst: !source.isSafe)
        #expect(outcome.checked > 0 && outcome.remapped > 0)
        #expect((outcome.corrupted == 0) == source.isSafe)
    }
}
