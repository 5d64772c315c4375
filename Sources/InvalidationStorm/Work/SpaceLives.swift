import NotifierDispatch

/// The lives of a run's address space: set up with all its subscribers, ended, and set up again over the same page
/// table and the same device.
final class SpaceLives: @unchecked Sendable {
    // @unchecked: `life` is only touched with `turn` held.

    private let scenario: Scenario
    private let pairing: PairingPolicy
    private let device: any AttachableDevice
    /// Held over a renewal: one invalidator at a time ends the space.
    private let turn = PthreadMutex()
    private var life: Life

    /// One life: the space, and who is subscribed to it.
    private struct Life {
        let space: StormSpace
        let bystanders: Bystanders
        let subscriptions: [CacheSubscription]
    }

    /// Begins the first life. The device must hold translations of a page table of the scenario's size. Like
    /// ``renew(_:)`` and ``end()`` to be called on a registered thread.
    init(scenario: Scenario, pairing: PairingPolicy, device: any AttachableDevice) {
        self.scenario = scenario
        self.pairing = pairing
        self.device = device
        life = Self.begin(scenario, pairing, device, isFirst: true)
    }

    /// The space in its present life.
    var space: StormSpace {
        turn.lock()
        defer { turn.unlock() }
        return life.space
    }

    /// The bystanders in the present life.
    var bystanders: Bystanders {
        turn.lock()
        defer { turn.unlock() }
        return life.bystanders
    }

    /// Ends the space, runs `change` while there is none, and sets it up again with fresh subscriptions and a fresh
    /// guard. A translation that is still visible before the set-up counts as stale.
    func renew(_ change: () -> Void) {
        turn.lock()
        defer { turn.unlock() }
        life.space.notifiers.release()
        change()
        device.shadow.checkNothingVisible(in: device.shadow.pageTable.wholeRange)
        life = Self.begin(scenario, pairing, device, isFirst: false)
    }

    /// Ends all subscriptions. To be called when no section is open: the bystanders' starts and ends are compared.
    func end() {
        turn.lock()
        defer { turn.unlock() }
        precondition(life.bystanders.openSections == 0, "a bystander was left with a start without its end")
        life.subscriptions.forEach(life.space.notifiers.unregister)
        life.bystanders.leave()
    }

    private static func begin(
        _ scenario: Scenario, _ pairing: PairingPolicy, _ device: any AttachableDevice, isFirst: Bool
    ) -> Life {
        // The guard, and what faults and invalidations share with it: the space's notifiers.
        device.shadow.pageTable.memory.building(isFirst: isFirst) { begin(scenario, pairing, device) }
    }

    private static func begin(_ scenario: Scenario, _ pairing: PairingPolicy, _ device: any AttachableDevice) -> Life {
        let space = StormSpace(pageTable: device.shadow.pageTable, pairing: pairing)
        do throws(RegistrationError) {
            let bystanders = try Bystanders(
                listed: scenario.listedBystanders, intervals: scenario.intervalBystanders, on: space)
            var subscriptions = [try device.attach(to: space)]
            if !scenario.isBlockable {
                // Behind the device, so that a targeted undo has something to undo.
                subscriptions.append(try space.notifiers.register(ReluctantSubscriber(), behind: subscriptions[0]))
            }
            return Life(space: space, bystanders: bystanders, subscriptions: subscriptions)
        } catch {
            fatalError("the guard cannot run under \(pairing.rawValue): \(error)")
        }
    }
}
