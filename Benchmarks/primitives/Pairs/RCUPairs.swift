import CPlatform
import CPrimitiveFloors
import NotifierDispatch

/// Read sections and grace periods of the four flavours.
enum RCUPairs {
    static var all: [Pair] { reads + gracePeriods + deferredCalls }

    /// An empty read section; the barrier inside keeps it where it is.
    private static var reads: [Pair] {
        [
            Pair(
                "rcu-read/bp", flavour: .bp, isShared: true,
                swift: { read(BPFlavour.self, count: $0) }, c: { floor_rcu_read_bp($0) }),
            Pair(
                "rcu-read/memb", flavour: .memb, isShared: true,
                swift: { read(MembFlavour.self, count: $0) }, c: { floor_rcu_read_memb($0) }),
            Pair(
                "rcu-read/mb", flavour: .mb, isShared: true,
                swift: { read(MBFlavour.self, count: $0) }, c: { floor_rcu_read_mb($0) }),
            Pair(
                "rcu-read/qsbr", flavour: .qsbr, isShared: true,
                swift: { read(QSBRFlavour.self, count: $0) }, c: { floor_rcu_read_qsbr($0) }),
        ]
    }

    /// The wait for a grace period, with no reader about.
    private static var gracePeriods: [Pair] {
        [
            Pair(
                "grace-period/bp", flavour: .bp,
                swift: { synchronize(BPFlavour.self, count: $0) }, c: { floor_grace_period_bp($0) }),
            Pair(
                "grace-period/memb", flavour: .memb,
                swift: { synchronize(MembFlavour.self, count: $0) }, c: { floor_grace_period_memb($0) }),
            Pair(
                "grace-period/mb", flavour: .mb,
                swift: { synchronize(MBFlavour.self, count: $0) }, c: { floor_grace_period_mb($0) }),
            Pair(
                "grace-period/qsbr", flavour: .qsbr,
                swift: { synchronize(QSBRFlavour.self, count: $0) }, c: { floor_grace_period_qsbr($0) }),
        ]
    }

    /// From handing a call over to the return of a wait for it.
    private static var deferredCalls: [Pair] {
        [
            Pair(
                "call-rcu/bp", flavour: .bp,
                swift: { deferAndWait(BPFlavour.self, count: $0) { $0.wait() } }, c: { floor_call_rcu_bp($0) }),
            Pair(
                "call-rcu/memb", flavour: .memb,
                swift: { deferAndWait(MembFlavour.self, count: $0) { $0.wait() } }, c: { floor_call_rcu_memb($0) }),
            Pair(
                "call-rcu/mb", flavour: .mb,
                swift: { deferAndWait(MBFlavour.self, count: $0) { $0.wait() } }, c: { floor_call_rcu_mb($0) }),
            // A thread of this flavour that waits without going offline stops every grace period.
            Pair(
                "call-rcu/qsbr", flavour: .qsbr,
                swift: {
                    deferAndWait(QSBRFlavour.self, count: $0) { done in
                        ReadCopyUpdate<QSBRFlavour>.offline { done.wait() }
                    }
                },
                c: { floor_call_rcu_qsbr($0) }),
        ]
    }

    private static func read<Flavour: RCUFlavour>(_: Flavour.Type, count: Int) -> Int {
        for _ in 0..<count {
            ReadCopyUpdate<Flavour>.read { cplatform_compiler_barrier() }
        }
        return count
    }

    private static func synchronize<Flavour: RCUFlavour>(_: Flavour.Type, count: Int) -> Int {
        for _ in 0..<count { ReadCopyUpdate<Flavour>.synchronize() }
        return count
    }

    private static func deferAndWait<Flavour: RCUFlavour>(
        _: Flavour.Type, count: Int, wait: (Semaphore) -> Void
    ) -> Int {
        let done = Semaphore()
        for _ in 0..<count {
            ReadCopyUpdate<Flavour>.afterGracePeriod { done.post() }
            wait(done)
        }
        return count
    }
}
