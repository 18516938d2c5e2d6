#include "cli/options.h"

#include <inttypes.h>
#include <string.h>

#include "base/span.h"
#include "base/utf8.h"

#define SHOWN_BYTES 64 /* of a user's value in an error message */
#define TEXT_BYTES 32  /* of a formatted number with its unit */
#define HELP_WIDTH 80  /* columns of --help */
#define HELP_INDENT 30 /* where its right-hand column starts */
#define FLAG_INDENT 2

struct unit {
    const char *name;
    int64_t factor;
};

/* ---- the tables as one ---- */

/* An option, and where the struct is that it sets a member of. */
struct place {
    const struct option *option;
    size_t base;
};

size_t options_count(const struct program *program)
{
    size_t count = 0;
    for (size_t i = 0; i < program->part_count; i++) {
        count += program->parts[i].table->count;
    }
    return count;
}

static struct place place_at(const struct program *program, size_t index)
{
    const struct option_part *part = program->parts;
    while (index >= part->table->count) {
        index -= part->table->count;
        part++;
    }
    return (struct place){&part->table->options[index], part->base};
}

const struct option *options_at(const struct program *program, size_t index)
{
    return place_at(program, index).option;
}

/* ---- numbers and their units ---- */

/* Smallest first; the empty name ends a table. */
static const struct unit duration_units[] = {
    {"ms", INT64_C(1000000)},      {"s", INT64_C(1000000000)},     {"m", INT64_C(60000000000)},
    {"h", INT64_C(3600000000000)}, {"d", INT64_C(86400000000000)}, {"", 0},
};
static const struct unit byte_units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"", 0}};
static const struct unit count_units[] = {{"", 0}};

/* What differs between the kinds that are numbers. */
struct number_kind {
    const struct unit *units;
    bool bare; /* a number without unit is allowed */
    const char *expects;
};

static const struct number_kind duration_kind = {duration_units, false, "a duration such as 30s, 10m, 7d"};
static const struct number_kind offset_kind = {duration_units, false, "now, or an offset such as -24h, 10m"};
static const struct number_kind bytes_kind = {byte_units, true, "a size such as 65536, 64KiB, 1MiB"};
static const struct number_kind count_kind = {count_units, true, "a whole number"};

static const struct number_kind *number_kind(enum option_kind kind)
{
    switch (kind) {
    case OPTION_COUNT:
        return &count_kind;
    case OPTION_BYTES:
        return &bytes_kind;
    case OPTION_DURATION:
        return &duration_kind;
    case OPTION_OFFSET:
        return &offset_kind;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_CHOICE:
    case OPTION_SWITCH:
    case OPTION_ACTION:
        break;
    }
    return NULL;
}

/* ---- reading values ---- */

/* A user's text made fit for one line: no control characters, not too long. */
static const char *show(const char *text, char out[SHOWN_BYTES])
{
    size_t len = strlen(text);
    bool cut = len >= SHOWN_BYTES;
    size_t kept = cut ? SHOWN_BYTES - sizeof "..." : len;
    for (int i = 0; cut && i < 3 && ((unsigned char)text[kept] & 0xc0) == 0x80; i++) {
        kept--; /* to the start of a character */
    }
    for (size_t i = 0; i < kept; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = text[i];
        if (c < 0x20 || c == 0x7f) {
            out[i] = '?';
        }
    }
    memcpy(out + kept, cut ? "..." : "", cut ? sizeof "..." : 1);
    return out;
}

