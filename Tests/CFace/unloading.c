// Opens the library late, uses it, and closes it: it stays, since handlers of fork, threads' ends and the Swift runtime would
// be left without their code. And its functions are found by their version.
#define _GNU_SOURCE
#include "face.h"

#include <dlfcn.h>
#include <pthread.h>

static int (*create)(nd_space **);
static int (*destroy)(nd_space *);

// On a thread of its own, since glibc keeps a library for whose threads' ends something is noted.
static void *use(void *unused) {
    nd_space *space;
    EXPECT(0, create(&space));
    EXPECT(0, destroy(space));
    return unused;
}

static void use_on_a_thread(void) {
    pthread_t thread;
    EXPECT(0, pthread_create(&thread, NULL, use, NULL));
    EXPECT(0, pthread_join(thread, NULL));
}

int main(int count, char **arguments) {
    if (count < 2) return fprintf(stderr, "usage: unloading LIBRARY\n"), 2;
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    create = (int (*)(nd_space **))dlvsym(library, "nd_space_create", "ND_1");
    destroy = (int (*)(nd_space *))dlvsym(library, "nd_space_destroy", "ND_1");
    if (create == NULL || destroy == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    use_on_a_thread();
    EXPECT(0, dlclose(library));
    if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) == NULL) return fprintf(stderr, "dlclose has unloaded the library\n"), 1;
    use_on_a_thread();
    return 0;
}
