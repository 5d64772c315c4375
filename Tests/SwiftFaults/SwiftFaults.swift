import Glibc
import NotifierDispatch
import Synchronization

/// Faults and sections in Swift, as many as asked for: the other side of Tests/CFace/faults.c, whose instructions
/// Scripts/count-c-face counts.
///
/// Usage: swift-faults GUARD FAULTS SECTIONS
@main
enum SwiftFaults {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let faults = Int(arguments[2]), let sections = Int(arguments[3]) else {
            refuse("usage: swift-faults GUARD FAULTS SECTIONS")
        }
        let space = AddressSpace()
        switch arguments[1] {
        case "adaptive": run(AdaptiveGuard(space: space, pages: 1024), space, faults, sections)
        case "asymmetric": run(AsymmetricGuard(space: space, pages: 1024), space, faults, sections)
        case "fenced": run(FencedGuard(space: space, pages: 1024), space, faults, sections)
        case "striped": run(StripedGuard(space: space, pages: 1024), space, faults, sections)
        case "kvm": run(KVMGuard(space: space), space, faults, sections)
        case "interval": run(IntervalGuard(space: space, pages: 1024), space, faults, sections)
        default: refuse("there is no guard '\(arguments[1])' here")
        }
    }

    private static func refuse(_ reason: String) -> Never {
        let line = "swift-faults: \(reason)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(2)
    }

    @inline(__always)
    private static func run<Scheme: RetryScheme & ~Copyable>(
        _ translationGuard: RetryingGuard<Scheme>, _ space: AddressSpace, _ faults: Int, _ sections: Int
    ) {
        let cache = OneWordCache(translationGuard)
        guard let range = InvalidationRange(pages: 0..<1024), let page = InvalidationRange(pages: 7..<8),
            let subscription = try? space.register(cache, over: range)
        else { fatalError("a new guard was refused") }
        for number in 0..<UInt64(faults) {
            let outcome = translationGuard.fault(at: 7, walk: { number }, into: cache.word)
            precondition(outcome.status == .installed)
        }
        let invalidation = Invalidation(range: page, event: .unmap)
        for _ in 0..<sections {
            guard let section = space.invalidateRangeStart(invalidation) else { fatalError("a start was refused") }
            space.invalidateRangeEnd(section)
        }
        space.unregister(subscription)
    }
}

private final class OneWordCache<Scheme: RetryScheme & ~Copyable>: TranslationCache, @unchecked Sendable {
    // @unchecked: an atomic behind a pointer.
    let `guard`: RetryingGuard<Scheme>
    let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)

    init(_ translationGuard: RetryingGuard<Scheme>) {
        `guard` = translationGuard
        word.initialize(to: Atomic(0))
    }

    func drop(_ range: InvalidationRange) { word.pointee.store(0, ordering: .releasing) }
}
