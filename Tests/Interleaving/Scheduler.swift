import CInterleaving
import CPlatform
import CSteps

/// Runs the threads of an execution one at a time. Before each atomic access, and at whatever else another thread could
/// see or wait for, it decides which of them goes on.
///
/// The threads are coroutines of the one thread that runs ``run(_:finally:choosing:)``. So an execution is a function of
/// the decisions alone, memory is sequentially consistent, and whatever a thread does between two steps is one step with
/// the first of them.
///
/// A thread that spins, yields or sleeps waits until another one has changed something. One that has looked at the clock
/// meanwhile may also go on because time passes. The clock is virtual: it moves a little whenever a thread pauses, and to
/// the next deadline if no thread can go on otherwise, or if that is what is decided.
public final class Scheduler: @unchecked Sendable {
    // @unchecked: only one thread of the process uses it.
    public static let shared = Scheduler()

    private let main = coroutine_make(0)
    private var coroutines: [OpaquePointer] = []
    private var threads: [ModelThread] = []
    /// `nil` outside of the threads: while a scenario is prepared.
    private var current: ModelThread? { didSet { running = current?.index ?? -1 } }
    /// Its number; -1 for none.
    private var running = -1
    private let states = UnsafeMutablePointer<ModelThread.State>.allocate(capacity: Scheduler.mostThreads + 2)
    private var count = 0
    /// All threads before this one have finished.
    private var firstUnfinished = 0
    private var mainRecord: cplatform_thread
    private var chooser: any Chooser = FirstChoice()
    private var options: [Option] = []
    private var changes = 0
    private var clock: UInt64 = 0
    private var failure: Failure?
    private var watches: [(address: UnsafeRawPointer, check: () -> String?)] = []
    /// The calls that wait for a grace period, in their order.
    private var deferredCalls: [() -> Void] = []
    private var isDeferring = false
    private var mainReadSections = 0

    /// How many steps the execution has had.
    public private(set) var steps = 0
    /// What was decided in the execution, where there was more than one option.
    public private(set) var trace = Trace()
    /// Gets each switch from one thread to another, if set.
    public var narrate: ((String) -> Void)?

    /// More steps than any execution that ends.
    private static let stepLimit = 20_000
    /// What a pause takes of the virtual time: as much as the engine's shortest sleep.
    private static let pauseNanoseconds: UInt64 = 50_000
    /// If it would have to pass this, time does not help.
    private static let endOfTime: UInt64 = 1 << 50

    private init() {
        mainRecord = cplatform_thread().pointee
        coroutine_catch_traps(main)
        steps_call(
            { address, kind in Scheduler.shared.access(address, kind: kind) },
            { address in Scheduler.shared.changed(address) })
    }

    /// What the platform keeps for the thread that all of them are.
    private var thisThread: UnsafeMutablePointer<cplatform_thread> { cplatform_thread() }

    // MARK: An execution

    /// Runs the bodies, six at most, each as a thread, and then `finally` as another one. Returns what was wrong, or `nil`.
    public func run(_ bodies: [ModelBody], finally: ModelBody, choosing chooser: any Chooser) -> Failure? {
        self.chooser = chooser
        (steps, changes, clock, firstUnfinished) = (0, 0, 0, 0)
        (failure, deferredCalls, isDeferring) = (nil, [], false)
        trace = Trace()
        threads = []
        for body in bodies { add(body) }
        let users = threads
        add(ModelBody("grace periods") { [self] in runDeferredCalls(for: users) })
        threads[users.count].wait = ModelThread.Wait(
            reason: "has nothing to do", condition: { [self] in !deferredCalls.isEmpty || !Self.isAnyLeft(of: users) },
            deadline: nil)
        add(finally)
        let others = threads.dropLast()
        threads[users.count + 1].wait = ModelThread.Wait(
            reason: "comes last", condition: { !Self.isAnyLeft(of: others) }, deadline: nil)

        mainRecord = cplatform_thread().pointee
        coroutine_arm(1)
        resume(decide(voluntarily: true), from: main)
        coroutine_arm(0)
        let trap = coroutine_take_trap()
        if trap != 0 { failure = Failure(.trap, "signal \(trap) in '\(current?.name ?? "?")'") }
        current = nil
        thisThread.pointee = mainRecord
        watches = []
        return failure
    }

    /// Runs as many threads beside each other as an execution may have, so that what is made once is made.
    public func warmUp(_ body: @escaping (() -> Void) -> Void) {
        var begun = 0
        let count = Self.mostThreads
        let bodies = (1...count).map { number in
            ModelBody("\(number)") {
                body { [self] in
                    begun += 1
                    _ = wait("waits for the others") { begun == count }
                }
            }
        }
        _ = run(bodies, finally: ModelBody("end") {}, choosing: FirstChoice())
    }

    private static let mostThreads = 6

    private static func isAnyLeft(of threads: some Sequence<ModelThread>) -> Bool {
        threads.contains { !$0.isFinished }
    }

