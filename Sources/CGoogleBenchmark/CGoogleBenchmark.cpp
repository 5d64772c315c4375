#include "CGoogleBenchmark.h"

#include <benchmark/benchmark.h>

#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

// Every function of the C face is noexcept: the library throws nothing of its own once it has read the machine, and where
// memory for a row runs out the program ends on the spot instead of unwinding through Swift's frames.

struct cgb_row {
    bool is_set = false;
    int64_t iterations = 0;
    double real_seconds = 0;
    double cpu_seconds = 0;
    benchmark::UserCounters counters;
};

namespace {

struct Label {
    std::string name;
    int64_t cell;
    int64_t threads;
    int64_t repetition;
    int64_t repetitions;

    explicit Label(const cgb_label &label)
        : name(label.name), cell(label.cell), threads(label.threads), repetition(label.repetition),
          repetitions(label.repetitions) {}
};

using Run = benchmark::BenchmarkReporter::Run;

Run make_run(const Label &label, const cgb_row &row) {
    Run run;
    run.run_name.function_name = label.name; // nothing else is set, so nothing like "/iterations:1" follows the name
    run.family_index = label.cell;
    run.per_family_instance_index = 0;
    run.threads = label.threads;
    run.repetitions = label.repetitions;
    run.repetition_index = label.repetition;
    run.time_unit = benchmark::kNanosecond;
    run.iterations = row.iterations;
    // The library divides by the iterations where there are any.
    const double scale = row.iterations > 0 ? static_cast<double>(row.iterations) : 1;
    run.real_accumulated_time = row.real_seconds * scale;
    run.cpu_accumulated_time = row.cpu_seconds * scale;
    run.counters = row.counters;
    run.statistics = nullptr;
    return run;
}

} // namespace

const char *cgb_machine_fault(void) noexcept {
    static std::string fault;
    try {
        benchmark::CPUInfo::Get();
        return nullptr;
    } catch (const std::exception &error) {
        fault = error.what();
        return fault.c_str();
    }
}

struct cgb_session final : public benchmark::JSONReporter {
    void *caller;
    void (*measure)(void *, size_t, cgb_row *);
    void (*write)(void *, cgb_part, const char *, size_t);
    std::vector<Label> labels;
    std::ostringstream text;
    cgb_row latest; // what the repetition that has just run left for ReportRuns
    size_t latest_position = 0;
    const std::vector<benchmark::internal::Statistics> *statistics = nullptr;

    cgb_session(void *caller, void (*measure)(void *, size_t, cgb_row *),
                void (*write)(void *, cgb_part, const char *, size_t))
        : caller(caller), measure(measure), write(write) {
        SetOutputStream(&text);
        SetErrorStream(&std::cerr);
    }

    bool ReportContext(const Context &context) override {
        const bool goes_on = JSONReporter::ReportContext(context);
        hand_over(cgb_part_opening);
        return goes_on;
    }

    // The library's own runs say only that a repetition is over; the row is made from what `measure` left.
    void ReportRuns(const std::vector<Run> &runs) override {
        statistics = runs.front().statistics;
        if (!latest.is_set) {
            return;
        }
        JSONReporter::ReportRuns({make_run(labels[latest_position], latest)});
        latest.is_set = false;
        hand_over(cgb_part_repetition);
    }

    void report_statistic(const Label &label, const benchmark::internal::Statistics &statistic, const cgb_row &row) {
        Run run = make_run(label, row);
        run.run_type = Run::RT_Aggregate;
        run.repetition_index = Run::no_repetition_index;
        run.aggregate_name = statistic.name_;
        run.aggregate_unit = statistic.unit_;
        if (statistic.unit_ == benchmark::kPercentage) { // then the library writes these two as they are
            run.real_accumulated_time = row.real_seconds;
            run.cpu_accumulated_time = row.cpu_seconds;
        }
        JSONReporter::ReportRuns({run});
        hand_over(cgb_part_aggregate);
    }

    void Finalize() override {
        JSONReporter::Finalize();
        hand_over(cgb_part_closing);
    }

    void run_one(size_t position, benchmark::State &state) {
        for (auto _ : state) {
            latest = cgb_row();
            latest_position = position;
            measure(caller, position, &latest);
            state.SetIterationTime(latest.real_seconds);
        }
    }

private:
    void hand_over(cgb_part part) {
        const std::string piece = text.str();
        text.str(std::string());
        const bool is_row = part == cgb_part_repetition || part == cgb_part_aggregate;
        const size_t separator = is_row && piece.compare(0, 2, ",\n") == 0 ? 2 : 0;
        write(caller, part, piece.data() + separator, piece.size() - separator);
    }
};

extern "C" {

void cgb_row_set(cgb_row *row, int64_t iterations, double real_seconds, double cpu_seconds) noexcept {
    row->is_set = true;
    row->iterations = iterations;
    row->real_seconds = real_seconds;
    row->cpu_seconds = cpu_seconds;
}

void cgb_row_add_counter(cgb_row *row, const char *key, double value) noexcept {
    row->counters[key] = value;
}

cgb_session *cgb_session_create(void *caller, void (*measure)(void *, size_t, cgb_row *),
                                void (*write)(void *, cgb_part, const char *, size_t)) noexcept {
    return new cgb_session(caller, measure, write);
}

void cgb_session_destroy(cgb_session *session) noexcept { delete session; }

void cgb_session_register(cgb_session *session, const cgb_label *label) noexcept {
    const size_t position = session->labels.size();
    session->labels.emplace_back(*label);
    benchmark::RegisterBenchmark(label->name, [session, position](benchmark::State &state) {
        session->run_one(position, state);
    })->Iterations(1)->Repetitions(1)->UseManualTime()->Unit(benchmark::kNanosecond);
}

void cgb_session_add_context(cgb_session *, const char *key, const char *value) noexcept {
    benchmark::AddCustomContext(key, value);
}

size_t cgb_session_run(cgb_session *session) noexcept {
    benchmark::BenchmarkReporter::Context::executable_name = "invbench";
    return benchmark::RunSpecifiedBenchmarks(session, nullptr, ".");
}

const char *cgb_session_statistic_name(const cgb_session *session, size_t index) noexcept {
    const bool exists = session->statistics != nullptr && index < session->statistics->size();
    return exists ? (*session->statistics)[index].name_.c_str() : nullptr;
}

int cgb_session_statistic_is_ratio(const cgb_session *session, size_t index) noexcept {
    return session->statistics->at(index).unit_ == benchmark::kPercentage;
}

double cgb_session_statistic(const cgb_session *session, size_t index, const double *values, size_t count) noexcept {
    return session->statistics->at(index).compute_(std::vector<double>(values, values + count));
}

void cgb_session_report(cgb_session *session, const cgb_label *label, size_t statistic, void *filler,
                        void (*fill)(void *, cgb_row *)) noexcept {
    cgb_row row;
    fill(filler, &row);
    if (row.is_set) {
        session->report_statistic(Label(*label), session->statistics->at(statistic), row);
    }
}

} // extern "C"
