import NotifierDispatch
import Synchronization
import TestThreads
import Testing

@testable import RegistrationCache
@testable import io_uring_buffers

@Suite("What an invalidation does to a registration cache")
struct InvalidationTests {
    let space = AddressSpace()
    let device = CountingDevice()

    @Test("A region of the range is deregistered before the pages change, and registered anew after the end")
    func dropsUnpinned() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        let first = try cache.touch(16..<20)
        let other = try cache.touch(32..<33)
        space.drop(19..<24) {
            #expect(!device.isRegistered(first))
            #expect(device.isRegistered(other))
        }
        #expect(try cache.touch(16..<20) != first)
        #expect(try cache.touch(32..<33) == other)
        #expect(cache.statistics.invalidated == 1)
    }

    @Test("A pinned region is no longer returned, and deregistered by its last put, on whatever thread")
    func defersPinned() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        let pin = try cache.pin(16..<20)
        let second = Parcel(try cache.pin(16..<20))
        let old = pin.registration
        space.drop(16..<17) { #expect(device.isRegistered(old)) }
        #expect(cache.statistics.deferredRegions == 1)
        let new = try cache.touch(16..<20)
        #expect(new != old && device.isRegistered(old))
        cache.put(pin)
        #expect(device.isRegistered(old))
        PlainThread { cache.put(second.open()) }.join()
        #expect(device.deregistered == [old])
        #expect(cache.statistics.deferredRegions == 0)
        #expect(try cache.touch(16..<20) == new)
    }

    @Test("Up to the limit, dropped regions share a sweep")
    func sweepsTogether() throws {
        let cache = try RegistrationCache(
            of: device, in: space, configuration: .prompt { $0.maximumUnsweptRegions = 2 })
        for page in 0..<UInt(3) {
            _ = try cache.touch(page..<page + 1)
            space.drop(Int(page)..<Int(page) + 1)
            #expect(device.deregistered.count == (page < 2 ? 0 : 3))
        }
        _ = try cache.touch(7..<8)
        space.drop(0..<100)
        #expect(cache.statistics.deferredRegions == 1)
        cache.sweep()
        #expect(device.registered.isEmpty)
    }

    @Test("A start that must not block takes regions out and deregisters nothing")
    func nonBlockable() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        let old = try cache.touch(16..<20)
        let range = try #require(InvalidationRange(pages: 0..<Int.max))
        let isDone = space.tryToDrop(range) { #expect(device.isRegistered(old)) }
        #expect(isDone)
        #expect(try cache.touch(16..<20) != old)
        cache.sweep()
        #expect(device.deregistered == [old])
    }

    @Test("A start that waits for puts returns when the region is deregistered")
    func waitsForPuts() throws {
        let cache = try RegistrationCache(
            of: device, in: space, configuration: .prompt { $0.invalidation = .waitForPuts })
        let parcel = Parcel(try cache.pin(16..<20))
        let hasStarted = Gate()
        let thread = PlainThread { [space, device] in
            space.drop(0..<17) {
                #expect(device.registered.isEmpty)
                hasStarted.open()
            }
        }
        #expect(!hasStarted.waitInVain())
        cache.put(parcel.open())
        thread.join()
        #expect(hasStarted.isOpen)
    }

    @Test("A start that would have to wait for puts and must not block, would block, and changes nothing")
    func wouldBlock() throws {
        let cache = try RegistrationCache(
            of: device, in: space, configuration: .prompt { $0.invalidation = .waitForPuts })
        let old = try cache.touch(16..<20)
        let range = try #require(InvalidationRange(pages: 16..<17))
        let isDone = space.tryToDrop(range) {}
        #expect(!isDone)
        #expect(try cache.touch(16..<20) == old)
        let elsewhere = try #require(InvalidationRange(pages: 20..<40))
        let isDoneElsewhere = space.tryToDrop(elsewhere) {}
        #expect(isDoneElsewhere)
    }

    @Test("A registration during which an invalidation comes is thrown away and made again")
    func cancelsArriving() throws {
        let device = CountingDevice(duringRegister: { [space] (number, _) throws(DeviceError) in
            if number <= 2 { space.drop(16..<17) }
        })
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        #expect(try cache.touch(16..<20) == 3)
        #expect(device.deregistered == [1, 2])
        #expect(device.registered == [memory(16..<20)])
    }

    @Test("One of other pages does not disturb it")
    func othersDoNotCancel() throws {
        let device = CountingDevice(duringRegister: { [space] (_, _) throws(DeviceError) in
            space.drop(20..<40)
            space.drop(0..<16)
        })
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        #expect(try cache.touch(16..<20) == 1)
    }

    @Test("Inside a section a miss of its pages is busy, a miss of others is not")
    func missInsideSection() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        space.drop(16..<20) {
            #expect(throws: GetError.busy) { try cache.touch(19..<20) }
            #expect(throws: Never.self) { try cache.touch(20..<21) }
        }
        #expect(throws: Never.self) { try cache.touch(19..<20) }
    }

    @Test("More sections than there is room for keep misses out until all have ended")
    func manySections() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        func nest(_ depth: Int) {
            guard depth > 0 else {
                #expect(throws: GetError.busy) { try cache.touch(500..<501) }
                return
            }
            space.drop(depth..<depth + 1) { nest(depth - 1) }
        }
        nest(65)
        #expect(throws: Never.self) { try cache.touch(500..<501) }
        #expect(throws: Never.self) { try cache.touch(65..<66) }
    }

    @Test("After the release of the space nothing is registered")
    func release() throws {
        let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
        _ = try cache.touch(16..<20)
        let pin = try cache.pin(32..<36)
        space.release()
        #expect(device.registered == [memory(32..<36)])
        #expect(throws: GetError.closed) { try cache.touch(16..<20) }
        cache.put(pin)
        #expect(device.registered.isEmpty)
    }

    @Test("Sections that are open when the cache is made count as its own")
    func coveredSections() throws {
        var late: RegistrationCache?
        try space.invalidate(try #require(InvalidationRange(pages: 16..<20)), event: .unmap) {
            let cache = try RegistrationCache(of: device, in: space, configuration: .prompt())
            #expect(throws: GetError.busy) { try cache.touch(16..<20) }
            late = cache
        }
        let cache = try #require(late)
        #expect(throws: Never.self) { try cache.touch(16..<20) }
    }
}