/* Digits only; false = none, or more than an int64 holds. *rest is what follows them. */
static bool read_digits(const char *text, int64_t *number, const char **rest)
{
    const char *at = text;
    *number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (*number > (INT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    *rest = at;
    return at != text;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (const struct unit *unit = units; unit->factor; unit++) {
        if (strcmp(unit->name, name) == 0) {
            return unit;
        }
    }
    return NULL;
}

/* false = not such a number at all. One that is too large for an int64 is as good as out of range: INT64_MAX. */
static bool read_number(const struct number_kind *kind, const char *text, int64_t *number)
{
    const char *rest;
    if (!read_digits(text, number, &rest)) {
        return false;
    }
    if (!*rest) {
        return kind->bare || *number == 0;
    }
    const struct unit *unit = find_unit(kind->units, rest);
    if (!unit) {
        return false;
    }
    *number = *number > INT64_MAX / unit->factor ? INT64_MAX : *number * unit->factor;
    return true;
}

/* The same with a sign before it, or "now". */
static bool read_offset(const char *text, int64_t *number)
{
    bool negative = *text == '-';
    if (strcmp(text, "now") == 0) {
        *number = 0;
        return true;
    }
    if (!read_number(&offset_kind, text + (negative || *text == '+' ? 1 : 0), number)) {
        return false;
    }
    *number = negative ? -*number : *number;
    return true;
}

/* In the largest unit that leaves a whole number. */
static const char *format_number(const struct number_kind *kind, int64_t number, char out[TEXT_BYTES])
{
    const char *name = "";
    int64_t factor = 1;
    for (const struct unit *unit = kind->units; unit->factor && number != 0; unit++) {
        if (number % unit->factor == 0 && unit->factor > 1) {
            name = unit->name;
            factor = unit->factor;
        }
    }
    snprintf(out, TEXT_BYTES, "%" PRId64 "%s", number / factor, name);
    return out;
}

static void store(const struct option *option, void *settings, const void *value, size_t size)
{
    memcpy((char *)settings + option->offset, value, size);
}

/* Times are int64_t, other numbers size_t. */
static bool is_time(const struct option *option)
{
    return option->kind == OPTION_DURATION || option->kind == OPTION_OFFSET;
}

static bool set_number(const struct option *option, const char *text, void *settings, struct err *err)
{
    const struct number_kind *kind = number_kind(option->kind);
    char shown[SHOWN_BYTES];
    char min[TEXT_BYTES];
    char max[TEXT_BYTES];
    int64_t number;
    bool read = option->kind == OPTION_OFFSET ? read_offset(text, &number) : read_number(kind, text, &number);
    if (!read) {
        err_set(err, 0, "--%s: \"%s\" is not %s", option->name, show(text, shown), kind->expects);
        return false;
    }
    if ((number < option->min || number > option->max) && !(number == 0 && option->zero_too)) {
        err_set(err, 0, "--%s: \"%s\" is outside %s to %s%s", option->name, show(text, shown),
                format_number(kind, option->min, min), format_number(kind, option->max, max),
                option->zero_too ? " (0 = none)" : "");
        return false;
    }
    if (is_time(option)) {
        store(option, settings, &number, sizeof number);
    } else {
        size_t size = (size_t)number;
        store(option, settings, &size, sizeof size);
    }
    return true;
}

static bool is_plain_text(const char *text)
{
    struct span span = span_of(text);
    if (utf8_invalid_at(span) < span.len) {
        return false;
    }
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool set_text(const struct option *option, const char *text, void *settings, struct err *err)
{
    char shown[SHOWN_BYTES];
    int64_t len = (int64_t)strlen(text);
    if (len < option->min || len > option->max) {
        err_set(err, 0, "--%s: \"%s\" has %" PRId64 " bytes, allowed are %" PRId64 " to %" PRId64, option->name,
                show(text, shown), len, option->min, option->max);
        return false;
    }
    if (!is_plain_text(text)) {
        err_set(err, 0, "--%s: \"%s\" holds a control character or is not UTF-8", option->name, show(text, shown));
        return false;
    }
    if (option->accepts && !option->accepts(text)) {
        err_set(err, 0, "--%s: \"%s\" is not %s", option->name, show(text, shown), option->expects);
        return false;
    }
    store(option, settings, &text, sizeof text);
    return true;
}

static bool set_file(const struct option *option, const char *text, void *settings, struct err *err)
{
    if (!*text) {
        err_set(err, 0, "--%s: the file name is empty", option->name);
        return false;
    }
    store(option, settings, &text, sizeof text);
    return true;
}

static void join_choices(const struct option *option, const char *separator, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; option->choices[i] && len < size; i++) {
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? separator : "", option->choices[i]);
    }
}

static bool set_choice(const struct option *option, const char *text, void *settings, struct err *err)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            store(option, settings, &i, sizeof i);
            return true;
        }
    }
    char shown[SHOWN_BYTES];
    char all[128];
    join_choices(option, " or ", all, sizeof all);
    err_set(err, 0, "--%s: \"%s\" is not %s", option->name, show(text, shown), all);
    return false;
}

