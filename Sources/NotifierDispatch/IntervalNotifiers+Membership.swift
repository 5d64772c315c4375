/// Insertion, removal and release.
extension IntervalNotifiers {
    /// Adds a subscription. May be called anywhere, also inside a callback, and does not wait for a section. If a
    /// section is open, its readers behave as if the section covered the range (invariant 18), whether the tree is
    /// frozen or not.
    ///
    /// Each subscription is added once.
    public func insert(
        _ subscription: IntervalSubscription, for subscriber: any IntervalSubscriber
    ) throws(RegistrationError) {
        try insert([subscription]) { _ in subscriber }
    }

    /// Adds several subscriptions, all or none.
    func insert(
        _ subscriptions: [IntervalSubscription], for makeSubscriber: (IntervalSubscription) -> any IntervalSubscriber
    ) throws(RegistrationError) {
        for subscription in subscriptions {
            precondition(subscription.set === self, "a subscription was handed to another set than its own")
            precondition(
                subscription.subscriber == nil && !subscription.node.pointee.isDead, "a subscription is added once")
            // The subscriber's code, so not under the lock.
            let subscriber = makeSubscriber(subscription)
            subscription.subscriber = subscriber
            subscription.node.pointee.owner = subscriber.owner?.number ?? 0
        }
        state.pointee.lock.lock()
        let isReleased = state.pointee.isReleased
        if !isReleased { for subscription in subscriptions { place(subscription) } }
        state.pointee.lock.unlock()
        guard isReleased else { return }
        for subscription in subscriptions { subscription.subscriber = nil }
        throw .released
    }

    /// With the lock held.
    private func place(_ subscription: IntervalSubscription) {
        let node = subscription.node
        node.pointee.subscription = .passRetained(subscription)
        if let subscriber = subscription.subscriber {
            node.pointee.subscriber = UnsafeRawPointer(Unmanaged.passUnretained(subscriber as AnyObject).toOpaque())
            node.pointee.type = type(of: subscriber)
        }
        // Relaxed: the lock orders all of it, and a reader is promised nothing before the insertion has returned.
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        guard state.pointee.active.load(ordering: .relaxed) > 0 else {
            // Odd, and not the space's own: the space's sequence takes this value last of all.
            node.pointee.sequence.store((sequence &- 1) & ~IntervalNode.deadBit, ordering: .relaxed)
            return addToTree(node)
        }
        node.pointee.sequence.store(sequence | 1, ordering: .relaxed)
        if sequence & 1 != 0 {
            node.pointee.place = .awaitingInsertion
            putOff(node)
        } else {
            addToTree(node)
            // Releasing: as in openHalf.
            state.pointee.sequence.store(sequence | 1, ordering: .releasing)
        }
    }

    /// Ends a subscription and waits: after the return no callback of it runs or will run (invariant 19), and its
    /// readers are told that it is over.
    ///
    /// If the tree is frozen, this waits until no section is open. Do not call it inside a section of the same thread,
    /// nor with a lock held that a callback takes. Traps inside a callback. If faults go on meanwhile, call
    /// ``IntervalSubscription/markDead()`` first, or take the readers' lock once afterwards.
    public func remove(_ subscription: IntervalSubscription) { remove([subscription]) }

    func remove(_ subscriptions: [IntervalSubscription]) {
        NotifierCallbacks.trapInside("remove waits for the section that the callback belongs to: use removeDeferred")
        wakeReaders()
        var mine: [IntervalSubscription] = []
        mine.reserveCapacity(subscriptions.count)
        var awaited: UInt64?
        state.pointee.lock.lock()
        for subscription in subscriptions {
            switch subscription.node.pointee.place {
            case .outside: continue
            case .awaitingDisposal, .awaitingRemoval: awaited = state.pointee.sequence.load(ordering: .relaxed)
            case .awaitingInsertion, .inTree:
                if !takeOut(subscription.node, whereFrozen: .awaitingRemoval) {
                    awaited = state.pointee.sequence.load(ordering: .relaxed)
                }
                mine.append(subscription)
            }
        }
        state.pointee.lock.unlock()
        if let awaited {
            _ = waitForEnd(of: awaited, of: nil, until: .never)
            // The end that changed the sequence applies the removals in the same locked section (invariant 17).
            state.pointee.lock.lock()
            state.pointee.lock.unlock()
        }
        for subscription in mine { letGo(subscription.node) }
    }

    /// Ends a subscription without waiting; may be called inside a callback. `completion` runs at once, on this thread,
    /// if the tree is not frozen. Otherwise callbacks go on until the last open section ends, and `completion` runs on
    /// the thread that ends it.
    public func removeDeferred(
        _ subscription: IntervalSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        removeDeferred([subscription], completion: completion)
    }

    func removeDeferred(_ subscriptions: [IntervalSubscription], completion: @escaping @Sendable () -> Void) {
        wakeReaders()
        var done: [IntervalSubscription] = []
        done.reserveCapacity(subscriptions.count)
        var last: IntervalSubscription?
        state.pointee.lock.lock()
        for subscription in subscriptions {
            switch subscription.node.pointee.place {
            case .outside: break
            case .awaitingDisposal, .awaitingRemoval: last = subscription
            case .awaitingInsertion, .inTree:
                if takeOut(subscription.node, whereFrozen: .awaitingDisposal) {
                    done.append(subscription)
                } else {
                    last = subscription
                }
            }
        }
        // One end takes out all that are put off, and disposes of the newest one last.
        if let last {
            let before = last.completion
            last.completion = {
                before?()
                completion()
            }
        }
        state.pointee.lock.unlock()
        for subscription in done { letGo(subscription.node) }
        if last == nil { completion() }
    }