    private func add(_ body: ModelBody) {
        if coroutines.count == threads.count { coroutines.append(coroutine_make(1 << 18)) }
        let thread = ModelThread(
            body.name, index: threads.count, coroutine: coroutines[threads.count], state: states + threads.count,
            body: body.run)
        threads.append(thread)
        count = threads.count
        coroutine_prepare(
            thread.coroutine, { Scheduler.shared.begin(Int(bitPattern: $0)) },
            UnsafeMutableRawPointer(bitPattern: UInt(thread.index)))
    }

    /// What a coroutine does. Its frames are never left, so whatever holds a reference has ended before the last switch.
    private func begin(_ index: Int) {
        runBody(of: index)
        let place = coroutines[index]
        if firstUnfinished == count { return endExecution(from: place) }
        resume(decide(voluntarily: true), from: place)
    }

    @inline(never)
    private func runBody(of index: Int) {
        threads[index].body()
        threads[index].isFinished = true
        while firstUnfinished < count, states[firstUnfinished] == .finished { firstUnfinished += 1 }
    }

    /// Goes on in another thread.
    private func resume(_ next: Int, from place: OpaquePointer) {
        prepareToResume(next)
        coroutine_switch(place, coroutines[next])
    }

    @inline(never)
    private func prepareToResume(_ next: Int) {
        if let narrate {
            narrate("step \(steps), decision \(trace.count): \(current?.name ?? "start") -> \(threads[next].name)")
        }
        current?.record = thisThread.pointee
        current = threads[next]
        thisThread.pointee = threads[next].record
    }

    private func endExecution(from place: OpaquePointer) { coroutine_switch(place, main) }

    /// Ends the execution: nothing goes on in any of its threads.
    private func fail(_ found: Failure) {
        guard running >= 0 else { fatalError("while the scenario was prepared: \(found)") }
        failure = found
        endExecution(from: coroutines[running])
    }

    // MARK: Steps

    private func access(_ address: UnsafeRawPointer?, kind: UInt32) {
        if running >= 0 { step() }
    }

    private func changed(_ address: UnsafeRawPointer) {
        guard running >= 0 else { return }
        noteChange()
        for watch in watches where watch.address == address {
            if let violation = watch.check() { fail(Failure(.stale, "\(violation), by '\(threads[running].name)'")) }
        }
    }

    /// Something has changed that others may wait for.
    public func noteChange() {
        changes += 1
        current?.ownChanges += 1
    }

    /// Calls `check` after each change of the atomic at the address in the execution to come; what it returns is a failure.
    public func watch(_ address: UnsafeRawPointer, _ check: @escaping () -> String?) {
        watches.append((address, check))
    }

    /// Ends the execution with a failure, unless `isRight`.
    public func require(_ isRight: Bool, _ message: @autoclosure () -> String) {
        if !isRight { fail(Failure(.wrong, message())) }
    }

    /// Another thread may come first.
    public func step() {
        guard let current else { return }
        goOn(current, voluntarily: false)
    }

    /// The thread spins, yields or sleeps once.
    public func pause() {
        guard let current else { fatalError("the scenario's preparation waits") }
        clock += Self.pauseNanoseconds
        let seen = changes - current.ownChanges
        if seen == current.changesSeen {
            let deadline = current.hasLookedAtClock ? clock + current.patience : nil
            let isOver = block(current, "pauses", until: deadline) { [self] in changes - current.ownChanges != seen }
            current.patience = isOver ? ModelThread.firstPatience : current.patience * 2
        } else {
            goOn(current, voluntarily: true)
        }
        current.changesSeen = changes - current.ownChanges
        current.hasLookedAtClock = false
    }

    /// The thread looks again after a moment, a bounded number of times.
    public func glance() {
        guard let current else { return }
        goOn(current, voluntarily: true)
    }

    /// Waits for the condition; `false` at the deadline on the virtual clock.
    public func wait(_ reason: StaticString, until deadline: UInt64? = nil, for condition: @escaping () -> Bool) -> Bool
    {
        guard let current else {
            guard condition() else { fatalError("the scenario's preparation waits: \(reason)") }
            return true
        }
        return block(current, reason, until: deadline, condition)
    }

    private func block(
        _ thread: ModelThread, _ reason: StaticString, until deadline: UInt64?, _ condition: @escaping () -> Bool
    ) -> Bool {
        thread.wait = ModelThread.Wait(reason: reason, condition: condition, deadline: deadline)
        goOn(thread, voluntarily: false)
        // Time alone takes the wait away.
        let isOver = thread.wait != nil
        thread.wait = nil
        return isOver
    }

    /// The virtual time, in nanoseconds.
    public func now() -> UInt64 {
        current?.hasLookedAtClock = true
        return clock
    }