static bool set_value(const struct option *option, const char *text, void *settings, struct err *err)
{
    switch (option->kind) {
    case OPTION_TEXT:
        return set_text(option, text, settings, err);
    case OPTION_FILE:
        return set_file(option, text, settings, err);
    case OPTION_CHOICE:
        return set_choice(option, text, settings, err);
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_DURATION:
    case OPTION_OFFSET:
        return set_number(option, text, settings, err);
    case OPTION_SWITCH:
    case OPTION_ACTION:
        break;
    }
    return true;
}

static bool set_default(const struct option *option, void *settings, struct err *err)
{
    const char *none = NULL;
    if (option->initial) {
        return set_value(option, option->initial, settings, err);
    }
    if (option->kind == OPTION_TEXT || option->kind == OPTION_FILE) {
        store(option, settings, &none, sizeof none);
    } else if (option->kind == OPTION_OFFSET) {
        const int64_t no_offset = OPTION_NO_OFFSET;
        store(option, settings, &no_offset, sizeof no_offset);
    }
    return true;
}

/* ---- reading the command line ---- */

/* Its position; options_count() if there is none of that name. */
static size_t find_option(const struct program *program, const char *name, size_t name_len)
{
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(program, i);
        if (strlen(option->name) == name_len && memcmp(option->name, name, name_len) == 0) {
            return i;
        }
    }
    return count;
}

/* The action given before, by its flag. */
static const char *earlier_action(const struct program *program, const struct options_result *result)
{
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(program, i);
        if (option->kind == OPTION_ACTION && result->given[i]) {
            return option->name;
        }
    }
    return "";
}

static bool take_action(const struct program *program, const struct option *option, struct options_result *result,
                        struct err *err)
{
    if (result->action && !option->at_once) {
        err_set(err, 0, "--%s and --%s contradict each other", earlier_action(program, result), option->name);
        return false;
    }
    result->action = option->action;
    return true;
}

/* One argument apart: --name, and the value if it is behind a '='. */
struct argument {
    const char *name;
    size_t name_len;
    const char *value; /* NULL = none here */
};

static struct argument split(const char *text)
{
    const char *name = text + 2;
    const char *equals = strchr(name, '=');
    return (struct argument){name, equals ? (size_t)(equals - name) : strlen(name), equals ? equals + 1 : NULL};
}

static void unknown(const struct program *program, const char *text, struct err *err)
{
    char shown[SHOWN_BYTES];
    bool is_flag = text[0] == '-' && text[1];
    err_set(err, 0, "%s \"%s\"; %s --help shows the flags", is_flag ? "unknown flag" : "unexpected argument",
            show(text, shown), program->name);
}

/* The value of a flag that takes one: behind its '=', or the next argument, which then counts as used. */
static const char *take_value(const struct option *option, struct argument argument, char *const argv[], int *i,
                              struct err *err)
{
    if (argument.value) {
        return argument.value;
    }
    const char *next = argv[*i + 1];
    if (!next || strncmp(next, "--", 2) == 0) {
        char choices[128] = "";
        if (option->choices) {
            join_choices(option, "|", choices, sizeof choices);
        }
        err_set(err, 0, "--%s: the value is missing (--%s %s)", option->name, option->name,
                option->argument ? option->argument : choices);
        return NULL;
    }
    (*i)++;
    return next;
}

/* What is no flag. */
static bool take_operand(const struct program *program, const char *text, struct options_result *result,
                         struct err *err)
{
    if (!program->takes_operands || !*text) {
        unknown(program, text, err);
        return false;
    }
    if (result->operand_count == OPTIONS_MAX_OPERANDS) {
        err_set(err, 0, "more than %d arguments that are no flags", OPTIONS_MAX_OPERANDS);
        return false;
    }
    result->operands[result->operand_count++] = text;
    return true;
}

/* A flag that has no value behind a '=': the next argument, or what the flag alone means. NULL = an error, said. */
static const char *value_elsewhere(const struct option *option, struct argument argument, char *const argv[], int *i,
                                   struct err *err)
{
    return option->alone && !argument.value ? option->alone : take_value(option, argument, argv, i, err);
}

