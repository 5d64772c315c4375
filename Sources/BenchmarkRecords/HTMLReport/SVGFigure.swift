import Foundation

/// A drawing inside a page: bars, dots, lines and words, with a text alternative.
///
/// What is horizontal is measured in parts of the width, from 0 to 1, and what is vertical in pixels. So a figure has the
/// width of the page whatever that is, and its words have the size of the page's own text on a telephone too. Colours come
/// from the page's style by class.
struct SVGFigure {
    /// Where a word stands in relation to its place.
    enum Anchor: String {
        case start
        case middle
        case end
    }

    /// What it shows, in a few words.
    let title: String
    /// The same for those who cannot see it, with the figures that matter.
    let description: String
    /// Names it inside the page: letters, digits and `-`.
    let identifier: String
    /// The height in pixels that the drawing has.
    private(set) var height = 0.0
    private var shapes: [String] = []

    /// The height of a line of words, and the width that a letter has on average: the page's style says 12 pixels.
    static let lineHeight = 16.0
    static let letterWidth = 6.4
    /// The narrowest figure that words have to fit into.
    static let narrowest = 320.0

    /// An empty drawing.
    init(title: String, description: String, identifier: String) {
        self.title = title
        self.description = description
        self.identifier = identifier
    }

    /// How wide `text` is, in pixels, as nearly as can be said without its font.
    static func width(of text: String) -> Double { Double(text.count) * letterWidth }

    /// A bar from `x` to `end` whose upper edge is at `y`. `hint` is shown when one points at it.
    mutating func bar(
        from x: Double, to end: Double, y: Double, height: Double, class kind: String, hint: String? = nil
    ) {
        let width = max(0, end - x)
        add(
            "rect",
            "x=\"\(Self.part(x))\" y=\"\(Self.pixels(y))\" width=\"\(Self.part(width))\" "
                + "height=\"\(Self.pixels(height))\"", kind, hint)
        reach(y + height)
    }

    /// A line.
    mutating func line(
        from x: Double, _ y: Double, to endX: Double, _ endY: Double, class kind: String, hint: String? = nil
    ) {
        add(
            "line",
            "x1=\"\(Self.part(x))\" y1=\"\(Self.pixels(y))\" x2=\"\(Self.part(endX))\" y2=\"\(Self.pixels(endY))\"",
            kind, hint)
        reach(max(y, endY))
    }

    /// A dot.
    mutating func dot(at x: Double, _ y: Double, radius: Double, class kind: String, hint: String? = nil) {
        add(
            "circle", "cx=\"\(Self.part(x))\" cy=\"\(Self.pixels(y))\" r=\"\(Self.pixels(radius))\"", kind, hint)
        reach(y + radius)
    }

    /// Words on the line at `y`, moved to the right by `offset` pixels.
    mutating func words(
        _ text: String, at x: Double, _ y: Double, offset: Double = 0, anchor: Anchor = .start, class kind: String
    ) {
        let moved = offset == 0 ? "" : " dx=\"\(Self.pixels(offset))\""
        shapes.append(
            "<text x=\"\(Self.part(x))\" y=\"\(Self.pixels(y))\"\(moved) text-anchor=\"\(anchor.rawValue)\" "
                + "class=\"\(kind)\">\(HTMLText.escaped(text))</text>")
        reach(y + 4)
    }

    /// Puts over it what `other`, which began as a copy of this drawing, has more.
    mutating func overlay(_ other: SVGFigure, from count: Int) {
        shapes += other.shapes.dropFirst(count)
        reach(other.height)
    }

    /// How many shapes it has.
    var count: Int { shapes.count }

    /// Leaves `pixels` free below what has been drawn.
    mutating func space(_ pixels: Double) { height += pixels }

    /// The drawing as an element of a page.
    var markup: String {
        """
        <svg role="img" aria-labelledby="\(identifier)-title" aria-describedby="\(identifier)-text" width="100%" \
        height="\(Self.pixels(height.rounded(.up)))">
        <title id="\(identifier)-title">\(HTMLText.escaped(title))</title>
        <desc id="\(identifier)-text">\(HTMLText.escaped(description))</desc>
        \(shapes.joined(separator: "\n"))
        </svg>
        """
    }

    private mutating func reach(_ y: Double) { height = max(height, y) }

    private mutating func add(_ name: String, _ attributes: String, _ kind: String, _ hint: String?) {
        let start = "<\(name) \(attributes) class=\"\(kind)\""
        shapes.append(hint.map { "\(start)><title>\(HTMLText.escaped($0))</title></\(name)>" } ?? start + "/>")
    }

    private static func part(_ share: Double) -> String { String(format: "%.2f%%", 100 * share) }
    private static func pixels(_ value: Double) -> String { String(format: "%.1f", value) }
}

extension SVGFigure {
    /// Lines across the drawing from `top` down to `bottom` for the ticks of `scale`, and below them their values.
    mutating func axis(_ scale: PlotScale, from top: Double, to bottom: Double, text: (Double) -> String) {
        for tick in scale.ticks { line(from: scale.place(tick), top, to: scale.place(tick), bottom, class: "grid") }
        // A label that would touch the one before it is left out.
        var free = -Double.infinity
        for tick in scale.ticks {
            let label = text(tick)
            let place = scale.place(tick)
            let half = Self.width(of: label) / 2
            let start = min(max(place * Self.narrowest - half, 0), Self.narrowest - 2 * half)
            guard start >= free + 8 else { continue }
            free = start + 2 * half
            let anchor: Anchor =
                place * Self.narrowest < half ? .start : place > 1 - half / Self.narrowest ? .end : .middle
            words(
                label, at: anchor == .start ? 0 : anchor == .end ? 1 : place, bottom + 14, anchor: anchor, class: "tick"
            )
        }
    }
}
