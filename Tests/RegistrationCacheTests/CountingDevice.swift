import NotifierDispatch
import Synchronization

@testable import RegistrationCache

/// A device that numbers its registrations from 1, and knows which are there.
final class CountingDevice: RegistrationDevice {
    struct Books {
        var registered: [UInt64: MemoryRange] = [:]
        /// In their order.
        var all: [MemoryRange] = []
        var deregistered: [UInt64] = []
    }

    private let books = Mutex(Books())
    /// Runs inside `register`, before it returns, with the number of the call from 1.
    private let duringRegister: @Sendable (Int, MemoryRange) throws(DeviceError) -> Void
    private let duringDeregister: @Sendable (MemoryRange) -> Void

    init(
        duringRegister: @escaping @Sendable (Int, MemoryRange) throws(DeviceError) -> Void = {
            (_, _) throws(DeviceError) in
        },
        duringDeregister: @escaping @Sendable (MemoryRange) -> Void = { _ in }
    ) {
        self.duringRegister = duringRegister
        self.duringDeregister = duringDeregister
    }

    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
        let number = books.withLock { books in
            books.all.append(memory)
            books.registered[UInt64(books.all.count)] = memory
            return UInt64(books.all.count)
        }
        do throws(DeviceError) { try duringRegister(Int(number), memory) } catch {
            books.withLock { $0.registered[number] = nil }
            throw error
        }
        return number
    }

    func deregister(_ registration: UInt64, of memory: MemoryRange) {
        duringDeregister(memory)
        books.withLock { books in
            precondition(
                books.registered.removeValue(forKey: registration) == memory, "deregistered what was not registered")
            books.deregistered.append(registration)
        }
    }

    func isRegistered(_ registration: UInt64) -> Bool { books.withLock { $0.registered[registration] != nil } }

    /// What is registered now, by address.
    var registered: [MemoryRange] { books.withLock { $0.registered.values.sorted { $0.address < $1.address } } }

    /// What was ever asked for, in order; also what failed.
    var all: [MemoryRange] { books.withLock { $0.all } }

    var deregistered: [UInt64] { books.withLock { $0.deregistered } }
}

/// Pages of 4,096 bytes, as memory. Nobody touches it.
func memory(_ pages: Range<UInt>) -> MemoryRange {
    MemoryRange(address: pages.lowerBound << 12, length: UInt(pages.count) << 12)
}

extension RegistrationCache {
    /// Gets the pages, puts them, and returns what the device calls them.
    func touch(_ pages: Range<UInt>) throws(GetError) -> UInt64 {
        let region = try get(pages.lowerBound << 12, length: UInt(pages.count) << 12)
        let registration = region.registration
        put(region)
        return registration
    }

    func pin(_ pages: Range<UInt>) throws(GetError) -> PinnedRegion {
        try get(pages.lowerBound << 12, length: UInt(pages.count) << 12)
    }
}

extension AddressSpace {
    /// Invalidates the pages.
    func drop(_ pages: Range<Int>, during change: () -> Void = {}) {
        guard let range = InvalidationRange(pages: pages) else { preconditionFailure("empty") }
        invalidate(range, event: .unmap) { change() }
    }

    /// Invalidates the range, if that is possible without blocking.
    func tryToDrop(_ range: InvalidationRange, during change: () -> Void) -> Bool {
        let invalidation = Invalidation(range: range, event: .clear, isBlockable: false)
        guard let section = invalidateRangeStart(invalidation) else { return false }
        change()
        invalidateRangeEnd(section)
        return true
    }
}

extension RegistrationCache.Configuration {
    /// One that deregisters at once what it can.
    static func prompt(_ change: (inout Self) -> Void = { _ in }) -> Self {
        var configuration = Self()
        configuration.pageSize = 4096
        configuration.maximumUnsweptRegions = 0
        configuration.patienceNanoseconds = 20_000_000
        change(&configuration)
        return configuration
    }
}
