#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mqtt/secret.h"
#include "support.h"

static char file[64];
static unsigned others;

static void make_name(void)
{
    snprintf(file, sizeof file, "/tmp/vending-secret-XXXXXX");
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_file(void)
{
    unlink(file);
}

static void write_file(struct span bytes)
{
    FILE *out = fopen(file, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, out), bytes.len);
    ck_assert_int_eq(fclose(out), 0);
}

static const struct {
    const char *name;
    struct span contents;
    const char *want; /* NULL = refused */
    const char *why;
} cases[] = {
    {"a line", SPAN_LITERAL("s3cret\n"), "s3cret", NULL},
    {"no end of line", SPAN_LITERAL("s3cret"), "s3cret", NULL},
    {"CRLF", SPAN_LITERAL("s3cret\r\n"), "s3cret", NULL},
    {"only the first line", SPAN_LITERAL("one\ntwo\n"), "one", NULL},
    {"blanks belong to it", SPAN_LITERAL(" a b \n"), " a b ", NULL},
    {"any character", SPAN_LITERAL("\"\\$%\xE5\xAF\x86'\n"), "\"\\$%\xE5\xAF\x86'", NULL},
    {"a NUL behind it", SPAN_LITERAL("a\n\0"), "a", NULL},
    {"nothing", SPAN_LITERAL(""), NULL, "the first line is empty"},
    {"an empty line", SPAN_LITERAL("\nx"), NULL, "the first line is empty"},
    {"an empty line, CRLF", SPAN_LITERAL("\r\nx"), NULL, "the first line is empty"},
    {"a NUL in it", SPAN_LITERAL("a\0b\n"), NULL, "the first line is not text"},
};

START_TEST(contents)
{
    char got[MQTT_SECRET_BYTES];
    struct err err;
    err_clear(&err);
    write_file(cases[_i].contents);
    bool read = mqtt_secret_read(file, got, &others, &err);
    ck_assert_msg(read == (cases[_i].want != NULL), "%s: %s", cases[_i].name, err.text);
    if (read) {
        ck_assert_str_eq(got, cases[_i].want);
    } else {
        ck_assert_msg(strstr(err.text, cases[_i].why), "%s: %s", cases[_i].name, err.text);
        ck_assert_msg(strncmp(err.text, "password file /", 15) == 0 && strstr(err.text, file), "%s: %s", cases[_i].name,
                      err.text);
    }
}
END_TEST

START_TEST(the_longest)
{
    static char long_line[MQTT_SECRET_BYTES + 1];
    char got[MQTT_SECRET_BYTES];
    struct err err;
    memset(long_line, 'x', sizeof long_line);
    err_clear(&err);

    write_file((struct span){long_line, MQTT_SECRET_BYTES - 1});
    ck_assert_msg(mqtt_secret_read(file, got, &others, &err), "%s", err.text);
    ck_assert_uint_eq(strlen(got), MQTT_SECRET_BYTES - 1);

    write_file((struct span){long_line, MQTT_SECRET_BYTES});
    ck_assert(!mqtt_secret_read(file, got, &others, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "the first line is longer than 4095 bytes"));
}
END_TEST

START_TEST(not_a_file)
{
    char got[MQTT_SECRET_BYTES];
    struct err err;
    err_clear(&err);
    ck_assert(!mqtt_secret_read("/nonexistent/password", got, &others, &err));
    ck_assert_str_eq(err.text, "password file /nonexistent/password: No such file or directory");
    err_clear(&err);
    ck_assert(!mqtt_secret_read("/tmp", got, &others, &err));
    ck_assert_str_eq(err.text, "password file /tmp: Is a directory");
    err_clear(&err);
    ck_assert(!mqtt_secret_read("/dev/zero", got, &others, &err));
    ck_assert_str_eq(err.text, "password file /dev/zero: not a regular file");
    ck_assert_int_eq(mqtt_secret_check("/dev/zero"), EINVAL);
    ck_assert_str_eq(mqtt_secret_strerror(EINVAL), "not a regular file");
    ck_assert_int_eq(mqtt_secret_check("/nonexistent/password"), ENOENT);
}
END_TEST

/* A pipe that nobody writes to would keep it for ever. */
START_TEST(a_pipe_is_not_waited_for)
{
    char got[MQTT_SECRET_BYTES];
    struct err err;
    err_clear(&err);
    unlink(file);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert(!mqtt_secret_read(file, got, &others, &err));
    ck_assert_ptr_nonnull(strstr(err.text, ": not a regular file"));
    ck_assert_int_eq(mqtt_secret_check(file), EINVAL);
}
END_TEST

/* As Kubernetes mounts it. */
START_TEST(a_link_is_followed)
{
    char got[MQTT_SECRET_BYTES];
    char link[80];
    struct err err;
    err_clear(&err);
    write_file(SPAN_LITERAL("s3cret\n"));
    snprintf(link, sizeof link, "%s-link", file);
    ck_assert_int_eq(symlink(file, link), 0);
    bool is_read = mqtt_secret_read(link, got, &others, &err);
    unlink(link);
    ck_assert_msg(is_read, "%s", err.text);
    ck_assert_str_eq(got, "s3cret");
}
END_TEST

static const struct {
    mode_t mode;
    unsigned others;
} modes[] = {{0600, 0}, {0640, 0}, {0660, 0}, {0644, S_IROTH}, {0602, S_IWOTH}, {0666, S_IROTH | S_IWOTH}, {0601, 0}};

START_TEST(what_others_may_do)
{
    char got[MQTT_SECRET_BYTES];
    struct err err;
    err_clear(&err);
    write_file(SPAN_LITERAL("s3cret\n"));
    ck_assert_int_eq(chmod(file, modes[_i].mode), 0);
    ck_assert_msg(mqtt_secret_read(file, got, &others, &err), "%s", err.text);
    ck_assert_msg(others == modes[_i].others, "%o: %o", (unsigned)modes[_i].mode, others);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tcase = tcase_create("secret");
    tcase_add_checked_fixture(tcase, make_name, remove_file);
    tcase_add_loop_test(tcase, contents, 0, (int)COUNT(cases));
    tcase_add_test(tcase, the_longest);
    tcase_add_test(tcase, not_a_file);
    tcase_add_test(tcase, a_pipe_is_not_waited_for);
    tcase_add_test(tcase, a_link_is_followed);
    tcase_add_loop_test(tcase, what_others_may_do, 0, (int)COUNT(modes));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
