/// One mapping of an address space: pages that a call mapped together, and how.
struct Mapping: Equatable {
    /// Recorded page numbers: byte addresses divided by ``pageSize``.
    var pages: Range<Int>
    var kind: Kind

    /// What decides whether fork write-protects a mapping, and whether two neighbours are one.
    struct Kind: Equatable {
        var protection: Protection
        var isShared: Bool
        var isAnonymous: Bool
        var forkRule = ForkRule.copied

        /// What the heap and an allocator's own mappings are: memory of nobody else's.
        static let privateMemory = Kind(protection: [.read, .write], isShared: false, isAnonymous: true)
    }

    struct Protection: OptionSet {
        let rawValue: UInt8
        static let read = Protection(rawValue: 1)
        static let write = Protection(rawValue: 2)
        static let execute = Protection(rawValue: 4)
    }

    /// What fork does with a mapping (madvise's `MADV_DOFORK`, `MADV_WIPEONFORK`, `MADV_DONTFORK`).
    enum ForkRule {
        case copied
        case wiped
        case omitted
    }

    /// Bytes in a page of the recorded machine.
    static let pageSize: UInt64 = 4096
    /// One past the last address of user space: 57 bits, what five levels of page table reach.
    static let endOfAddresses: UInt64 = 1 << 57
    /// The most pages of a mapping that counts as memory in use (16 GiB).
    static let mostPagesInUse = 1 << 22

    /// Whether this is a reservation of which a program touches a little (a sanitizer's shadow takes terabytes): when a
    /// fork or an exit walks over all mappings, it is passed over. Calls that name its pages still count.
    var isReservation: Bool { pages.count > Self.mostPagesInUse }

    /// Whether fork write-protects the pages, to copy each when it is next written to.
    var isCopiedOnWrite: Bool {
        !kind.isShared && kind.protection.contains(.write) && kind.forkRule == .copied && !isReservation
    }

    /// The pages that `size` bytes from `address` touch; `nil` where they leave user space.
    static func pages(at address: UInt64, size: UInt64) -> Range<Int>? {
        let (end, overflowed) = address.addingReportingOverflow(size)
        guard !overflowed, end <= endOfAddresses else { return nil }
        let first = Int(address / pageSize)
        return size == 0 ? first..<first : first..<Int((end - 1) / pageSize + 1)
    }
}
