// The first process of the machines that Scripts/check-numa boots: it runs the invbench of the bundle once for each line of
// /cases, stops it while its threads are at work, and writes what the kernel says about them and their memory to the second
// serial line. Nothing is judged here.
//
// A case is a line of six fields between tabs: a name; the cpus that the process may run on, as a list, or nothing; the nodes
// that its cpuset leaves it, or nothing; how many threads have a role; what is changed behind invbench's back while it stands
// still, or nothing; and its arguments, between spaces.
#define _GNU_SOURCE
#include "../KernelMachine/machine.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { pageSize = 4096, wordsPerPage = pageSize / 8, mostArguments = 40 };
// What invbench's tables have: a word for each page of the space.
enum { entries = 65536, tablePages = entries / wordsPerPage };
// How long a run may take until its threads have their names, and until it ends, in seconds.
enum { patience = 60 };

static FILE *report;

// Writes a text to a file, which has to work.
static void writeFile(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    require(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(file);
}

struct run {
    const char *name, *allowed, *memory;
    int threads;
    char *change;
    char *arguments[mostArguments];
};

static void section(const struct run *run, const char *name) { fprintf(report, "== %s: %s\n", run->name, name); }

// A section that has a file's contents; empty where there is none.
static void copyFile(const struct run *run, const char *name, const char *path) {
    static char buffer[1 << 16];
    section(run, name);
    FILE *file = fopen(path, "r");
    size_t size;
    while (file && (size = fread(buffer, 1, sizeof buffer, file)) > 0) fwrite(buffer, 1, size, report);
    if (file) fclose(file);
}

// The first line of a file, without its end; empty where there is none.
static const char *line(const char *path) {
    static char text[4096];
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file)) text[0] = 0;
    if (file) fclose(file);
    text[strcspn(text, "\n")] = 0;
    return text;
}

// A cpu or a list of them, as Linux writes it: 0-3,8.
static cpu_set_t processors(const char *list) {
    cpu_set_t set;
    CPU_ZERO(&set);
    while (*list) {
        char *end;
        long first = strtol(list, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long number = first; number <= last; number++) CPU_SET(number, &set);
        list = *end ? end + 1 : end;
    }
    return set;
}

// What the kernel says of the machine.
static void describeMachine(void) {
    fprintf(report, "== machine\n");
    char path[80];
    for (int node = 0; node < 64; node++) {
        snprintf(path, sizeof path, "/sys/devices/system/node/node%d/cpulist", node);
        if (access(path, R_OK) != 0) continue;
        fprintf(report, "cpus %d %s\n", node, line(path));
        snprintf(path, sizeof path, "/sys/devices/system/node/node%d/distance", node);
        fprintf(report, "distances %d %s\n", node, line(path));
    }
    fprintf(report, "memory %s\n", line("/sys/devices/system/node/has_memory"));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
        if (access(path, R_OK) != 0) continue;
        fprintf(report, "siblings %d %s\n", cpu, line(path));
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
        fprintf(report, "package %d %s\n", cpu, line(path));
    }
}

// Starts the bundle's invbench; its output goes to /tmp/NAME-output and /tmp/NAME-errors.
static pid_t start(const struct run *run, const char *name, const char *const *more) {
    pid_t child = fork();
    if (child != 0) return child;
    char path[80];
    for (int stream = 1; stream <= 2; stream++) {
        snprintf(path, sizeof path, "/tmp/%s-%s", name, stream == 1 ? "output" : "errors");
        dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), stream);
    }
    if (*run->memory) {
        writeFile("/sys/fs/cgroup/part/cpuset.mems", run->memory);
        writeFile("/sys/fs/cgroup/part/cgroup.procs", "0");
    }
    if (*run->allowed) {
        cpu_set_t set = processors(run->allowed);
        if (sched_setaffinity(0, sizeof set, &set) != 0) _exit(126);
    }
    const char *command[mostArguments + 8] = {"/bin/sh", "/bundle/invbench", "run"};
    int count = 3;
    for (char *const *argument = run->arguments; *argument; argument++) command[count++] = *argument;
    while (*more) command[count++] = *more++;
    execv(command[0], (char **)command);
    _exit(127);
}

