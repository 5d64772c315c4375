import CInterleaving
import CPlatform

/// A thread of an execution: a coroutine, what it waits for, and its own copy of what the platform keeps for a thread.
final class ModelThread {
    let name: String
    /// Its number among those of the execution.
    let index: Int
    let coroutine: OpaquePointer
    let body: () -> Void
    /// Its copy of the platform's record, while it does not run.
    var record: cplatform_thread
    var isFinished = false { didSet { state.pointee = .finished } }
    /// What it waits for before it goes on.
    var wait: Wait? { didSet { state.pointee = wait != nil ? .waiting : .ready } }
    /// The same two, for who looks at it at each step and counts no reference.
    private let state: UnsafeMutablePointer<State>
    /// How many changes there had been by other threads when it last paused.
    var changesSeen = 0
    var ownChanges = 0
    /// Whether it has looked at the clock since it last paused: then what it waits for has a deadline of its own.
    var hasLookedAtClock = false
    /// How long it lets pass when nothing but time can help it. Doubles each time, until something changes.
    var patience = ModelThread.firstPatience
    /// Read sections that it is in, and how often it has entered an outermost one.
    var readSections = 0
    var readEntries = 0

    enum State { case ready, waiting, finished }

    static let firstPatience: UInt64 = 1_100_000

    struct Wait {
        let reason: StaticString
        let condition: () -> Bool
        /// On the virtual clock; `nil` if only the condition ends the wait.
        let deadline: UInt64?
    }

    init(
        _ name: String, index: Int, coroutine: OpaquePointer, state: UnsafeMutablePointer<State>,
        body: @escaping () -> Void
    ) {
        self.state = state
        state.initialize(to: .ready)
        self.name = name
        self.index = index
        self.coroutine = coroutine
        self.body = body
        record = cplatform_thread()
        record.index = -1
    }

    /// Whether what it waits for has come.
    var isWaitOver: Bool { wait?.condition() ?? true }
}

/// A body of an execution and its name.
public struct ModelBody {
    public let name: String
    public let run: () -> Void

    public init(_ name: String, _ run: @escaping () -> Void) {
        self.name = name
        self.run = run
    }
}
