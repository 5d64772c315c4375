import NotifierDispatch

/// An address space in one life, from set-up to release: its page table, and who is told about changes.
///
/// Every change of the page table goes through the notifiers of ``notifiers``. These end with the space; the page
/// table goes on to its next life.
public struct StormSpace: Sendable {
    /// What is changed.
    public let pageTable: PageTable
    /// The space whose subscribers are told about changes.
    public let notifiers: AddressSpace

    /// A space with a page table of its own, whose pages are all at generation 1.
    public init(pages: Int, pairing: PairingPolicy = .targetedUndo) {
        self.init(pageTable: PageTable(pages: pages), pairing: pairing)
    }

    /// A space that nobody subscribes to yet, over a page table that may have had another one before.
    public init(pageTable: PageTable, pairing: PairingPolicy = .targetedUndo) {
        self.pageTable = pageTable
        notifiers = AddressSpace(pairing: pairing)
    }

    /// How many pages there are; page numbers lie below it.
    public var pages: Int { pageTable.pages }

    /// Looks a page up: its generation, 1 or above.
    @inlinable @inline(__always)
    public func walk(_ page: Int) -> UInt64 { pageTable.walk(page) }

    /// Changes the pages of a range. Only inside a section over the range.
    func change(_ range: InvalidationRange) { pageTable.change(range) }
}
