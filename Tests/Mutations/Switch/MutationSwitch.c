#include "MutationSwitch.h"

#include <stdlib.h>

int mutation_switch_number;

__attribute__((constructor)) static void read_number(void) {
    const char *number = getenv("INVBENCH_MUTATION");
    mutation_switch_number = number ? atoi(number) : 0;
}
