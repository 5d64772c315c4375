import CPlatform
import CURCU
import Glibc
import Interleaving

// The flavour of liburcu that the engine uses. A thread needs no registration, and the scheduler knows who reads.

@usableFromInline
func curcu_bp_read_lock() { Scheduler.shared.enterReadSection() }

@usableFromInline
func curcu_bp_read_unlock() { Scheduler.shared.leaveReadSection() }

@usableFromInline
func curcu_bp_read_ongoing() -> Int32 { Scheduler.shared.isReading ? 1 : 0 }

func curcu_bp_synchronize() { Scheduler.shared.waitForReaders() }

func urcu_bp_register_thread() {}

func urcu_bp_call_rcu(
    _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void
) {
    nonisolated(unsafe) let head = head
    Scheduler.shared.afterReaders { function(head) }
}

func urcu_bp_barrier() { Scheduler.shared.waitForDeferredCalls() }

// A thread of an execution ends without the destructors of its keys, and no execution forks.

func pthread_atfork(
    _ before: @convention(c) () -> Void, _ inParent: @convention(c) () -> Void, _ inChild: @convention(c) () -> Void
) -> Int32 { 0 }

func pthread_setspecific(_ key: pthread_key_t, _ value: UnsafeRawPointer!) -> Int32 { 0 }

func cplatform_at_thread_end(_ function: @convention(c) (UnsafeMutableRawPointer?) -> Void) -> Int32 { 0 }

extension ThreadRegistration {
    /// Takes the indices back from the threads of an execution that was given up in their middle.
    public static func forgetOtherThreads() { resetAfterFork() }
}
