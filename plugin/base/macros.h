/* base/macros.h - what C leaves to be said by a macro. */
#ifndef VENDING_BASE_MACROS_H
#define VENDING_BASE_MACROS_H

/* Marks a function whose result says whether it worked: a caller that drops it does not compile. */
#define MUST_USE __attribute__((warn_unused_result))

/* Drops the result of a MUST_USE function; a comment beside it says why that is right. */
#define IGNORE_RESULT(call)                                                                                            \
    do {                                                                                                               \
        if (call) {                                                                                                    \
        }                                                                                                              \
    } while (0)

/* Elements of an array (not of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of a function that is seldom called: kept out of its caller, which would save registers for it
 * each time. */
#define NOT_INLINED __attribute__((noinline))

#endif
