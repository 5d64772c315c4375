// swift-tools-version: 6.2
import PackageDescription

// Targets stand in reading order: the C border, the engine, the work, the results, the command.
let package = Package(
    name: "invbench",
    products: [
        .library(name: "NotifierDispatch", targets: ["NotifierDispatch"]),
        .library(name: "RegistrationCache", targets: ["RegistrationCache"]),
        // The engine for C. Scripts/install builds it with its soname and the versions of its symbols.
        .library(name: "notifierdispatch", type: .dynamic, targets: ["NotifierDispatchC"]),
        .library(name: "InvalidationStorm", targets: ["InvalidationStorm"]),
        .library(name: "InvbenchCommand", targets: ["InvbenchCommand", "InvalidationStorm", "NotifierDispatch"]),
        .executable(name: "invbench", targets: ["invbench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CURCU", pkgConfig: "liburcu-bp", providers: [.apt(["liburcu-dev"])]),
        .systemLibrary(name: "CHwloc", pkgConfig: "hwloc", providers: [.apt(["libhwloc-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CPlatform"),
        .target(name: "CUserFault"),
        // Concurrency Kit is inline code in headers: nothing of it is linked.
        .target(name: "CPeerLocks", linkerSettings: [.linkedLibrary("tbb")]),
        .target(name: "CLiveMemory"),
        .target(name: "CCoherence"),
        .target(name: "CGoogleBenchmark", linkerSettings: [.linkedLibrary("benchmark")]),
        .target(name: "NotifierDispatch", dependencies: ["CURCU", "CPlatform"]),
        .target(name: "RegistrationCache", dependencies: ["NotifierDispatch", "CPlatform"]),
        .target(name: "CNotifierDispatch", exclude: ["notifierdispatch.map"]),
        .target(
            name: "NotifierDispatchC",
            dependencies: ["NotifierDispatch", "RegistrationCache", "CNotifierDispatch", "CPlatform"]),
        .target(name: "RecordedEvents", dependencies: ["NotifierDispatch", "CZlib"]),
        .target(
            name: "InvalidationStorm",
            dependencies: [
                "NotifierDispatch", "RecordedEvents", "CPlatform", "CPeerLocks", "CLiveMemory", "CUserFault",
                "CCoherence",
                "CHwloc",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]
        ),
        .target(name: "BenchmarkRecords"),
        .plugin(name: "BuildRecorder", capability: .buildTool()),
        .target(name: "BuildRecord", plugins: ["BuildRecorder"]),
        .target(
            name: "InvbenchCommand",
            dependencies: [
                "InvalidationStorm", "RecordedEvents", "BenchmarkRecords", "BuildRecord", "CPlatform",
                "CGoogleBenchmark",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            resources: [.copy("Traces")]
        ),
        .executableTarget(name: "invbench", dependencies: ["InvbenchCommand"], path: "Benchmarks/invbench"),
        // Page faults in a plain loop, beside which Scripts/check-live holds `invbench live`.
        .executableTarget(name: "page-faults", path: "Benchmarks/page-faults"),
        .target(
            name: "CPrimitiveFloors", dependencies: ["CURCU", "CPlatform"], path: "Benchmarks/CPrimitiveFloors",
            linkerSettings: [.linkedLibrary("tbb")]),
        .executableTarget(
            name: "primitives",
            dependencies: [
                "NotifierDispatch", "InvalidationStorm", "CPlatform", "CGoogleBenchmark", "CPrimitiveFloors",
            ],
            path: "Benchmarks/primitives"
        ),
        // UCX's registration cache, for comparison only.
        .target(
            name: "CUCX", path: "Benchmarks/CUCX", linkerSettings: [.linkedLibrary("ucs"), .linkedLibrary("ucm")]),
        .executableTarget(
            name: "registration-cache",
            dependencies: ["RegistrationCache", "NotifierDispatch", "CPlatform", "CGoogleBenchmark", "CUCX"],
            path: "Benchmarks/registration-cache"),
        // The engine's copy with a step before each atomic access, under many threads, with delays in those steps.
        .executableTarget(
            name: "torture",
            dependencies: [
                "TorturedDispatch", "CSteps", "CPlatform", "SeededNumbers", "TestThreads",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/torture"),
        .testTarget(name: "CPlatformTests", dependencies: ["CPlatform", "TestThreads"]),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .target(name: "SeededNumbers", path: "Tests/SeededNumbers"),
        .target(name: "TestThreads", path: "Tests/TestThreads"),
        .testTarget(
            name: "NotifierDispatchTests",
            dependencies: ["NotifierDispatch", "CAllocationCounter", "SeededNumbers", "TestThreads"]),
        // The registration cache over a real device, for Scripts/check-io-uring too.
        .target(name: "CIOUring", path: "Tests/CIOUring", linkerSettings: [.linkedLibrary("uring")]),
        .executableTarget(
            name: "io-uring-buffers",
            dependencies: [
                "RegistrationCache", "NotifierDispatch", "CIOUring", "CUserFault", "SeededNumbers", "TestThreads",
            ],
            path: "Tests/IOUringBuffers"),
        .testTarget(
            name: "RegistrationCacheTests",
            dependencies: [
                "RegistrationCache", "NotifierDispatch", "io-uring-buffers", "CAllocationCounter", "SeededNumbers",
                "TestThreads",
            ]),
        .testTarget(
            name: "NotifierDispatchCTests",
            dependencies: ["NotifierDispatchC", "CNotifierDispatch", "NotifierDispatch", "InvalidationStorm"]),
        // What a fault and a section cost without the C face, for Scripts/count-c-face.
        .executableTarget(name: "swift-faults", dependencies: ["NotifierDispatch"], path: "Tests/SwiftFaults"),
        .testTarget(
            name: "RecordedEventsTests", dependencies: ["RecordedEvents", "NotifierDispatch", "CZlib", "SeededNumbers"]),
        // What it makes of a recording, for Scripts/check-kernel-events.
        .executableTarget(
            name: "kernel-events", dependencies: ["RecordedEvents", "NotifierDispatch"],
            path: "Tests/KernelEvents", exclude: ["init.c", "operations.c", "differences", "redis.sh", "Load.java"],
            sources: ["main.swift"]),
        .testTarget(
            name: "InvalidationStormTests",
            dependencies: ["InvalidationStorm", "RecordedEvents", "CPeerLocks", "CPlatform", "CUserFault"]),
        .target(name: "FactTrees", path: "Tests/FactTrees"),
        .testTarget(
            name: "BenchmarkRecordsTests", dependencies: ["BenchmarkRecords", "FactTrees", "SeededNumbers"],
            resources: [.copy("Statistics/statistics-vectors.json")]),
        .testTarget(
            name: "InvbenchTests", dependencies: ["InvbenchCommand", "BuildRecord", "FactTrees", "invbench"]),
        // What reads files that people bring, fed with any bytes by libFuzzer, for Scripts/check-fuzzing.
        .executableTarget(
            name: "fuzz", dependencies: ["RecordedEvents", "BenchmarkRecords", "InvalidationStorm"],
            path: "Tests/Fuzzing", exclude: ["corpora"]),
        // A fault path with a switch that makes it slower, for Scripts/check-power and check-answer to have found.
        .executableTarget(
            name: "slowed-faults", dependencies: ["InvbenchCommand", "InvalidationStorm", "NotifierDispatch"],
            path: "Tests/SlowedFaults"),
        // The engine, compiled a second time with a step before each atomic access: for the torture, and for the exploration
        // of interleavings, which also puts a scheduler in the place of threads, clock, RCU and membarrier.
        .target(name: "CSteps", dependencies: ["CPlatform"], path: "Tests/CSteps"),
        .target(name: "SteppedAtomics", dependencies: ["CSteps"], path: "Tests/SteppedAtomics"),
        .executableTarget(name: "engine-copy", path: "Tests/EngineCopy"),
        .plugin(name: "EngineCopier", capability: .buildTool(), dependencies: ["engine-copy"]),
        .target(
            name: "TorturedDispatch", dependencies: ["SteppedAtomics", "CSteps", "CURCU", "CPlatform"],
            path: "Tests/TorturedDispatch", exclude: ["exchanges"], plugins: ["EngineCopier"]),
        .target(
            name: "ExploredDispatch", dependencies: ["SteppedAtomics", "Interleaving", "CURCU", "CPlatform"],
            path: "Tests/ExploredDispatch", exclude: ["exchanges"], plugins: ["EngineCopier"]),
        .target(name: "CInterleaving", path: "Tests/CInterleaving"),
        .target(
            name: "Interleaving", dependencies: ["CInterleaving", "CSteps", "CPlatform", "SeededNumbers"],
            path: "Tests/Interleaving"),
        .executableTarget(
            name: "explore",
            dependencies: [
                "ExploredDispatch", "Interleaving", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Explore"),
        .testTarget(
            name: "PrimitivesTests",
            dependencies: ["primitives", "NotifierDispatch", "InvalidationStorm", "CPrimitiveFloors"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
