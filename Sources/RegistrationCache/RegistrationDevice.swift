/// What registers memory: an RDMA adapter, an io_uring, a graphics processor.
///
/// ``RegistrationCache`` calls both functions with no lock held, from any thread, several at once, and possibly inside an
/// invalidation's start. So they may sleep, and may use the cache; they must not wait for a grace period of ``RCU``, nor for
/// an invalidation that waits for them.
public protocol RegistrationDevice: AnyObject, Sendable {
    /// Makes memory known to the device. Returns what the device calls it: a key, a handle, an index.
    ///
    /// If an invalidation of the memory starts meanwhile, the cache deregisters what this returns, and asks again once that
    /// has ended. Memory that is not mapped is an error like any other.
    func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64

    /// Takes a registration back. Nobody has the memory pinned, and no get returns it any more. Called once for each
    /// registration that was made.
    func deregister(_ registration: UInt64, of memory: MemoryRange)
}

/// Why a device did not register memory.
public struct DeviceError: Error, Hashable {
    /// The device's own number: an errno, a status.
    public let code: Int32

    /// An error of this number.
    public init(code: Int32) { self.code = code }
}

/// Bytes of the address space.
public struct MemoryRange: Hashable, Sendable {
    /// The first byte.
    public let address: UInt
    /// How many bytes there are; 1 or above.
    public let length: UInt

    @usableFromInline
    init(address: UInt, length: UInt) {
        self.address = address
        self.length = length
    }

    /// One past the last byte.
    public var end: UInt { address &+ length }

    func overlaps(_ other: MemoryRange) -> Bool { address < other.end && other.address < end }

    /// The smallest range that holds both.
    func hull(_ other: MemoryRange) -> MemoryRange {
        let start = min(address, other.address)
        return MemoryRange(address: start, length: max(end, other.end) &- start)
    }
}

/// Why ``RegistrationCache/get(_:length:)`` returned no region.
public enum GetError: Error, Hashable {
    /// The length is 0, or the range goes beyond address 2^48.
    case invalidRange
    /// The device refused.
    case device(DeviceError)
    /// The patience was over: invalidations of the memory were open or kept coming, another thread's registration of it took
    /// too long, or too many regions that were dropped are still pinned.
    case busy
    /// More than a million regions are registered or still pinned.
    case full
    /// The address space was released.
    case closed
}

extension RegistrationCache {
    /// What a cache is allowed to keep, and how an invalidation treats what is pinned.
    public struct Configuration: Sendable {
        /// How many regions are kept. Above it the least recently used region that is not pinned goes. If all are pinned, more
        /// are kept.
        public var maximumRegions = Int.max
        /// How many bytes are kept, in the same way.
        public var maximumBytes = UInt.max
        /// The most bytes that a region grows to if it is merged with others that it overlaps. Above it, the others are
        /// dropped instead: what is left of them is registered again when it is wanted.
        public var maximumMergedBytes = UInt.max
        /// How many regions that were dropped may wait to be looked through for pins together, which takes one barrier of some
        /// 10 microseconds. 0: an invalidation deregisters what it drops and is not pinned before it returns.
        public var maximumUnsweptRegions = 64
        /// How many bytes of them, in the same way.
        public var maximumUnsweptBytes: UInt = 16 << 20
        /// How many regions that were dropped may still be pinned. Above it a miss waits for puts.
        public var maximumDeferredRegions = Int.max
        /// How an invalidation treats pinned regions.
        public var invalidation = InvalidationPolicy.deferUntilLastPut
        /// The size of a page in bytes, a power of two of 4,096 or more. The address space's page numbers count such pages.
        /// Registered memory is rounded outwards to them.
        public var pageSize = ZeroedMemory.systemPageSize
        /// How long a get waits for invalidations, for other threads' registrations and for room, in nanoseconds, before it
        /// answers ``GetError/busy``.
        public var patienceNanoseconds: UInt64 = 1_000_000_000

        /// No limit but on what is deferred.
        public init() {}
    }

    /// How an invalidation treats regions that are pinned.
    public enum InvalidationPolicy: Sendable {
        /// It takes them out of the cache, and does not wait: the last put deregisters. For devices that hold the pages while
        /// they are registered, as RDMA adapters without on-demand paging and io_uring do: what is under way goes to the old
        /// pages, which stay until then. It never answers would-block.
        case deferUntilLastPut
        /// It waits until they are put, and deregisters them before the pages change. For devices that hold no pages. The
        /// thread that invalidates must have nothing of the range pinned, nor hold what a put waits for. Answers would-block
        /// to an invalidation that is not blockable, if there is anything to drop.
        case waitForPuts
    }
}
