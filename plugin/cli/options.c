#include "cli/options.h"

#include <string.h>

#include "cli/value.h"

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

/* The one flag with a short form. */
static const char *spelled_out(const char *text)
{
    return strcmp(text, "-h") == 0 ? "--help" : text;
}

static void unknown(const struct program *program, const char *text, struct err *err)
{
    char shown[VALUE_SHOWN_BYTES];
    bool is_flag = text[0] == '-' && text[1];
    err_set(err, 0, "%s \"%s\"; %s --help shows the flags", is_flag ? "unknown flag" : "unexpected argument",
            value_show(text, shown), program->name);
}

/* The value of a flag that takes one: behind its '=', or the next argument, which then counts as
 * used. */
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
            value_join_choices(option, "|", choices, sizeof choices);
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

/* A flag that has no value behind a '=': the next argument, or what the flag alone means. NULL =
 * an error, said. */
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
    value_switch_on(option, settings);
    return true;
}

/* The flag argv[*i] and, where it takes one, its value. */
static bool take_flag(const struct program *program, char *const argv[], int *i, void *settings,
                      struct options_result *result, struct err *err)
{
    const char *text = spelled_out(argv[*i]);
    bool has_dashes = strncmp(text, "--", 2) == 0;
    struct argument argument = has_dashes ? split(text) : (struct argument){"", 0, NULL};
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
        taken = value && value_set(option, value, target, err);
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
        if (!value_set_default(place.option, (char *)settings + place.base, err)) {
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

bool options_named(int argc, char *const argv[], const char *name)
{
    for (int i = 1; i < argc; i++) {
        const char *text = spelled_out(argv[i]);
        struct argument argument = strncmp(text, "--", 2) == 0 ? split(text) : (struct argument){"", 0, NULL};
        if (argument.name_len == strlen(name) && strncmp(argument.name, name, argument.name_len) == 0) {
            return true;
        }
    }
    return false;
}

bool options_given(const struct program *program, const struct options_result *result, const char *name)
{
    size_t index = find_option(program, name, strlen(name));
    return index < options_count(program) && result->given[index];
}

/* ---- what is in force ---- */

void options_print_settings(const struct program *program, const void *settings, FILE *out)
{
    const char *separator = "";
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct place place = place_at(program, i);
        const void *part = (const char *)settings + place.base;
        if (value_is_set(place.option, part)) {
            fprintf(out, "%s%s=", separator, place.option->name);
            value_print(place.option, part, out);
            separator = " ";
        }
    }
}
