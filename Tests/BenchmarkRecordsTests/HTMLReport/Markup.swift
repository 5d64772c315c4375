import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A piece of a page, read as strictly as XML is.
final class Markup {
    let name: String
    let attributes: [String: String]
    private(set) var children: [Markup] = []
    /// The text in it and below it.
    private(set) var text = ""

    private init(name: String, attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    /// What is wrong with a text that is not XML.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// The only element of `text`.
    static func parse(_ text: String) throws -> Markup {
        let reader = Reader()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = reader
        guard parser.parse(), let root = reader.root else {
            throw Fault(description: "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "nothing")")
        }
        return root
    }

    /// All elements called `name` in `page` that have no other of that name inside, each as a piece of XML.
    static func pieces(_ name: String, of page: String) throws -> [Markup] {
        try page.components(separatedBy: "<\(name)").dropFirst().compactMap { rest in
            // <th…> is not <thead…>.
            guard let first = rest.first, !first.isLetter, let end = rest.range(of: "</\(name)>") else { return nil }
            return try parse("<\(name)" + rest[..<end.upperBound])
        }
    }

    /// All elements of that name below it, in order.
    func all(_ name: String) -> [Markup] {
        children.flatMap { ($0.name == name ? [$0] : []) + $0.all(name) }
    }

    /// All elements of one of the classes that `kind` names, below it.
    func ofClass(_ kind: String) -> [Markup] {
        children.flatMap { child in
            let kinds = child.attributes["class", default: ""].split(separator: " ").map(String.init)
            return (kinds.contains(kind) ? [child] : []) + child.ofClass(kind)
        }
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var root: Markup?
        private var open: [Markup] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            let element = Markup(name: name, attributes: attributes)
            open.last?.children.append(element)
            if root == nil { root = element }
            open.append(element)
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) { open.removeLast() }

        func parser(_ parser: XMLParser, foundCharacters text: String) { for element in open { element.text += text } }
    }
}
