// swift-tools-version: 6.2
import PackageDescription

// The manifest of the copy that Scripts/mutation-check mutates and builds: what it tests, and the switch that turns one
// mutation on. Nothing else is built. The script puts it in place of the package's own.
let package = Package(
    name: "mutations",
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0")
    ],
    targets: [
        .target(name: "MutationSwitch", path: "Tests/Mutations/Switch"),
        .systemLibrary(name: "CURCU", pkgConfig: "liburcu-bp"),
        .systemLibrary(name: "CHwloc", pkgConfig: "hwloc"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .target(name: "CPlatform"),
        .target(name: "CUserFault"),
        .target(name: "CPeerLocks", linkerSettings: [.linkedLibrary("tbb")]),
        .target(name: "CLiveMemory"),
        .target(name: "CCoherence"),
        .target(name: "NotifierDispatch", dependencies: ["CURCU", "CPlatform", "MutationSwitch"]),
        .target(name: "RecordedEvents", dependencies: ["NotifierDispatch", "CZlib", "MutationSwitch"]),
        .target(
            name: "InvalidationStorm",
            dependencies: [
                "NotifierDispatch", "RecordedEvents", "CPlatform", "CPeerLocks", "CLiveMemory", "CUserFault",
                "CCoherence", "CHwloc",
                "MutationSwitch",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]
        ),
        .target(name: "BenchmarkRecords", dependencies: ["MutationSwitch"]),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .target(name: "FactTrees", path: "Tests/FactTrees"),
        .target(name: "SeededNumbers", path: "Tests/SeededNumbers"),
        .target(name: "TestThreads", path: "Tests/TestThreads"),
        .testTarget(
            name: "NotifierDispatchTests",
            dependencies: ["NotifierDispatch", "CAllocationCounter", "SeededNumbers", "TestThreads"]),
        .testTarget(
            name: "RecordedEventsTests", dependencies: ["RecordedEvents", "NotifierDispatch", "CZlib", "SeededNumbers"]),
        .testTarget(
            name: "InvalidationStormTests",
            dependencies: ["InvalidationStorm", "RecordedEvents", "CPeerLocks", "CPlatform", "CUserFault"]),
        .testTarget(
            name: "BenchmarkRecordsTests", dependencies: ["BenchmarkRecords", "FactTrees", "SeededNumbers"],
            resources: [.copy("Statistics/statistics-vectors.json")]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