static bool take_valueless(const struct program *program, const struct option *option, struct argument argument,
                           void *settings, struct options_result *result, struct err *err)
{
    if (argument.value) {
        err_set(err, 0, "--%s takes no value", option->name);
        return false;
    }
    if (option->kind == OPTION_ACTION) {
        return take_action(program, option, result, err);
    }
    const bool on = true;
    store(option, settings, &on, sizeof on);
    return true;
}

/* The flag argv[*i] and, where it takes one, its value. */
static bool take_flag(const struct program *program, char *const argv[], int *i, void *settings,
                      struct options_result *result, struct err *err)
{
    bool has_dashes = strncmp(argv[*i], "--", 2) == 0;
    struct argument argument = has_dashes ? split(argv[*i]) : (struct argument){"", 0, NULL};
    size_t index = find_option(program, argument.name, argument.name_len);
    if (index == options_count(program)) {
        unknown(program, argv[*i], err);
        return false;
    }
    const struct place place = place_at(program, index);
    const struct option *option = place.option;
    if (result->given[index]) {
        err_set(err, 0, "--%s is given twice", option->name);
        return false;
    }
    void *target = (char *)settings + place.base;
    bool taken;
    if (option->kind == OPTION_ACTION || option->kind == OPTION_SWITCH) {
        taken = take_valueless(program, option, argument, target, result, err);
    } else {
        const char *value = value_elsewhere(option, argument, argv, i, err);
        taken = value && set_value(option, value, target, err);
    }
    result->given[index] = taken;
    return taken;
}

static bool ends_parsing(const struct program *program, const struct options_result *result)
{
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        if (options_at(program, i)->at_once && result->given[i]) {
            return true;
        }
    }
    return false;
}

bool options_parse(const struct program *program, int argc, char *const argv[], void *settings,
                   struct options_result *result, struct err *err)
{
    *result = (struct options_result){0};
    size_t count = options_count(program);
    if (count > OPTIONS_MAX) {
        err_set(err, 0, "the tables have more than %d options", OPTIONS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct place place = place_at(program, i);
        if (!set_default(place.option, (char *)settings + place.base, err)) {
            return false;
        }
    }
    bool only_operands = false;
    for (int i = 1; i < argc && !ends_parsing(program, result); i++) {
        if (!only_operands && program->takes_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
            continue;
        }
        bool is_operand = only_operands || argv[i][0] != '-' || !argv[i][1];
        bool taken = is_operand ? take_operand(program, argv[i], result, err)
                                : take_flag(program, argv, &i, settings, result, err);
        if (!taken) {
            return false;
        }
    }
    return true;
}

bool options_given(const struct program *program, const struct options_result *result, const char *name)
{
    size_t index = find_option(program, name, strlen(name));
    return index < options_count(program) && result->given[index];
}

/* ---- help ---- */

/* Text in the right-hand column, broken between words. */
struct paragraph {
    FILE *out;
    size_t column;
};

static void new_line(struct paragraph *paragraph)
{
    fprintf(paragraph->out, "\n%*s", HELP_INDENT, "");
    paragraph->column = HELP_INDENT;
}

static void put_word(struct paragraph *paragraph, const char *word, size_t len)
{
    bool first = paragraph->column == HELP_INDENT;
    if (!first && paragraph->column + 1 + len > HELP_WIDTH) {
        new_line(paragraph);
        first = true;
    }
    fprintf(paragraph->out, "%s%.*s", first ? "" : " ", (int)len, word);
    paragraph->column += len + (first ? 0 : 1);
}

static void put_words(struct paragraph *paragraph, const char *text)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        put_word(paragraph, text, len);
        text += len;
    }
}

/* The largest part of a flag's left-hand column is made of the table's own short texts: it always fits. */
static size_t format_flag(const struct option *option, char *out, size_t size)
{
    char choices[128] = "";
    if (option->choices) {
        join_choices(option, "|", choices, sizeof choices);
    }
    const char *argument = option->argument ? option->argument : choices;
    int len = option->alone ? snprintf(out, size, "--%s[=%s]", option->name, argument)
                            : snprintf(out, size, "--%s%s%s", option->name, *argument ? " " : "", argument);
    return (size_t)len;
}

