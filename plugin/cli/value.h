/* cli/value.h - the value of one option: from a user's text into the settings, and back into text.
 *
 * settings is the struct that the option's table describes; the value is stored at option->offset,
 * in the type of its kind (cli/option.h). Texts are stored as pointers, not copied.
 */
#ifndef VENDING_CLI_VALUE_H
#define VENDING_CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/option.h"

#define VALUE_SHOWN_BYTES 64  /* of a user's text in an error message */
#define VALUE_NUMBER_BYTES 32 /* of a formatted number with its unit */

/* Stores what the text says. false = it is not such a value, too large or too small: what, in
 * one line that begins with the flag ("--max-age: \"7x\" is not a duration such as 30s, 10m,
 * 7d"), is in *err. */
MUST_USE bool value_set(const struct option *option, const char *text, void *settings, struct err *err);

/* Stores the default; where there is none, NULL for a text or file and OPTION_NO_OFFSET for an
 * offset. false = the table's default is not valid. */
MUST_USE bool value_set_default(const struct option *option, void *settings, struct err *err);

/* Stores true, for a switch. */
void value_switch_on(const struct option *option, void *settings);

/* Is there a value? Not for an action, or a text, file or offset that was not given. */
bool value_is_set(const struct option *option, const void *settings);

/* Prints the value as a user would write it; a text between quotes where its end would
 * not be seen. */
void value_print(const struct option *option, const void *settings, FILE *out);

/* The limits of a number, in its largest unit that leaves a whole number. false = it is not a
 * number. */
bool value_format_range(const struct option *option, char min[VALUE_NUMBER_BYTES], char max[VALUE_NUMBER_BYTES]);

/* The option's choices in one text, as far as it fits. */
void value_join_choices(const struct option *option, const char *separator, char *out, size_t size);

/* A user's text made fit for one line of an error message: no control characters, not too long. */
const char *value_show(const char *text, char out[VALUE_SHOWN_BYTES]);

#endif
