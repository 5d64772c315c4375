import NotifierDispatch
import Synchronization
import TestThreads
import Testing

@testable import RegistrationCache
@testable import io_uring_buffers

@Suite("The regions of a registration cache")
struct RegionTests {
    let space = AddressSpace()
    let device = CountingDevice()

    private func cache(_ change: (inout RegistrationCache.Configuration) -> Void = { _ in }) throws -> RegistrationCache
    {
        try RegistrationCache(of: device, in: space, configuration: .prompt(change))
    }

    @Test("Memory is rounded outwards to pages, and found by any part of it")
    func rounding() throws {
        let cache = try cache()
        let region = try cache.get(0x10_0fff, length: 2)
        #expect(region.memory == memory(0x100..<0x102))
        for (address, length) in [(0x10_0000, 1), (0x10_0000, 0x2000), (0x10_1fff, 1), (0x10_0800, 0x1000)]
            as [(UInt, UInt)]
        {
            let other = try cache.get(address, length: length)
            #expect(other.registration == region.registration)
            cache.put(other)
        }
        cache.put(region)
        #expect(cache.statistics.misses == 1)
    }

    @Test("What is no range is refused")
    func invalidRanges() throws {
        let cache = try cache()
        _ = try cache.touch(0..<1)
        for (address, length) in [(0, 0), (1 << 48, 1), ((1 << 48) - 1, 2), (0x1000, .max), (.max, 1)] as [(UInt, UInt)]
        {
            #expect(throws: GetError.invalidRange) { cache.put(try cache.get(address, length: length)) }
        }
        cache.put(try cache.get((1 << 48) - 1, length: 1))
    }

    @Test("Memory that overlaps regions is registered together with them, and replaces them")
    func merging() throws {
        let cache = try cache()
        _ = try cache.touch(10..<12)
        _ = try cache.touch(14..<16)
        _ = try cache.touch(16..<18)
        #expect(try cache.touch(11..<15) == 4)
        #expect(device.registered == [memory(10..<16), memory(16..<18)])
        #expect(try cache.touch(10..<11) == 4)
        #expect(cache.statistics.merged == 2)
    }

    @Test("Above the limit of a merge the others give way, and what is left of them is registered when it is wanted")
    func splitting() throws {
        let cache = try cache { $0.maximumMergedBytes = 4 << 12 }
        _ = try cache.touch(10..<14)
        #expect(try cache.touch(12..<15) == 2)
        #expect(device.registered == [memory(12..<15)])
        #expect(try cache.touch(10..<11) == 3)
        #expect(device.registered == [memory(10..<11), memory(12..<15)])
    }

    @Test("If the device refuses a merged region, it is asked for what was wanted")
    func refusedMerge() throws {
        let device = CountingDevice(duringRegister: { (_, memory) throws(DeviceError) in
            if memory.address == 10 << 12, memory.length > 2 << 12 { throw DeviceError(code: 14) }
        })
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        _ = try cache.touch(10..<12)
        #expect(try cache.touch(11..<13) == 3)
        #expect(device.registered == [memory(11..<13)])
        #expect(throws: GetError.device(DeviceError(code: 14))) { try cache.touch(10..<13) }
        #expect(device.registered == [memory(11..<13)])
    }

    @Test("Above the limit of regions the least recently used one goes that is not pinned")
    func evictionByCount() throws {
        let cache = try cache { $0.maximumRegions = 3 }
        let pin = try cache.pin(1..<2)
        _ = try cache.touch(2..<3)
        _ = try cache.touch(3..<4)
        _ = try cache.touch(2..<3)
        _ = try cache.touch(4..<5)
        #expect(device.registered == [memory(1..<2), memory(2..<3), memory(4..<5)])
        _ = try cache.touch(2..<3)
        _ = try cache.touch(5..<6)
        #expect(device.registered == [memory(1..<2), memory(2..<3), memory(5..<6)])
        #expect(cache.statistics.evicted == 2)
        cache.put(pin)
    }

    @Test("Above the limit of bytes as many go as there must; if all are pinned, more are kept")
    func evictionByBytes() throws {
        let cache = try cache { $0.maximumBytes = 8 << 12 }
        for page in 0..<UInt(8) { _ = try cache.touch(page..<page + 1) }
        let pin = try cache.pin(100..<104)
        #expect(device.registered == (4..<8).map { memory($0..<$0 + 1) } + [memory(100..<104)])
        let second = try cache.pin(200..<206)
        #expect(device.registered == [memory(100..<104), memory(200..<206)])
        #expect(cache.statistics.bytes == 10 << 12)
        cache.put(pin)
        cache.put(second)
    }

    @Test("A miss waits for puts where too many dropped regions are pinned")
    func deferredLimit() throws {
        let cache = try cache { $0.maximumDeferredRegions = 1 }
        let pins = [Parcel(try cache.pin(1..<2)), Parcel(try cache.pin(2..<3))]
        space.drop(0..<10)
        #expect(throws: GetError.busy) { try cache.touch(5..<6) }
        cache.put(pins[0].open())
        #expect(throws: Never.self) { try cache.touch(5..<6) }
        cache.put(pins[1].open())
    }

    @Test("Threads that want the same memory at once have it registered once")
    func concurrentMisses() throws {
        let isRegistering = Gate()
        let mayFinish = Gate()
        let device = CountingDevice(duringRegister: { (_, _) throws(DeviceError) in
            isRegistering.open()
            mayFinish.wait()
        })
        let cache = try RegistrationCache(
            of: device, in: space, configuration: .prompt { $0.patienceNanoseconds = 10_000_000_000 })
        let first = PlainThread { #expect(throws: Never.self) { try cache.touch(10..<20) } }
        isRegistering.wait()
        let second = PlainThread { #expect(throws: Never.self) { try cache.touch(15..<16) } }
        mayFinish.open()
        first.join()
        second.join()
        #expect(device.all.count == 1)
    }

    @Test("Regions of any size are found, and cost little")
    func sizes() throws {
        let cache = try cache()
        var ranges: [Range<UInt>] = []
        var start: UInt = 5
        for bits in UInt(0)..<31 {
            ranges.append(start..<start + 1 << bits + 3)
            start += 1 << bits + 3
        }
        let registrations = try ranges.map { try cache.touch($0) }
        for (range, registration) in zip(ranges, registrations) {
            for page in [range.lowerBound, range.lowerBound + UInt(range.count) / 2, range.upperBound - 1] {
                #expect(try cache.touch(page..<page + 1) == registration)
            }
        }
        space.drop(0..<Int.max)
        #expect(device.registered.isEmpty)
    }
}
