import Glibc
import Interleaving

// pthread's mutex and condition variable, in the memory of the real ones: the owner's number, and a count of broadcasts.

@usableFromInline
func cplatform_thread_id() -> Int32 { Int32(Scheduler.shared.threadNumber + 1) }

@usableFromInline
func pthread_mutex_trylock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    Scheduler.shared.step()
    guard mutex.pointee.__data.__owner == 0 else { return EBUSY }
    mutex.pointee.__data.__owner = cplatform_thread_id()
    Scheduler.shared.noteChange()
    return 0
}

@usableFromInline @discardableResult
func pthread_mutex_lock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    _ = Scheduler.shared.wait("waits for a mutex") { mutex.pointee.__data.__owner == 0 }
    mutex.pointee.__data.__owner = cplatform_thread_id()
    Scheduler.shared.noteChange()
    return 0
}

@usableFromInline @discardableResult
func pthread_mutex_unlock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    Scheduler.shared.step()
    mutex.pointee.__data.__owner = 0
    Scheduler.shared.noteChange()
    return 0
}

private func broadcasts(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(condition).assumingMemoryBound(to: UInt64.self)
}

@discardableResult
func pthread_cond_init(
    _ condition: UnsafeMutablePointer<pthread_cond_t>, _ attributes: UnsafePointer<pthread_condattr_t>?
) -> Int32 {
    broadcasts(condition).pointee = 0
    return 0
}

@discardableResult
func pthread_cond_destroy(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> Int32 { 0 }

@discardableResult
func pthread_cond_broadcast(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> Int32 {
    broadcasts(condition).pointee += 1
    return 0
}

@discardableResult
func pthread_cond_wait(
    _ condition: UnsafeMutablePointer<pthread_cond_t>, _ mutex: UnsafeMutablePointer<pthread_mutex_t>
) -> Int32 {
    sleep(condition, mutex, until: nil)
}

func pthread_cond_timedwait(
    _ condition: UnsafeMutablePointer<pthread_cond_t>, _ mutex: UnsafeMutablePointer<pthread_mutex_t>,
    _ time: UnsafePointer<timespec>
) -> Int32 {
    sleep(condition, mutex, until: UInt64(time.pointee.tv_sec) * 1_000_000_000 + UInt64(time.pointee.tv_nsec))
}

/// Gives the mutex back and sleeps in one step, as the real one does. Never wakes for nothing.
private func sleep(
    _ condition: UnsafeMutablePointer<pthread_cond_t>, _ mutex: UnsafeMutablePointer<pthread_mutex_t>,
    until deadline: UInt64?
) -> Int32 {
    let seen = broadcasts(condition).pointee
    mutex.pointee.__data.__owner = 0
    Scheduler.shared.noteChange()
    let isWoken = Scheduler.shared.wait("sleeps", until: deadline) { broadcasts(condition).pointee != seen }
    pthread_mutex_lock(mutex)
    return isWoken ? 0 : ETIMEDOUT
}
