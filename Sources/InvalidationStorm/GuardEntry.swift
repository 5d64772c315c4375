import NotifierDispatch

/// One guard on offer: its name, and the storm specialised for its type.
public struct GuardEntry: Sendable {
    /// The name on the command line, in results and in the documentation.
    public let name: String
    /// One line on what it is.
    public let summary: String
    /// `false` only for guards that are declared unsafe: a stale translation of theirs does not fail the run.
    public let isProtected: Bool
    /// Whether the guard's start can fail on a non-blockable range and wants its end, so that it needs
    /// ``PairingPolicy/targetedUndo``.
    public let needsTargetedUndo: Bool
    /// Whether it runs in scenarios with a lock of the driver's own: it is ``WalksUnlocked``.
    public let walksUnlocked: Bool
    /// What it runs on here: it meets the scenarios of the same memory.
    public private(set) var memory: WorkedMemory
    /// Which of the ``GuardParameters`` it is made with; the others change nothing in it.
    public let parameters: [GuardParameter]
    /// Why this process cannot have the guard; `nil` if it can. The first call may take some milliseconds.
    public private(set) var refusal: @Sendable () -> String?
    /// Runs one repetition; `nil` when `cancellation` was raised before the window closed. Traps as
    /// ``Storm/run(_:cancellation:makeGuard:)`` does.
    public let run: @Sendable (_ settings: StormSettings, _ cancellation: Cancellation) -> StormMeasurement?
    /// Counts what its operations cost on a machine that need not be there; `nil` where there is no guard in the engine.
    public let count: (@Sendable (ScriptedWork, VirtualMachine) -> [CountedInstruction])?

    /// Puts a guard on offer. `make` builds a fresh one for each life of each repetition's space.
    @inlinable
    public init<Guard: TranslationGuard>(
        name: String, summary: String, make: @escaping @Sendable (StormSpace) -> Guard
    ) {
        self.init(name: name, summary: summary, parameters: []) { space, _ in make(space) }
    }

    /// The same for a guard of which something can be chosen, or that not every process can have. `make` heeds the
    /// `parameters` named, and no others, and is called only if there is no `refusal`.
    @inlinable
    public init<Guard: TranslationGuard>(
        name: String, summary: String, parameters: [GuardParameter],
        refusal: @escaping @Sendable () -> String? = { nil },
        make: @escaping @Sendable (StormSpace, GuardParameters) -> Guard
    ) {
        self.init(
            name: name, summary: summary, parameters: parameters, refusal: refusal, type: Guard.self,
            run: { settings, cancellation in
                Self.run(settings, cancellation) { make($0, settings.guardParameters) }
            }, count: { work, machine in ScriptedStorm.run(work, on: machine) { make($0, GuardParameters()) } })
    }

    /// The same for a guard of two forms: `make` where this process can have it, `makeOtherwise` where it cannot. Both are
    /// of one kind as far as an entry tells.
    init<Guard: TranslationGuard, Otherwise: TranslationGuard>(
        name: String, summary: String, parameters: [GuardParameter], canHave: @escaping @Sendable () -> Bool,
        make: @escaping @Sendable (StormSpace, GuardParameters) -> Guard,
        makeOtherwise: @escaping @Sendable (StormSpace, GuardParameters) -> Otherwise
    ) {
        let form = GuardEntry(name: name, summary: summary, parameters: parameters, make: make)
        let otherwise = GuardEntry(name: name, summary: summary, parameters: parameters, make: makeOtherwise)
        self.init(
            name: name, summary: summary, parameters: parameters, refusal: { nil }, type: Guard.self,
            run: { settings, cancellation in (canHave() ? form : otherwise).run(settings, cancellation) },
            count: { work, machine in (canHave() ? form : otherwise).count?(work, machine) ?? [] })
    }

    @usableFromInline
    init(
        name: String, summary: String, parameters: [GuardParameter], refusal: @escaping @Sendable () -> String?,
        type: any TranslationGuard.Type, run: @escaping @Sendable (StormSettings, Cancellation) -> StormMeasurement?,
        count: @escaping @Sendable (ScriptedWork, VirtualMachine) -> [CountedInstruction]
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.refusal = refusal
        isProtected = type.isProtected
        walksUnlocked = type is any WalksUnlocked.Type
        let capabilities = (type as? any (TranslationGuard & SectionObserver).Type)?.capabilities ?? []
        needsTargetedUndo = capabilities.isSuperset(of: [.mayWouldBlock, .receivesEnd])
        memory = .tables
        self.run = run
        self.count = count
    }

    /// One repetition, on the memory that the settings' scenario is for.
    @inlinable
    static func run<Guard: TranslationGuard>(
        _ settings: StormSettings, _ cancellation: Cancellation,
        makeGuard: @escaping @Sendable (StormSpace) -> Guard
    ) -> StormMeasurement? {
        if case .userFault(let work)? = settings.scenario.live {
            return UserFaultStorm.run(
                work, LiveSettings(settings), cancellation: cancellation, makeGuard: makeGuard)
        }
        return Storm.run(settings, cancellation: cancellation, makeGuard: makeGuard)
    }

    /// The same guard on memory whose faults are served in user space, for each of which it needs that to be allowed.
    var servingUserFaults: GuardEntry {
        var entry = self
        entry.memory = .userFault
        entry.refusal = { [refusal] in refusal() ?? LiveWork.userFaultRefusal() }
        return entry
    }

    /// No guard, but what stands in its place: the kernel's own locks, which protect.
    init(
        kernel name: String, summary: String,
        run: @escaping @Sendable (StormSettings, Cancellation) -> StormMeasurement?
    ) {
        self.name = name
        self.summary = summary
        parameters = []
        refusal = { nil }
        isProtected = true
        walksUnlocked = true
        needsTargetedUndo = false
        memory = .kernel
        self.run = run
        count = nil
    }
}

