import Glibc
import TorturedDispatch

/// Those who come and go: caches, subscribers of the list and of ranges, and shared ones.
extension Operations {
    /// A cache registers, is used, and goes.
    static func cache(_ life: SpaceLife, _ record: ThreadRecord) {
        let range = range(&record.random)
        let cache = life.kind.makeCache(in: life, over: range, name: "a cache that comes and goes")
        let atOnce = record.random.oneIn(2)
        func registered() -> CacheSubscription? {
            // A registration never waits for a section, so the lock around sections may be held.
            if !record.holdsMapping, record.openSections == 0, record.random.oneIn(3) {
                return life.mapping.holding { try? cache.register() }
            }
            return try? cache.register()
        }
        guard let subscription = record.during(.register, range.pages, registered) else {
            return checkReleased(life, "a cache")
        }
        Counts.registered.count()
        for _ in 0..<record.random.below(6) {
            let page = range.startPage + Int(record.random.below(UInt64(range.count)))
            fault(cache, at: page, life, record)
        }
        record.during(.unregister, range.pages) {
            if atOnce {
                life.space.unregister(subscription)
                cache.shadow.checkNothingVisible(range.pages, "after its unregistration")
            } else {
                Counts.completionsOwed.count()
                life.space.unregisterDeferred(subscription) {
                    cache.shadow.checkNothingVisible(range.pages, "after its deferred unregistration")
                    Counts.completions.count()
                }
            }
        }
        Counts.unregistered.count()
        let status = cache.fault(at: range.startPage, as: .closure) { _ in }
        if status != .dead { Verdict.fail(.wrongOutcome, "a fault after the unregistration was \(status), not dead") }
    }

    static func subscriber(_ life: SpaceLife, _ record: ThreadRecord) {
        let subscriber = CountingSubscriber("a subscriber that comes and goes", .receivesEnd)
        guard let subscription = record.during(.register, 0..<0, { try? life.space.register(subscriber) }) else {
            return checkReleased(life, "a subscriber")
        }
        Counts.registered.count()
        record.random.delay(sleep: 300)
        record.during(.unregister) {
            if record.random.oneIn(2) {
                life.space.unregister(subscription)
                subscriber.checkReleased()
                subscriber.free()
            } else {
                Counts.completionsOwed.count()
                life.space.unregisterDeferred(subscription) {
                    subscriber.checkReleased()
                    if !Busted.is(.freedEarly) { subscriber.free() }
                    Counts.completions.count()
                }
                if Busted.is(.freedEarly) { subscriber.free() }
            }
        }
        Counts.unregistered.count()
    }

    static func interval(_ life: SpaceLife, _ record: ThreadRecord) {
        let range = range(&record.random)
        let driver = IntervalDriver(life: life, range: range, name: "an interval driver that comes and goes")
        let subscription = driver.subscribe(in: life.space)
        let isInserted = record.during(.insert, range.pages) {
            (try? life.space.insert(subscription, for: driver)) != nil
        }
        guard isInserted else {
            driver.forgetSubscription()
            return checkReleased(life, "an interval subscriber")
        }
        Counts.registered.count()
        for _ in 0..<record.random.below(6) {
            driver.fault(
                at: range.startPage + Int(record.random.below(UInt64(range.count))), lockFree: record.random.oneIn(2),
                record)
        }
        record.during(.remove, range.pages) {
            if record.random.oneIn(2) {
                life.space.remove(subscription)
                driver.free()
                driver.forgetSubscription()
            } else {
                Counts.completionsOwed.count()
                life.space.removeDeferred(subscription) {
                    driver.free()
                    driver.forgetSubscription()
                    Counts.completions.count()
                }
            }
        }
        Counts.unregistered.count()
    }

    private static func checkReleased(_ life: SpaceLife, _ what: String) {
        if !life.isEnding.load(ordering: .acquiring) {
            Verdict.fail(.wrongOutcome, "the registration of \(what) failed in a space that is not released")
        }
    }

    private enum One {}
    private enum Other {}

    static func shared(_ life: SpaceLife, _ record: ThreadRecord) {
        if record.random.oneIn(2) {
            use(SharedDriver<One>.self, life, record)
        } else {
            use(SharedDriver<Other>.self, life, record)
        }
    }

    private static func use<Kind>(_ type: SharedDriver<Kind>.Type, _ life: SpaceLife, _ record: ThreadRecord) {
        guard let driver = record.during(.get, 0..<0, { try? life.space.get(type) }) else {
            return checkReleased(life, "a shared subscriber")
        }
        Counts.gets.count()
        life.gets.count()
        // In use for a while, so that others share it.
        for _ in 0..<record.random.below(8) { fault(life, record) }
        driver.use()
        if Busted.is(.forgottenPut), record.random.oneIn(8) { return }
        record.during(.put) { life.space.put(driver) }
        Counts.puts.count()
        life.puts.count()
    }
}
