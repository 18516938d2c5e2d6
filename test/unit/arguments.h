/* arguments.h - a command line for tests. main's argv may be written to, so it is not made of literals; what is parsed has views into it, so it stays
 * until the next one. */
#ifndef VENDING_TEST_ARGUMENTS_H
#define VENDING_TEST_ARGUMENTS_H

#include <check.h>
#include <stdio.h>

#define ARGUMENTS_MAX 40
#define ARGUMENT_BYTES 128

struct arguments {
    int count; /* the program's name included */
    char *const *values;
};

/* args: those behind the program's name; ends with NULL. */
static inline struct arguments make_arguments(const char *const args[])
{
    static char storage[ARGUMENTS_MAX + 2][ARGUMENT_BYTES];
    static char *values[ARGUMENTS_MAX + 2];
    int count = 1;
    values[0] = storage[0];
    for (; args[count - 1]; count++) {
        ck_assert_int_le(count, ARGUMENTS_MAX);
        values[count] = storage[count];
        snprintf(storage[count], ARGUMENT_BYTES, "%s", args[count - 1]);
    }
    values[count] = NULL;
    return (struct arguments){count, values};
}

#endif