/// The guards that come with the package, in the order of the documentation.
public enum GuardCatalogue {
    /// Reference points first, then the locks of other libraries, then the schemes that were proposed for Linux, then our
    /// own.
    public static let builtIn: [GuardEntry] = [
        GuardEntry(name: "unprotected", summary: "no protection: the speed limit, and UNSAFE") { _ in
            UnprotectedGuard()
        },
        GuardEntry(name: "mutex", summary: "one pthread mutex, held from start to end") { _ in MutexGuard() },
        GuardEntry(name: "rwlock", summary: "one pthread read-write lock: faults share it") { _ in
            ReadWriteLockGuard()
        },
        GuardEntry(name: "spin-mutex", summary: "one small spinning lock, held from start to end") { _ in
            SpinMutexGuard()
        },
        GuardEntry(
            name: "stripe-mutex", summary: "a small lock per stripe, held over walk and install", parameters: [.stripe]
        ) {
            StripeMutexGuard(pages: $0.pages, stripeSize: $1.stripeSize)
        },
        GuardEntry(name: "shared-mutex", summary: "C++'s std::shared_mutex: faults share it") { _ in
            SectionLockGuard<StandardSharedMutex>()
        },
        GuardEntry(name: "ck-rwlock", summary: "Concurrency Kit's read-write spin lock, writers first") { _ in
            SectionLockGuard<CKReadWriteLock>()
        },
        GuardEntry(name: "ck-pflock", summary: "its phase-fair lock: faults and sections in alternate phases") { _ in
            SectionLockGuard<CKPhaseFairLock>()
        },
        GuardEntry(name: "ck-tflock", summary: "its task-fair lock: everyone in the order of arrival") { _ in
            SectionLockGuard<CKTaskFairLock>()
        },
        GuardEntry(name: "ck-brlock", summary: "its big-reader lock: a line for each faulting thread") { _ in
            SectionLockGuard<CKBigReaderLock>()
        },
        GuardEntry(name: "ck-bytelock", summary: "its byte lock: a byte for each faulting thread") { _ in
            SectionLockGuard<CKByteLock>()
        },
        GuardEntry(name: "ck-rwcohort", summary: "its NUMA-aware cohort lock, neutral kind") { _ in
            SectionLockGuard<CKCohortLock>()
        },
        GuardEntry(name: "tbb-rw", summary: "oneTBB's spin_rw_mutex, writers first") { _ in
            SectionLockGuard<TBBSpinReadWriteLock>()
        },
        GuardEntry(name: "tbb-queuing-rw", summary: "oneTBB's queuing_rw_mutex: everyone in the order of arrival") {
            _ in SectionLockGuard<TBBQueuingReadWriteLock>()
        },
        GuardEntry(name: "invlock", summary: "the June 2019 sequence lock, made correct") {
            InvLockGuard(space: $0.notifiers)
        },
        GuardEntry(name: "range-counter", summary: "count and generation of open sections in the core") {
            RangeCounterGuard(space: $0.notifiers)
        },
        GuardEntry(name: "kvm", summary: "KVM's count, sequence and hull under one rwlock") {
            KVMGuard(space: $0.notifiers)
        },
        GuardEntry(name: "interval", summary: "the merged interval notifier: one subscription, one spin lock") {
            IntervalGuard(space: $0.notifiers, pages: $0.pages)
        },
        GuardEntry(name: "interval-lockfree", summary: "the same, whose reads begin without the spin lock") {
            IntervalLockFreeGuard(space: $0.notifiers, pages: $0.pages)
        },
        GuardEntry(name: "interval-2m", summary: "a subscription and a lock per 2 MiB") {
            IntervalStripeGuard(space: $0.notifiers, pages: $0.pages)
        },
        GuardEntry(name: "interval-2m-lockfree", summary: "the same, whose reads begin without the spin lock") {
            IntervalStripeLockFreeGuard(space: $0.notifiers, pages: $0.pages)
        },
        GuardEntry(
            name: "striped", summary: "a word per stripe: one exchange checks and locks",
            parameters: [.stripe, .wideBound]
        ) {
            StripedGuard(
                space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize, wideBound: $1.wideBound)
        },
        GuardEntry(
            name: "asymmetric", summary: "faults without lock or fence; invalidations pay for them",
            parameters: [.stripe]
        ) {
            AsymmetricGuard(space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize)
        },
        GuardEntry(
            name: "fenced", summary: "the same, but each fault pays for itself: one locked exchange on its own line",
            parameters: [.stripe]
        ) {
            FencedGuard(space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize)
        },
        GuardEntry(
            name: "restartable", summary: "faults are restartable sequences; invalidations restart them",
            parameters: [.stripe], refusal: { RestartableSequences.refusal?.description }
        ) {
            RestartableGuard(space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize)
        },
        GuardEntry(
            name: "adaptive", summary: "restartable (or asymmetric) where it is quiet, striped where it is not",
            parameters: [.stripe, .wideBound, .biasBudget], canHave: { RestartableSequences.refusal == nil }
        ) {
            AdaptiveRestartingGuard(
                space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize, wideBound: $1.wideBound,
                biasBudget: $1.biasBudgetPercent / 100)
        } makeOtherwise: {
            AdaptiveGuard(
                space: $0.notifiers, pages: $0.pages, stripeSize: $1.stripeSize, wideBound: $1.wideBound,
                biasBudget: $1.biasBudgetPercent / 100)
        },
    ]
}