    /// The address space ends: every subscriber is told, with ``InvalidationEvent/release`` and all pages, second
    /// passes included. Then every subscription is over.
    ///
    /// A second call, also a concurrent one, returns after the first one's work is done (invariant 22). Waits for open
    /// sections like ``remove(_:)``, and traps inside a callback.
    public func release() {
        NotifierCallbacks.trapInside("release waits for the section that the callback belongs to")
        releases.lock()
        defer { releases.unlock() }
        state.pointee.lock.lock()
        state.pointee.isReleased = true
        // A node that is not in the tree yet would not be told. No insertion is put off after the end that inserts it.
        let awaited = state.pointee.firstDeferred.map { _ in state.pointee.sequence.load(ordering: .relaxed) }
        state.pointee.lock.unlock()
        if let awaited { _ = waitForEnd(of: awaited, of: nil, until: .never) }
        if openHalf(Invalidation(range: .everything, event: .release)) != nil { closeHalf().dispose() }
        remove(members)
    }

    /// The subscriptions in the tree. Once the set is released, no other one can enter it.
    private var members: [IntervalSubscription] {
        var members: [IntervalSubscription] = []
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        _ = state.pointee.tree.forEach(overlapping: .everything) { node in
            if let subscription = node.pointee.subscription { members.append(subscription.takeUnretainedValue()) }
            return true
        }
        return members
    }

    /// Ends every subscription, when no thread can open a section, insert or remove any more. Takes no lock. Readers
    /// may go on: of what this changes they read only the dead bits, which are atomic.
    func abandon() {
        assert(activeCount == 0, "a space goes away inside a section")
        while let node = state.pointee.tree.root {
            changeTree { $0.remove(node) }
            leave(node)
            letGo(node)
        }
    }

    // MARK: With the lock held

    /// Changes a copy and puts it in place. ThreadSanitizer takes a change in place for one of the whole state, and
    /// reports a race with a thread that tries the lock.
    private func changeTree(_ change: (inout IntervalTree) -> Void) {
        var tree = state.pointee.tree
        change(&tree)
        state.pointee.tree = tree
    }

    private func addToTree(_ node: UnsafeMutablePointer<IntervalNode>) {
        assert(state.pointee.sequence.load(ordering: .relaxed) & 1 == 0, "the tree changes while it is frozen")
        changeTree { $0.insert(node) }
        node.pointee.place = .inTree
    }

    /// Takes a node out at once and returns `true`. If the tree is frozen, puts that off until the last end.
    private func takeOut(_ node: UnsafeMutablePointer<IntervalNode>, whereFrozen place: IntervalNode.Place) -> Bool {
        if node.pointee.place == .awaitingInsertion {
            unlinkDeferred(node)
        } else if state.pointee.sequence.load(ordering: .relaxed) & 1 == 0 {
            changeTree { $0.remove(node) }
        } else {
            node.pointee.place = place
            putOff(node)
            return false
        }
        leave(node)
        return true
    }

    /// A node is outside. Its readers are told before any later section can pass it by. No callback of it is running,
    /// so no record can undo that.
    private func leave(_ node: UnsafeMutablePointer<IntervalNode>) {
        node.pointee.markDead()
        node.pointee.place = .outside
    }

    private func putOff(_ node: UnsafeMutablePointer<IntervalNode>) {
        node.pointee.previousDeferred = nil
        node.pointee.nextDeferred = state.pointee.firstDeferred
        state.pointee.firstDeferred?.pointee.previousDeferred = node
        state.pointee.firstDeferred = node
    }

    private func unlinkDeferred(_ node: UnsafeMutablePointer<IntervalNode>) {
        let (previous, next) = (node.pointee.previousDeferred, node.pointee.nextDeferred)
        if let previous { previous.pointee.nextDeferred = next } else { state.pointee.firstDeferred = next }
        next?.pointee.previousDeferred = previous
    }

    /// Applies what was put off, after the sequence has become even. Returns the removals for which no thread waits.
    func applyDeferred() -> UnsafeMutablePointer<IntervalNode>? {
        var disposals: UnsafeMutablePointer<IntervalNode>?
        while let node = state.pointee.firstDeferred {
            unlinkDeferred(node)
            if node.pointee.place == .awaitingInsertion {
                addToTree(node)
                continue
            }
            changeTree { $0.remove(node) }
            if node.pointee.place == .awaitingDisposal {
                node.pointee.nextDeferred = disposals
                disposals = node
            }
            leave(node)
        }
        return disposals
    }

    // MARK: Without it

    /// The subscriptions whose deferred removal a section's end has applied. Their completions must still run, outside
    /// of the section: they are the driver's code, and may fault or wait for sections.
    struct Disposals {
        fileprivate let set: IntervalNotifiers
        fileprivate let first: UnsafeMutablePointer<IntervalNode>?

        init(set: IntervalNotifiers, first: UnsafeMutablePointer<IntervalNode>?) {
            self.set = set
            self.first = first
        }

        /// Lets go of them, each once.
        func dispose() {
            var next = first
            while let node = next {
                next = node.pointee.nextDeferred
                set.letGo(node)
            }
        }
    }

    /// Drops the set's hold on a subscription that is outside, and the subscription's on its subscriber, after its last
    /// callback.
    fileprivate func letGo(_ node: UnsafeMutablePointer<IntervalNode>) {
        // If the node never came into the tree, its readers may sleep while the section goes on.
        wakeReaders()
        guard let subscription = node.pointee.subscription?.takeRetainedValue() else {
            preconditionFailure("the set lets go of a subscription twice")
        }
        node.pointee.subscription = nil
        // Most subscribers hold their subscription: without this both would live for ever.
        node.pointee.subscriber = nil
        subscription.subscriber = nil
        let completion = subscription.completion
        subscription.completion = nil
        completion?()
    }
}
