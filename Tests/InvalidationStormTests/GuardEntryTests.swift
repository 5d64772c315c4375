import InvalidationStorm
import NotifierDispatch
import Synchronization
import Testing

@Suite struct GuardEntryTests {
    @Test("A guard is made with the parameters of the settings")
    func parametersArrive() throws {
        let seen = Mutex<[GuardParameters]>([])
        let entry = GuardEntry(name: "mine", summary: "one lock", parameters: [.stripe]) { _, parameters in
            seen.withLock { $0.append(parameters) }
            return MutexGuard()
        }
        var settings = StormSettings(scenario: .calm, faulters: 1, invalidators: 0)
        settings.windowNanoseconds = 1_000_000
        settings.warmUpNanoseconds = 100_000
        settings.guardParameters.stripeSize = try #require(StripeSize(pages: 4))
        #expect(entry.run(settings, Cancellation()) != nil)
        #expect(seen.withLock { $0 } == [settings.guardParameters])
    }

    @Test("A guard of which nothing can be chosen says so")
    func noParameters() {
        let entry = GuardEntry(name: "mine", summary: "one lock") { _ in MutexGuard() }
        #expect(entry.parameters.isEmpty)
        #expect(GuardCatalogue.builtIn.first { $0.name == "mutex" }?.parameters == [])
        #expect(GuardCatalogue.builtIn.first { $0.name == "stripe-mutex" }?.parameters == [.stripe])
    }

    @Test("A stripe's size is written in the largest unit that leaves a whole number")
    func stripeSizeText() throws {
        for (pages, text) in [
            (1, "4KiB"), (128, "512KiB"), (256, "1MiB"), (512, "2MiB"), (1 << 17, "512MiB"), (1 << 18, "1GiB"),
        ] {
            var parameters = GuardParameters()
            parameters.stripeSize = try #require(StripeSize(pages: pages))
            #expect(GuardParameter.stripe.text(in: parameters) == text)
        }
    }
}
