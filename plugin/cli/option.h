/* cli/option.h - one command-line flag as data: its name, its value, where that is stored, and its
 * help.
 *
 * The kind decides how a value is written by the user and which type the member of the settings has
 * that it is stored in (cli/value.h).
 */
#ifndef VENDING_CLI_OPTION_H
#define VENDING_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_NO_OFFSET INT64_MIN

/* Behind each kind, the type of the member that it sets. */
enum option_kind {
    OPTION_TEXT,     /* const char *: valid UTF-8 without control characters, min..max bytes */
    OPTION_FILE,     /* const char *: a file name, not empty; NULL = not given */
    OPTION_CHOICE,   /* an enum: the position in choices */
    OPTION_COUNT,    /* size_t */
    OPTION_BYTES,    /* size_t: bytes, or with KiB or MiB behind the number */
    OPTION_DURATION, /* int64_t, nanoseconds: a whole number with ms, s, m, h or d behind it */
    OPTION_OFFSET,   /* int64_t, nanoseconds: a duration, + or - before it, or "now" for 0;
                        OPTION_NO_OFFSET if there is no default and none is given */
    OPTION_SWITCH,   /* bool: true if given; takes no value */
    OPTION_ACTION,   /* no member: what the program is to do, see options_parse */
};

struct option {
    const char *group;    /* heading in --help, across tables */
    const char *name;     /* without the dashes */
    const char *argument; /* its name in --help; NULL for an action, or where the choices say it */
    enum option_kind kind;
    size_t offset;                     /* of the member in the settings struct */
    const char *initial;               /* the default, as a user would write it; NULL = none */
    const char *initial_words;         /* how --help says it, if not as it is */
    const char *alone;                 /* the value of the flag without one; NULL = it needs one */
    int64_t min, max;                  /* allowed: count, bytes, nanoseconds, or bytes of a text */
    bool zero_too;                     /* 0 is allowed although it is below min: "none" */
    const char *const *choices;        /* ends with NULL */
    bool (*accepts)(const char *text); /* a further check of a text; may be NULL */
    const char *expects;               /* "is not ..." of that check's error message */
    int action;                        /* of an action: greater than 0 */
    bool at_once;                      /* an action that ends parsing (help, version) */
    const char *help;
};

#endif
