/// The calls of one invalidation to the interval subscribers that it touches, and the second passes that they owe.
struct IntervalStarts: ~Copyable, IntervalVisitor {
    private let invalidation: UnsafePointer<Invalidation>
    private let sequence: UInt64
    private let exemptOwner: UInt32
    private var failures = 0
    private var finishes = FinishQueue()

    /// Of an invalidation that made the set's sequence this one, and outlives this; nobody is called yet.
    init(_ invalidation: UnsafePointer<Invalidation>, sequence: UInt64) {
        self.invalidation = invalidation
        self.sequence = sequence
        exemptOwner = invalidation.pointee.exemptOwner
    }

    /// Calls a subscriber, unless it is exempt. Returns `false` where it would block and the invalidation may not.
    @inline(__always)
    mutating func visit(_ node: IntervalTree.Node) -> Bool {
        if exemptOwner != 0, node.pointee.owner == exemptOwner { return true }
        guard let type = node.pointee.type, let subscriber = node.pointee.subscriber else {
            preconditionFailure("an interval in the tree has no subscriber")
        }
        switch type._invalidationStarted(subscriber, invalidation, sequence: sequence) {
        case .done: break
        case .finishLater(let finish): finishes.append(finish)
        case .wouldBlock:
            failures += 1
            return invalidation.pointee.isBlockable
        }
        // Relaxed: what this thread's callback wrote, or another one of the same value.
        let recorded = node.pointee.sequence.load(ordering: .relaxed)
        precondition(
            recorded == sequence || recorded & IntervalNode.deadBit != 0,
            "an interval subscriber did not record the sequence that it was handed")
        return true
    }

    /// Runs the second passes. Returns how many subscribers failed.
    consuming func finish() -> Int {
        finishes.run(invalidation.pointee)
        return failures
    }
}