/* "(default 7d, 0 to 3650d)" */
static void put_default(struct paragraph *paragraph, const struct option *option)
{
    const struct number_kind *kind = number_kind(option->kind);
    const char *words = option->initial_words ? option->initial_words : option->initial;
    char text[192];
    char min[TEXT_BYTES];
    char max[TEXT_BYTES];
    if (words && kind) {
        snprintf(text, sizeof text, "(default %s, %s to %s)", words, format_number(kind, option->min, min),
                 format_number(kind, option->max, max));
        put_words(paragraph, text);
    } else if (words) {
        snprintf(text, sizeof text, "(default %s)", words);
        put_words(paragraph, text);
    }
}

static void print_option(const struct option *option, FILE *out)
{
    char flag[192];
    size_t len = format_flag(option, flag, sizeof flag);
    struct paragraph paragraph = {out, HELP_INDENT};
    fprintf(out, "%*s%s", FLAG_INDENT, "", flag);
    if (FLAG_INDENT + len + 2 > HELP_INDENT) {
        new_line(&paragraph);
    } else {
        fprintf(out, "%*s", (int)(HELP_INDENT - FLAG_INDENT - len), "");
    }
    put_words(&paragraph, option->help);
    put_default(&paragraph, option);
    fputc('\n', out);
}

static bool is_first_of_group(const struct program *program, size_t index)
{
    const char *group = options_at(program, index)->group;
    size_t i = 0;
    while (strcmp(options_at(program, i)->group, group) != 0) {
        i++;
    }
    return i == index;
}

static void print_group(const struct program *program, const char *group, FILE *out)
{
    size_t count = options_count(program);
    fprintf(out, "\n%s:\n", group);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(program, i);
        if (strcmp(option->group, group) == 0) {
            print_option(option, out);
        }
    }
}

void options_print_help(const struct program *program, FILE *out)
{
    fprintf(out, "%s %s - %s\n\nUsage:\n%s", program->name, program->version, program->summary, program->usage);
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        if (is_first_of_group(program, i)) {
            print_group(program, options_at(program, i)->group, out);
        }
    }
    fprintf(out, "\n%s", program->notes);
}

/* ---- what is in force ---- */

static void load(const struct option *option, const void *settings, void *value, size_t size)
{
    memcpy(value, (const char *)settings + option->offset, size);
}

static int64_t load_number(const struct option *option, const void *settings)
{
    int64_t number = 0;
    if (is_time(option)) {
        load(option, settings, &number, sizeof number);
    } else {
        size_t size;
        load(option, settings, &size, sizeof size);
        number = (int64_t)size;
    }
    return number;
}

static const char *load_text(const struct option *option, const void *settings)
{
    const char *text;
    load(option, settings, &text, sizeof text);
    return text;
}

/* Quoted where it would otherwise not be told apart. */
static void print_text(const char *text, FILE *out)
{
    const char *quote = *text && !strpbrk(text, " \"\t\r\n") ? "" : "\"";
    fputs(quote, out);
    for (; *text; text++) {
        fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
    fputs(quote, out);
}

static void print_value(const struct option *option, const void *settings, FILE *out)
{
    char number[TEXT_BYTES];
    int choice;
    bool on;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_FILE:
        print_text(load_text(option, settings), out);
        break;
    case OPTION_CHOICE:
        load(option, settings, &choice, sizeof choice);
        fputs(option->choices[choice], out);
        break;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_DURATION:
    case OPTION_OFFSET:
        fputs(format_number(number_kind(option->kind), load_number(option, settings), number), out);
        break;
    case OPTION_SWITCH:
        load(option, settings, &on, sizeof on);
        fputs(on ? "yes" : "no", out);
        break;
    case OPTION_ACTION:
        break;
    }
}

static bool is_set(const struct option *option, const void *settings)
{
    if (option->kind == OPTION_TEXT || option->kind == OPTION_FILE) {
        return load_text(option, settings) != NULL;
    }
    if (option->kind == OPTION_OFFSET) {
        return load_number(option, settings) != OPTION_NO_OFFSET;
    }
    return option->kind != OPTION_ACTION;
}

void options_print_settings(const struct program *program, const void *settings, FILE *out)
{
    const char *separator = "";
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct place place = place_at(program, i);
        const void *part = (const char *)settings + place.base;
        if (is_set(place.option, part)) {
            fprintf(out, "%s%s=", separator, place.option->name);
            print_value(place.option, part, out);
            separator = " ";
        }
    }
}
