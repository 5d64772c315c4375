import Testing

@testable import NotifierDispatch

@Suite("Stripe")
struct StripeTests {
    @Test("512 pages make a stripe, and a part of one counts whole")
    func count() {
        #expect([1, 511, 512, 513, 1_024, 1_025].map { Stripe.count(pages: $0) } == [1, 1, 1, 2, 2, 3])
    }

    @Test("A range touches the stripes of its first and last pages and all between")
    func indices() {
        #expect(Stripe.indices(of: .of(0..<1)) == 0...0)
        #expect(Stripe.indices(of: .of(0..<512)) == 0...0)
        #expect(Stripe.indices(of: .of(511..<513)) == 0...1)
        #expect(Stripe.indices(of: .of(512..<2_048)) == 1...3)
    }
}
