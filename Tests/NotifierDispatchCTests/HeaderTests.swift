import CNotifierDispatch
import NotifierDispatch
import Testing

@testable import NotifierDispatchC

@Suite("notifierdispatch.h")
struct HeaderTests {
    /// Compiles only where the header and the Swift function have one type, as C sees it.
    private func agree<Function>(_ declared: Function, _ defined: Function) {}

    @Test("Each function is defined as the header declares it")
    func signatures() {
        agree(nd_space_create, createSpace)
        agree(nd_space_destroy, destroySpace)
        agree(nd_thread_register, registerThread)
        agree(nd_subscribe, subscribe)
        agree(nd_unsubscribe, unsubscribe)
        agree(nd_subscription_free, freeSubscription)
        agree(nd_invalidate_start, startInvalidation)
        agree(nd_invalidate_try_start, tryStartInvalidation)
        agree(nd_invalidate_end, endInvalidation)
        agree(nd_fault_begin, beginFault)
        agree(nd_fault_still_valid, faultIsStillValid)
        agree(nd_fault_commit, commitFault)
        agree(nd_fault_abort, abortFault)
        agree(nd_cache_create, createCache)
        agree(nd_cache_get, getRegion)
        agree(nd_cache_put, putRegion)
        agree(nd_cache_flush, flushCache)
        agree(nd_cache_destroy, destroyCache)
    }

    @Test("The header's numbers of events are the engine's")
    func events() {
        let named = [
            ND_EVENT_UNMAP, ND_EVENT_CLEAR, ND_EVENT_PROTECTION_VMA, ND_EVENT_PROTECTION_PAGE, ND_EVENT_SOFT_DIRTY,
        ]
        let events: [InvalidationEvent] = [.unmap, .clear, .protectionVMA, .protectionPage, .softDirty]
        #expect(named.map { Int($0) } == events.map { Int($0.rawValue) })
    }
}
