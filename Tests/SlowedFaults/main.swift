import InvalidationStorm
import InvbenchCommand
import NotifierDispatch

Invbench.main(guards: [
    GuardEntry(name: "slowed", summary: "a test-and-set lock whose faults can be slowed down") { _ in
        SectionLockGuard<SlowedLock>()
    }
])
