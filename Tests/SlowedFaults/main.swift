import InvalidationStorm
import InvbenchCommand
import NotifierDispatch

let plain = GuardEntry(name: "plain", summary: "a test-and-set lock") { _ in SectionLockGuard<SlowedLock<NoWork>>() }
let twin = GuardEntry(name: "twin", summary: "plain under another name") { _ in
    SectionLockGuard<SlowedLock<NoWork>>()
}
let slowed = GuardEntry(name: "slowed", summary: "a test-and-set lock whose faults can be slowed down") { _ in
    SectionLockGuard<SlowedLock<WorkOfTheEnvironment>>()
}
Invbench.main(guards: [plain, twin, slowed])