// What a shell would call its status.
static int statusOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Waits for the end of a run; kills it where it takes too long.
static int join(pid_t child) {
    int status;
    for (int turn = 0; turn < patience * 100; turn++) {
        if (waitpid(child, &status, WNOHANG) == child) return statusOf(status);
        usleep(10000);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return statusOf(status);
}

static int hasRole(const char *name) {
    return strncmp(name, "faulter ", 8) == 0 || strncmp(name, "invalidator ", 12) == 0 || strcmp(name, "churner") == 0;
}

// Calls `found` for each thread of a process that has a role; returns how many there are.
static int threadsWithRoles(pid_t process, void (*found)(pid_t process, int thread, const char *name)) {
    char path[80];
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *folder = opendir(path);
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int thread = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/%d/task/%d/comm", process, thread);
        char name[32];
        snprintf(name, sizeof name, "%s", thread ? line(path) : "");
        if (!hasRole(name)) continue;
        count++;
        if (found) found(process, thread, name);
    }
    if (folder) closedir(folder);
    return count;
}

// A thread's name, the cpus that it may run on, and the one that it ran on last.
static void describeThread(pid_t process, int thread, const char *name) {
    char path[80], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", process, thread);
    FILE *file = fopen(path, "r");
    while (file && fgets(text, sizeof text, file)) {
        if (strncmp(text, "Cpus_allowed_list:\t", 19) != 0) continue;
        text[strcspn(text, "\n")] = 0;
        fprintf(report, "thread\t%s\t%s\t", name, text + 19);
    }
    if (file) fclose(file);
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, thread);
    // The name may hold spaces; behind it stand fields 3 and on, of which 39 is the processor.
    const char *fields = strrchr(line(path), ')') + 1;
    for (int number = 2; number < 38; number++) fields = strchr(fields + 1, ' ');
    fprintf(report, "%d\n", atoi(fields));
}

// The mappings of a process that may hold its tables and guards: writable, private, of no file.
struct mapping {
    uintptr_t start;
    int pages;
    int *nodes;
};

static int readMappings(pid_t process, struct mapping *mappings, int most) {
    char path[80], text[4096];
    snprintf(path, sizeof path, "/proc/%d/maps", process);
    FILE *file = fopen(path, "r");
    int count = 0;
    while (file && count < most && fgets(text, sizeof text, file)) {
        uintptr_t start, end;
        char rights[8], name[80] = "";
        sscanf(text, "%lx-%lx %7s %*s %*s %*s %79s", &start, &end, rights, name);
        if (strcmp(rights, "rw-p") != 0 || (*name && strcmp(name, "[heap]") != 0)) continue;
        mappings[count++] = (struct mapping){.start = start, .pages = (end - start) / pageSize};
    }
    if (file) fclose(file);
    return count;
}

// Asks the kernel where pages are: a node each, or -ENOENT where there is none yet.
static void locate(pid_t process, struct mapping *mapping) {
    enum { most = 1 << 14 };
    static void *addresses[most];
    mapping->nodes = malloc(mapping->pages * sizeof(int));
    for (int first = 0; first < mapping->pages; first += most) {
        int count = mapping->pages - first < most ? mapping->pages - first : most;
        for (int page = 0; page < count; page++)
            addresses[page] = (void *)(mapping->start + (uintptr_t)(first + page) * pageSize);
        long status = syscall(SYS_move_pages, process, count, addresses, 0, mapping->nodes + first, 0);
        require(status == 0, "move_pages, as a query");
    }
}

// A line for each stretch of pages that are there: its address, and a node for each page.
static void describe(const struct mapping *mapping) {
    for (int page = 0; page < mapping->pages; page++) {
        if (mapping->nodes[page] < 0) continue;
        if (page == 0 || mapping->nodes[page - 1] < 0)
            fprintf(report, "pages %lx", mapping->start + (uintptr_t)page * pageSize);
        fprintf(report, " %d", mapping->nodes[page]);
        if (page + 1 == mapping->pages || mapping->nodes[page + 1] < 0) fprintf(report, "\n");
    }
}

