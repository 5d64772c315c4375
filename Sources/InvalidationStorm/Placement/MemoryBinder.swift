import CPlatform
import Glibc
import NotifierDispatch

/// Puts one repetition's memory where the plan wants it, and keeps what the kernel said to that. From any thread.
///
/// Tables lie in pages of their own, whose policy is set before they are touched: that is exact, and it is looked up
/// afterwards. Guards and the space's notifiers allocate as they please, so they are built on a thread whose policy is
/// set for that time. That holds for every page they take from the kernel. To make these the pages that count, glibc
/// hands its free pages back first, and from then on gives each block of a page or more a mapping of its own. What is
/// not guaranteed is the node of a smaller block that comes to lie in a page which is in use already.
@usableFromInline
final class MemoryBinder: @unchecked Sendable {
    // @unchecked: `refusal` is only touched with `turn` held.

    /// Where to; empty leaves it to the kernel, without a system call.
    let nodes: [Int]
    private let turn = PthreadMutex()
    private var refusal: String?

    init(nodes: [Int]) { self.nodes = nodes }

    /// Of the plan for these settings on this machine.
    @usableFromInline
    convenience init(for settings: StormSettings) { self.init(nodes: settings.placementPlan.memoryNodes) }

    /// Leaves everything to the kernel.
    @usableFromInline
    static let firstTouch = MemoryBinder(nodes: [])

    /// What became of it so far; `nil` where all was left to the kernel.
    var outcome: MemoryOutcome? {
        turn.lock()
        defer { turn.unlock() }
        if nodes.isEmpty { return nil }
        return refusal.map(MemoryOutcome.refused) ?? .asPlanned
    }

    /// Fresh pages for `bytes`, zeroed and not touched yet; to be given back with ``unmap(_:)``.
    func map(bytes: Int) -> UnsafeMutableRawBufferPointer {
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        let size = (bytes + pageSize - 1) / pageSize * pageSize
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { fatalError("no memory for a table of \(bytes) bytes") }
        let memory = UnsafeMutableRawBufferPointer(start: address, count: size)
        if !nodes.isEmpty { note("mbind", ThisMachine.bindMemory(memory, to: nodes)) }
        return memory
    }

    /// Gives back what ``map(bytes:)`` gave.
    static func unmap(_ memory: UnsafeMutableRawBufferPointer) { munmap(memory.baseAddress, memory.count) }

    /// Looks up where memory that has been touched lies. Of several nodes each must have some: where one is full, the
    /// kernel takes another.
    func check(_ memory: UnsafeMutableRawBufferPointer) {
        guard !nodes.isEmpty, let found = ThisMachine.nodes(of: memory) else { return }
        let pages = memory.count / sysconf(Int32(_SC_PAGESIZE))
        let empty = pages < nodes.count ? [] : nodes.filter { !found.contains($0) }
        if !Set(found).isSubset(of: nodes) {
            note("pages lie on node \(NumberList(found).text())")
        } else if !empty.isEmpty {
            note("no page lies on node \(NumberList(empty).text())")
        }
    }

    /// Runs `body`, which builds something, with the calling thread's fresh pages on the nodes. `isFirst`: nothing was
    /// built in this repetition yet. What is built later takes the pages of what was built before, which lie right.
    func building<Result, Failure: Error>(isFirst: Bool, _ body: () throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        if nodes.isEmpty { return try body() }
        if isFirst {
            // Its threshold otherwise rises with each large block that is freed.
            mallopt(M_MMAP_THRESHOLD, Int32(sysconf(Int32(_SC_PAGESIZE))))
            malloc_trim(0)
        }
        let (result, error) = try ThisMachine.withMemory(on: nodes, body)
        note("set_mempolicy", error)
        return result
    }

    private func note(_ call: String, _ error: Int32) {
        if error != 0 { note("\(call): \(String(cString: strerror(error)))") }
    }

    /// The first refusal is kept.
    private func note(_ text: String) {
        turn.lock()
        defer { turn.unlock() }
        if refusal == nil { refusal = text }
    }
}

/// What became of the nodes that a repetition's memory was planned for.
public enum MemoryOutcome: Hashable, Sendable {
    /// The kernel took every call, and the tables' pages lie where they were to lie.
    case asPlanned
    /// It refused something, or pages lie elsewhere: the first such thing.
    case refused(String)
}
