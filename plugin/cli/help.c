#include "cli/help.h"

#include <string.h>

#include "cli/value.h"

#define HELP_WIDTH 80  /* columns */
#define HELP_INDENT 30 /* where the right-hand column starts */
#define FLAG_INDENT 2

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

/* The largest part of a flag's left-hand column is made of the table's own short texts: it
 * always fits. */
static size_t format_flag(const struct option *option, char *out, size_t size)
{
    char choices[128] = "";
    if (option->choices) {
        value_join_choices(option, "|", choices, sizeof choices);
    }
    const char *argument = option->argument ? option->argument : choices;
    int len = option->alone ? snprintf(out, size, "--%s[=%s]", option->name, argument)
                            : snprintf(out, size, "--%s%s%s", option->name, *argument ? " " : "", argument);
    return (size_t)len;
}

/* "(default 7d, 0 to 3650d)" */
static void put_default(struct paragraph *paragraph, const struct option *option)
{
    const char *words = option->initial_words ? option->initial_words : option->initial;
    char text[192];
    char min[VALUE_NUMBER_BYTES];
    char max[VALUE_NUMBER_BYTES];
    if (!words) {
        return;
    }
    if (value_format_range(option, min, max)) {
        snprintf(text, sizeof text, "(default %s, %s to %s)", words, min, max);
    } else {
        snprintf(text, sizeof text, "(default %s)", words);
    }
    put_words(paragraph, text);
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

void help_print(const struct program *program, FILE *out)
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