// Whether the words are a page table's: each page has a generation, 1 or above and far below an address.
static int areGenerations(const uint64_t *words, int count) {
    for (int word = 0; word < count; word++)
        if (words[word] == 0 || words[word] >= 1u << 31) return 0;
    return 1;
}

// Whether the words are a shadow table's: nothing, or a generation that is not above the page's, and some of these in each page
// of memory.
static int areCopies(const uint64_t *words, const uint64_t *generations, int count) {
    for (int page = 0; page < count; page += wordsPerPage) {
        int filled = 0;
        for (int word = page; word < page + wordsPerPage; word++) {
            if (words[word] > generations[word]) return 0;
            filled += words[word] != 0;
        }
        if (filled == 0) return 0;
    }
    return 1;
}

// The page table or, where its generations are known, the shadow table, found by what is in them: how many there are, and the
// address of one. None overlaps `other`.
static int findTable(int memory, const struct mapping *mappings, int count, uint64_t *generations, int isShadow,
                     uintptr_t other, uintptr_t *table) {
    static uint64_t words[entries];
    int found = 0;
    for (const struct mapping *mapping = mappings; mapping < mappings + count; mapping++) {
        for (int page = 0, present = 0; page < mapping->pages; page++) {
            present = mapping->nodes[page] < 0 ? 0 : present + 1;
            uintptr_t end = mapping->start + (uintptr_t)(page + 1) * pageSize, start = end - sizeof words;
            if (present < tablePages || (start < other + sizeof words && other < end)) continue;
            // The first page decides mostly.
            for (int length = wordsPerPage; length <= entries; length += entries - wordsPerPage) {
                require(pread(memory, words, length * 8, start) == length * 8, "/proc/PID/mem");
                if (isShadow ? !areCopies(words, generations, length) : !areGenerations(words, length)) break;
                if (length < entries) continue;
                found++;
                *table = start;
                if (!isShadow) memcpy(generations, words, sizeof words);
            }
        }
    }
    return found;
}

// Whether there is exactly one of each table, which come to lie in `tables`: the page table and the shadow table.
static int findTables(pid_t process, const struct mapping *mappings, int count, uintptr_t tables[2]) {
    static uint64_t generations[entries];
    char path[80];
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    int memory = open(path, O_RDONLY);
    require(memory >= 0, path);
    tables[0] = 0;
    int isFound = findTable(memory, mappings, count, generations, 0, 0, &tables[0]) == 1
               && findTable(memory, mappings, count, generations, 1, tables[0], &tables[1]) == 1;
    close(memory);
    return isFound;
}

static const char *wantedThread;
static const char *wantedProcessors;

static void bind(pid_t process, int thread, const char *name) {
    if (strcmp(name, wantedThread) != 0) return;
    cpu_set_t set = processors(wantedProcessors);
    require(sched_setaffinity(thread, sizeof set, &set) == 0, "sched_setaffinity");
}

// Does what a case wants to be found: `thread:NAME:CPUS`, or `page:PAGE:NODE` of the shadow table.
static void change(pid_t process, char *what, uintptr_t shadow) {
    const char *kind = strtok(what, ":"), *first = strtok(0, ":"), *second = strtok(0, ":");
    if (!kind) return;
    require(first && second, "a change");
    if (strcmp(kind, "thread") == 0) {
        wantedThread = first;
        wantedProcessors = second;
        threadsWithRoles(process, bind);
    } else {
        void *page = (void *)(shadow + (uintptr_t)atoi(first) * pageSize);
        int node = atoi(second), status = -1;
        long moved = syscall(SYS_move_pages, process, 1, &page, &node, &status, 2 /* MPOL_MF_MOVE */);
        require(moved == 0 && status == node, "move_pages");
    }
}

