import Glibc
import NotifierDispatch
import SeededNumbers
import Synchronization
import TestThreads
import Testing

@testable import RegistrationCache
@testable import io_uring_buffers

/// A device that knows of each registration which generation its pages had, and whether anybody has it pinned.
final class SuspiciousDevice: RegistrationDevice {
    static let pages = 48

    /// One registration that can be.
    final class Place: Sendable {
        let isRegistered = Atomic<Bool>(false)
        let pins = Atomic<Int>(0)
        /// The generations that the pages had when the device was asked.
        let generations = Locked([UInt64](repeating: 0, count: SuspiciousDevice.pages))
    }

    /// Of each page: how often it changed.
    let generations = (0..<SuspiciousDevice.pages).map { _ in Counter() }
    let places = (0..<1024).map { _ in Place() }
    private let free = Locked(Array(0..<1024))
    let wrongs = Atomic<Int>(0)

    final class Counter: Sendable {
        let value = Atomic<UInt64>(1)
    }

    func expect(_ holds: Bool) {
        if !holds { wrongs.wrappingAdd(1, ordering: .relaxed) }
    }

    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
        guard let number = free.withLock({ $0.popLast() }) else { throw DeviceError(code: ENOSPC) }
        let place = places[number]
        let (first, count) = (Int(memory.address >> 12), Int(memory.length >> 12))
        place.generations.withLock { known in
            for page in first..<first + count { known[page] = generations[page].value.load(ordering: .acquiring) }
        }
        if number & 7 == 0 { sched_yield() }
        expect(!place.isRegistered.exchange(true, ordering: .acquiringAndReleasing))
        return UInt64(number)
    }

    func deregister(_ registration: UInt64, of memory: MemoryRange) {
        let place = places[Int(registration)]
        expect(place.pins.load(ordering: .acquiring) == 0)
        expect(place.isRegistered.exchange(false, ordering: .acquiringAndReleasing))
        free.withLock { $0.append(Int(registration)) }
    }
}

@Suite("A registration cache under threads that get, put and invalidate")
struct StressTests {
    private static func get(
        _ cache: RegistrationCache, _ device: SuspiciousDevice, _ page: Int, _ count: Int
    ) -> Parcel? {
        // Acquiring: the get begins after the change that made it, and so after the start.
        let before = (page..<page + count).map { device.generations[$0].value.load(ordering: .acquiring) }
        guard let region = try? cache.get(UInt(page) << 12, length: UInt(count) << 12) else { return nil }
        let place = device.places[Int(region.registration)]
        place.pins.wrappingAdd(1, ordering: .acquiringAndReleasing)
        device.expect(place.isRegistered.load(ordering: .acquiring))
        let known = place.generations.withLock { Array($0[page..<page + count]) }
        device.expect(zip(known, before).allSatisfy { $0 >= $1 })
        return Parcel(region)
    }

    private static func put(_ cache: RegistrationCache, _ device: SuspiciousDevice, _ parcel: Parcel) {
        let region = parcel.open()
        let place = device.places[Int(region.registration)]
        device.expect(place.isRegistered.load(ordering: .acquiring))
        place.pins.wrappingSubtract(1, ordering: .acquiringAndReleasing)
        cache.put(region)
    }

    @Test(
        "No get returns what was dropped before it began, and nothing that is pinned is deregistered",
        arguments: [RegistrationCache.InvalidationPolicy.deferUntilLastPut, .waitForPuts], [0, 5])
    func stress(_ policy: RegistrationCache.InvalidationPolicy, unswept: Int) throws {
        let space = AddressSpace()
        let device = SuspiciousDevice()
        var cache: RegistrationCache? = try RegistrationCache(
            of: device, in: space,
            configuration: .prompt {
                $0.invalidation = policy
                $0.maximumUnsweptRegions = unswept
                $0.maximumRegions = 8
                $0.maximumMergedBytes = 10 << 12
            })
        let mailbox = Locked([Parcel]())
        let hits = Atomic<Int>(0)
        try withExtendedLifetime(cache) {
            let cache = try #require(cache)
            let getters = (0..<3).map { number in
                PlainThread {
                    var random = SplitMix(state: UInt64(number) &+ 10)
                    for _ in 0..<8_000 {
                        let count = 1 + Int(random.next() % 4)
                        let page = Int(random.next() % UInt64(SuspiciousDevice.pages - 4))
                        guard let parcel = Self.get(cache, device, page, count) else { continue }
                        hits.wrappingAdd(1, ordering: .relaxed)
                        // A start that waits for puts waits for the mailbox, too: nobody may be sure to empty it.
                        guard policy == .deferUntilLastPut, random.next() % 4 == 0 else {
                            Self.put(cache, device, parcel)
                            continue
                        }
                        let others = mailbox.withLock { parcels in
                            parcels.append(parcel)
                            return parcels.count > 6 ? parcels.removeFirst() : nil
                        }
                        if let others { Self.put(cache, device, others) }
                    }
                }
            }
            let isOver = Gate()
            let invalidators = (0..<2).map { number in
                PlainThread {
                    var random = SplitMix(state: UInt64(number) &+ 100)
                    while !isOver.isOpen {
                        let page = Int(random.next() % UInt64(SuspiciousDevice.pages - 4))
                        let count = 1 + Int(random.next() % 4)
                        space.drop(page..<page + count) {
                            for page in page..<page + count {
                                device.generations[page].value.wrappingAdd(1, ordering: .acquiringAndReleasing)
                            }
                        }
                        if random.next() % 4 == 0 { usleep(50) }
                    }
                }
            }
            for thread in getters { thread.join() }
            isOver.open()
            for thread in invalidators { thread.join() }
            for parcel in mailbox.withLock({ $0 }) { Self.put(cache, device, parcel) }
        }
        #expect(hits.load(ordering: .relaxed) > 100)
        cache = nil
        #expect(device.places.allSatisfy { !$0.isRegistered.load(ordering: .relaxed) })
        #expect(device.wrongs.load(ordering: .relaxed) == 0)
    }
}

@Suite("The table of pages")
struct PageTableTests {
    @Test("It agrees with a dictionary, over ranges that are set and cleared at random")
    func model() {
        var table = PageTable(pageBits: 12)
        var random = SplitMix(state: 5)
        var ranges: [UInt32: Range<UInt64>] = [:]
        // Around where a node of each level begins.
        let centres: [UInt64] = [512, 1 << 18, 3 << 18, 1 << 35]
        for index in UInt32(0)..<4_000 {
            let length = 1 + random.next() % (random.next() & 3 == 0 ? 1_500 : 4)
            let start = centres[Int(random.next() & 3)] &+ random.next() % 1_000 &- 500
            let range = start..<start + length
            for (other, taken) in ranges where taken.overlaps(range) {
                table.clear(taken)
                ranges[other] = nil
            }
            #expect(table.first(in: range) == nil)
            let isAssigned = table.assign(range, to: index)
            #expect(isAssigned)
            ranges[index] = range
            for page in [range.lowerBound &- 1, range.lowerBound, range.upperBound - 1, range.upperBound] {
                #expect(PageTable.find(page, in: table.root) == ranges.first { $0.value.contains(page) }?.key)
            }
        }
        let first = ranges.min { $0.value.lowerBound < $1.value.lowerBound }
        #expect(table.first(in: 0..<1 << 36) == first?.key)
        for range in ranges.values { table.clear(range) }
        #expect(table.first(in: 0..<1 << 36) == nil)
    }
}
