import CCoherence

/// What was counted of one instruction of the program, or of a library of it, in one kind of operation.
public struct CountedInstruction: Sendable {
    /// The file that the instruction is in.
    public let module: String
    /// Where in it, as its symbols count.
    public let offset: UInt64
    /// In which operation.
    public let operation: CountedOperation
    /// Times it was executed.
    public let instructions: UInt64
    /// Locked executions of it.
    public let locked: UInt64
    /// Fences of it.
    public let fences: UInt64
    /// Calls of membarrier(2) at it.
    public let barriers: UInt64
    /// Other system calls.
    public let systemCalls: UInt64
    /// Lines that it took from cores of the same node, or that these had to give up.
    public let linesFromCore: UInt64
    /// Those where a core of another node was concerned.
    public let linesFromNode: UInt64

    /// The tool's number of a span that is not to be reported.
    static let warmUp = UInt64(CountedOperation.allCases.count)

    /// The tool's number of an operation.
    static func number(of operation: CountedOperation) -> UInt64 {
        operation == .fault ? 0 : 1
    }

    /// What the tool has counted in operations, in the order of operations and places.
    static func all() -> [CountedInstruction] {
        let capacity = 1 << 16
        let records = UnsafeMutableBufferPointer<coherence_record>.allocate(capacity: capacity)
        defer { records.deallocate() }
        let address = UInt64(UInt(bitPattern: records.baseAddress))
        let count = coherence_request(COHERENCE_COUNTS, address, UInt64(capacity), 0)
        precondition(count <= capacity, "more instructions than there is room for")
        return records.prefix(Int(count)).compactMap(CountedInstruction.init)
            .sorted { ($0.operation.rawValue, $0.module, $0.offset) < ($1.operation.rawValue, $1.module, $1.offset) }
    }

    /// `nil` for warm-up.
    private init?(_ record: coherence_record) {
        guard let operation = CountedOperation.allCases.first(where: { Self.number(of: $0) == record.kind })
        else { return nil }
        var start: UInt64 = 0
        guard let name = coherence_file(record.address, &start) else {
            preconditionFailure("an instruction in no file")
        }
        module = String(cString: name)
        offset = record.address - start
        self.operation = operation
        instructions = record.instructions
        locked = record.locked
        fences = record.fences
        barriers = record.barriers
        systemCalls = record.system_calls
        linesFromCore = record.from_core
        linesFromNode = record.from_node
    }
}