// Writes what the kernel says of a process that stands still, and does the change; 0 where threads are not there, or the tables
// are not to be told from other memory yet.
static int look(const struct run *run, pid_t process) {
    enum { most = 4096 };
    static struct mapping mappings[most];
    int count = readMappings(process, mappings, most);
    for (int index = 0; index < count; index++) locate(process, mappings + index);
    uintptr_t tables[2];
    int isFound = threadsWithRoles(process, 0) == run->threads && findTables(process, mappings, count, tables);
    if (isFound) {
        fprintf(report, "table page %lx\ntable shadow %lx\n", tables[0], tables[1]);
        change(process, run->change, tables[1]);
        threadsWithRoles(process, describeThread);
    }
    for (int index = 0; index < count; index++) {
        if (isFound) {
            free(mappings[index].nodes);
            locate(process, mappings + index);
            describe(mappings + index);
        }
        free(mappings[index].nodes);
    }
    if (!isFound) return 0;
    char path[80], text[4096];
    snprintf(path, sizeof path, "/proc/%d/numa_maps", process);
    FILE *file = fopen(path, "r");
    while (file && fgets(text, sizeof text, file))
        if (!strstr(text, "file=")) fprintf(report, "policy %s", text);
    if (file) fclose(file);
    return 1;
}

// Stops a run, and looks at it, again and again until all is seen; 0 where it has ended before.
static int observe(const struct run *run, pid_t process) {
    for (int turn = 0; turn < patience * 200; turn++) {
        siginfo_t event = {0};
        if (waitid(P_PID, process, &event, WEXITED | WNOHANG | WNOWAIT) == 0 && event.si_pid == process) return 0;
        usleep(5000);
        if (threadsWithRoles(process, 0) != run->threads) continue;
        kill(process, SIGSTOP);
        waitid(P_PID, process, &event, WSTOPPED | WEXITED | WNOWAIT);
        int isSeen = event.si_code == CLD_STOPPED && look(run, process);
        kill(process, SIGCONT);
        if (isSeen) return 1;
        // Faults have to fill some of the shadow table.
        usleep(20000);
    }
    return 0;
}

// Runs a case, and its plan beside it.
static void play(struct run *run) {
    static const char *const plan[] = {"--plan", 0};
    static const char *const measure[] = {"--no-save", "--benchmark_out=/tmp/results.json", 0};
    pid_t planner = start(run, "plan", plan);
    section(run, "seen");
    int status = 0, isSeen = 0;
    // Where the emulation stands still for long, a run may end unseen.
    for (int attempt = 0; attempt < 3 && status == 0 && !isSeen; attempt++) {
        unlink("/tmp/results.json");
        pid_t child = start(run, "run", measure);
        isSeen = observe(run, child);
        status = join(child);
    }
    section(run, "status");
    fprintf(report, "%d\n", status);
    copyFile(run, "words", "/tmp/run-errors");
    copyFile(run, "results", "/tmp/results.json");
    section(run, "plan's status");
    fprintf(report, "%d\n", join(planner));
    copyFile(run, "plan", "/tmp/plan-output");
    copyFile(run, "plan's words", "/tmp/plan-errors");
    fflush(report);
}

int main(void) {
    mountKernelFiles();
    setenv("PATH", "/bin", 1);
    setenv("HOME", "/tmp", 1);
    int line = openLine();
    report = fdopen(line, "w");
    require(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, 0) == 0, "/sys/fs/cgroup");
    writeFile("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
    require(mkdir("/sys/fs/cgroup/part", 0777) == 0, "/sys/fs/cgroup/part");
    describeMachine();
    FILE *cases = fopen("/cases", "re");
    require(cases != 0, "/cases");
    static char text[4096];
    while (fgets(text, sizeof text, cases)) {
        text[strcspn(text, "\n")] = 0;
        char *rest = text, *fields[6];
        for (int index = 0; index < 6; index++) require((fields[index] = strsep(&rest, "\t")) != 0, "a line of /cases");
        struct run run = {fields[0], fields[1], fields[2], atoi(fields[3]), fields[4], {0}};
        int count = 0;
        for (char *word = strtok(fields[5], " "); word && count < mostArguments - 1; word = strtok(0, " "))
            run.arguments[count++] = word;
        play(&run);
    }
    fflush(report);
    endMachine(line);
}