    /// One of two ways for the thread to go on, of which the second counts as a preemption.
    public func takesSecondWay() -> Bool {
        guard current != nil, firstUnfinished < threads.count - 1 else { return false }
        options.removeAll(keepingCapacity: true)
        options.append(Option(thread: -1, isTimer: false, cost: 0))
        options.append(Option(thread: -1, isTimer: false, cost: 1))
        return choose() == 1
    }

    /// Whose turn it is: a number for each thread, from 1; 0 outside of them.
    public var threadNumber: Int { current.map { $0.index + 1 } ?? 0 }

    // MARK: Decisions

    private func goOn(_ thread: ModelThread, voluntarily: Bool) {
        steps += 1
        guard steps < Self.stepLimit else {
            return fail(Failure(.endless, "more than \(Self.stepLimit) steps: \(places)"))
        }
        let next = decide(voluntarily: voluntarily)
        if next != thread.index { resume(next, from: thread.coroutine) }
    }

    /// The number of the thread that goes on. Does not return after a failure.
    private func decide(voluntarily: Bool) -> Int {
        options.removeAll(keepingCapacity: true)
        let mayStay = !voluntarily && running >= 0 && isReady(running)
        if mayStay { options.append(Option(thread: running, isTimer: false, cost: 0)) }
        for index in firstUnfinished..<count where index != running && isReady(index) {
            options.append(Option(thread: index, isTimer: false, cost: mayStay ? 1 : 0))
        }
        if options.isEmpty { return running >= 0 && isReady(running) ? running : passTime() }
        for index in firstUnfinished..<count where states[index] == .waiting && timer(of: threads[index]) != nil {
            options.append(Option(thread: index, isTimer: true, cost: 1))
        }
        let chosen = options[choose()]
        if chosen.isTimer { timeOut(threads[chosen.thread]) }
        return chosen.thread
    }

    private func isReady(_ index: Int) -> Bool {
        switch states[index] {
        case .ready: true
        case .waiting: threads[index].isWaitOver
        case .finished: false
        }
    }

    /// When time alone lets the thread go on; `nil` if it never does, or needs no time.
    private func timer(of thread: ModelThread) -> UInt64? {
        guard let deadline = thread.wait?.deadline, !thread.isFinished, !thread.isWaitOver else { return nil }
        return deadline
    }

    private func choose() -> Int {
        guard options.count > 1 else { return 0 }
        let choice = chooser.choose(options, at: steps)
        trace.append(choice)
        return choice
    }

    /// Nothing can go on: the first deadline comes.
    private func passTime() -> Int {
        let timers = threads.compactMap { thread in timer(of: thread).map { (thread, $0) } }
        guard let (first, deadline) = timers.min(by: { $0.1 < $1.1 }), deadline < Self.endOfTime else {
            fail(Failure(.deadlock, places))
            return running
        }
        timeOut(first)
        return first.index
    }

    private func timeOut(_ thread: ModelThread) {
        if let narrate { narrate("step \(steps): time passes for \(thread.name)") }
        clock = max(clock, thread.wait?.deadline ?? clock)
        thread.wait = nil
    }

    private var places: String {
        threads.filter { !$0.isFinished && $0.name != threads.last?.name }
            .map { "'\($0.name)' \($0.wait.map { "\($0.reason)" } ?? "goes on")" }.joined(separator: ", ")
    }

    // MARK: Grace periods

    /// Whether the thread is in a read section.
    public var isReading: Bool { (current?.readSections ?? mainReadSections) > 0 }

    /// Enters a read section; sections nest.
    public func enterReadSection() {
        step()
        guard let current else { return mainReadSections += 1 }
        if current.readSections == 0 { current.readEntries += 1 }
        current.readSections += 1
    }

    /// Leaves the innermost read section.
    public func leaveReadSection() {
        step()
        guard let current else { return mainReadSections -= 1 }
        current.readSections -= 1
    }

    /// Waits until every other thread has left the read section that it is in.
    public func waitForReaders() {
        step()
        let readers = threads.filter { $0 !== current && $0.readSections > 0 }.map { ($0, $0.readEntries) }
        _ = wait("waits for readers") {
            readers.allSatisfy { $0.readSections == 0 || $0.readEntries != $1 }
        }
    }

    /// Has a thread of its own run `call` after a grace period; at once while a scenario is prepared.
    public func afterReaders(_ call: @escaping () -> Void) {
        guard current != nil else { return call() }
        step()
        deferredCalls.append(call)
    }

    /// Waits until every call so far has run.
    public func waitForDeferredCalls() {
        step()
        _ = wait("waits for deferred calls") { [self] in deferredCalls.isEmpty && !isDeferring }
    }

    private func runDeferredCalls(for users: [ModelThread]) {
        while true {
            _ = wait("has nothing to do") { [self] in !deferredCalls.isEmpty || !Self.isAnyLeft(of: users) }
            guard !deferredCalls.isEmpty else { return }
            isDeferring = true
            let calls = deferredCalls
            deferredCalls = []
            waitForReaders()
            for call in calls { call() }
            isDeferring = false
            // A call may ask for another one until others have done something.
            glance()
        }
    }
}
