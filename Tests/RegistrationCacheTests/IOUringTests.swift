import CIOUring
import NotifierDispatch
import RegistrationCache
import Testing

@testable import io_uring_buffers

@Suite("A registration cache over io_uring's fixed buffers", .enabled(if: FixedBuffers.isPossible), .serialized)
struct IOUringTests {
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
        case .nothing: memory.unmap()
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

    @Test(
        "Transfers beside remappings: none is corrupted with sections, some are without",
        arguments: [
            RemappingRun.Source.sections, .nothing,
        ])
    func run(_ source: RemappingRun.Source) throws {
        let run = try RemappingRun(source: source)
        // The control ends when it is caught.
        let outcome = run.run(seconds: source == .nothing ? 60 : 0.5, stopsAtFirst: source == .nothing)
        #expect(outcome.checked > 0 && outcome.remapped > 0)
        #expect((outcome.corrupted > 0) == (source == .nothing))
    }
}
