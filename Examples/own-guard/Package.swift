// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "own-guard",
    dependencies: [.package(name: "invbench", path: "../..")],
    targets: [
        .executableTarget(
            name: "own-guard", dependencies: [.product(name: "InvbenchCommand", package: "invbench")])
    ]
)
