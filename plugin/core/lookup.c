#include "core/lookup.h"

#include <stdlib.h>
#include <string.h>

#define NAME_WORDS_BYTES sizeof(struct lookup_name_words)

/* An open container of the text. */
struct frame {
    uint64_t serial;
    struct lookup_node *node;   /* NULL = nothing below it is mapped */
    struct lookup_node *before; /* the node of the element before, of an array */
    bool is_array;
    int32_t index; /* of the next element */
};

struct lookup {
    struct lookup_node *nodes; /* the text's own value, and all below; a child stands behind its parent */
    size_t node_count;
    struct lookup_node **names;   /* a hash table of nodes by container and name, NULL = free */
    struct lookup_node **indexes; /* ... and by container and position */
    uint64_t mask;                /* of both tables */
    struct lookup_paths *columns;
    struct lookup_paths device_no;
    struct lookup_paths time;
    size_t longest_name; /* bytes */
    char *plain;         /* a key without its escapes */
    /* of the walk: */
    struct frame frames[JSON_MAX_DEPTH + 1];
    size_t depth;
    struct lookup_node *target; /* where the value of the last key goes, NULL = nowhere */
    uint64_t serial;            /* one for each value and text, never the same */
    bool has_surplus;
    const struct lookup_node *repeated[LOOKUP_MAX_REPEATED];
    size_t repeated_count;
};

static const struct json_raw absent = {.kind = JSON_KIND_ABSENT, .text = {"", 0}};

/* ---- the two tables ---- */

static uint64_t spread(uint64_t bits)
{
    /* 2^64 by the golden ratio: multiplicative hashing (Knuth, 6.4) */
    bits *= UINT64_C(0x9E3779B97F4A7C15);
    return bits ^ bits >> 32;
}

static inline struct lookup_name_words words_of(const char *name, size_t len)
{
    struct lookup_name_words words = {0, 0};
    if (len >= sizeof words.head) {
        memcpy(&words.head, name, sizeof words.head);
        memcpy(&words.tail, name + len - sizeof words.tail, sizeof words.tail);
    } else if (len >= sizeof(uint32_t)) {
        memcpy(&words.head, name, sizeof(uint32_t));
        memcpy(&words.tail, name + len - sizeof(uint32_t), sizeof(uint32_t));
    } else if (len > 0) {
        words.head = (unsigned char)name[0];
        words.tail = (uint64_t)(unsigned char)name[len / 2] << 8 | (unsigned char)name[len - 1];
    }
    return words;
}

static uint64_t hash_name(const struct lookup_node *container, struct lookup_name_words words, size_t len)
{
    return spread(words.head ^ spread(words.tail ^ (uint64_t)len << 48 ^ (uint64_t)container->id << 32));
}

static uint64_t hash_index(const struct lookup_node *container, int32_t index)
{
    return spread((uint64_t)container->id << 32 | (uint32_t)index);
}

static bool has_ends(const struct lookup_node *node, const struct lookup_node *container,
                     struct lookup_name_words words, size_t len)
{
    return node->words.head == words.head && node->words.tail == words.tail && node->name_len == len &&
           node->parent == container;
}

/* Names that are not all ends. */
static NOT_INLINED struct lookup_node *find_long_name(const struct lookup *lookup, const struct lookup_node *container,
                                                      const char *name, size_t len)
{
    struct lookup_name_words words = words_of(name, len);
    for (uint64_t slot = hash_name(container, words, len);; slot++) {
        struct lookup_node *node = lookup->names[slot & lookup->mask];
        if (!node || (has_ends(node, container, words, len) && memcmp(node->name, name, len) == 0)) {
            return node;
        }
    }
}

static struct lookup_node *find_name(const struct lookup *lookup, const struct lookup_node *container, const char *name,
                                     size_t len)
{
    if (len > NAME_WORDS_BYTES) {
        return find_long_name(lookup, container, name, len);
    }
    struct lookup_name_words words = words_of(name, len);
    for (uint64_t slot = hash_name(container, words, len);; slot++) {
        struct lookup_node *node = lookup->names[slot & lookup->mask];
        if (!node || has_ends(node, container, words, len)) {
            return node;
        }
    }
}

static struct lookup_node *find_index(const struct lookup *lookup, const struct lookup_node *container, int32_t index)
{
    for (uint64_t slot = hash_index(container, index);; slot++) {
        struct lookup_node *node = lookup->indexes[slot & lookup->mask];
        if (!node || (node->parent == container && node->index == index)) {
            return node;
        }
    }
}

static void enter(struct lookup_node **table, uint64_t mask, uint64_t slot, struct lookup_node *node)
{
    while (table[slot & mask]) {
        slot++;
    }
    table[slot & mask] = node;
}

/* ---- building ---- */

#define ESCAPED_BYTES 6 /* that one byte of a key may take: \u0041 */

static struct lookup_node *add_node(struct lookup *lookup, struct lookup_node *parent)
{
    struct lookup_node *node = &lookup->nodes[lookup->node_count++];
    node->id = (uint32_t)lookup->node_count;
    node->parent = parent;
    node->index = -1;
    node->last_index = -1;
    return node;
}

static struct lookup_node *add_part(struct lookup *lookup, struct lookup_node *container, const struct path *path,
                                    size_t part)
{
    const char *name = path->parts[part].name;
    long index = path->parts[part].index;
    size_t len = strlen(name);
    struct lookup_node *node = find_name(lookup, container, name, len);
    if (node) {
        return node;
    }
    node = add_node(lookup, container);
    node->name = name;
    node->name_len = len;
    node->words = words_of(name, len);
    node->index = (int32_t)index;
    node->depth = (uint16_t)(container->depth + 1);
    node->path = path_prefix(path, part + 1);
    lookup->longest_name = len > lookup->longest_name ? len : lookup->longest_name;
    enter(lookup->names, lookup->mask, hash_name(container, node->words, len), node);
    if (index >= 0) {
        enter(lookup->indexes, lookup->mask, hash_index(container, node->index), node);
        container->last_index = node->index > container->last_index ? node->index : container->last_index;
    }
    return node;
}

static struct lookup_paths add_paths(struct lookup *lookup, const struct path *paths, size_t count)
{
    struct lookup_paths added = {.paths = paths, .count = count};
    for (size_t i = 0; i < count; i++) {
        struct lookup_node *node = &lookup->nodes[0];
        for (size_t part = 0; part < paths[i].count; part++) {
            node = add_part(lookup, node, &paths[i], part);
        }
        added.nodes[i] = node;
    }
    return added;
}

static size_t count_parts(const struct path *paths, size_t count)
{
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        parts += paths[i].count;
    }
    return parts;
}

/* At least so many nodes as there can be: no two paths share a part. */
static size_t most_nodes(const struct table_map *table)
{
    size_t parts =
        1 + count_parts(table->device_no, table->device_no_count) + count_parts(table->time, table->time_count);
    for (size_t i = 0; i < table->column_count; i++) {
        parts += count_parts(table->columns[i].paths, table->columns[i].path_count);
    }
    return parts;
}

/* Nodes, and two tables of four times as many slots. */
static bool allocate(struct lookup *lookup, size_t nodes, size_t columns)
{
    size_t slots = 4;
    while (slots < 4 * nodes) {
        slots *= 2;
    }
    lookup->mask = slots - 1;
    lookup->nodes = calloc(nodes, sizeof *lookup->nodes);
    lookup->names = calloc(slots, sizeof(struct lookup_node *));
    lookup->indexes = calloc(slots, sizeof(struct lookup_node *));
    lookup->columns = calloc(columns + 1, sizeof *lookup->columns);
    return lookup->nodes && lookup->names && lookup->indexes && lookup->columns;
}

struct lookup *lookup_new(const struct table_map *table)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) {
        return NULL;
    }
    if (!allocate(lookup, most_nodes(table), table->column_count)) {
        lookup_free(lookup);
        return NULL;
    }
    add_node(lookup, NULL);
    lookup->device_no = add_paths(lookup, table->device_no, table->device_no_count);
    lookup->time = add_paths(lookup, table->time, table->time_count);
    for (size_t i = 0; i < table->column_count; i++) {
        lookup->columns[i] = add_paths(lookup, table->columns[i].paths, table->columns[i].path_count);
    }
    lookup->plain = malloc(ESCAPED_BYTES * lookup->longest_name + 1);
    if (!lookup->plain) {
        lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup) {
        free(lookup->nodes);
        free(lookup->names);
        free(lookup->indexes);
        free(lookup->columns);
        free(lookup->plain);
        free(lookup);
    }
}

const struct lookup_paths *lookup_columns(const struct lookup *lookup)
{
    return lookup->columns;
}

const struct lookup_paths *lookup_device_no(const struct lookup *lookup)
{
    return &lookup->device_no;
}

const struct lookup_paths *lookup_time(const struct lookup *lookup)
{
    return &lookup->time;
}

/* ---- walking ---- */

/* Keys with escapes are compared as what they stand for; \u0000 and half a surrogate stand for
 * U+FFFD. */
static NOT_INLINED struct lookup_node *find_escaped(const struct lookup *lookup, const struct lookup_node *container,
                                                    const struct json_raw *key)
{
    if (key->text.len > ESCAPED_BYTES * lookup->longest_name) {
        return NULL;
    }
    return find_name(lookup, container, lookup->plain, json_value_read_key(key, lookup->plain));
}

static void on_key(void *ctx, const struct json_raw *key)
{
    struct lookup *lookup = ctx;
    const struct lookup_node *container = lookup->frames[lookup->depth].node;
    if (!container) {
        lookup->target = NULL;
    } else if (key->has_escapes) {
        lookup->target = find_escaped(lookup, container, key);
    } else {
        lookup->target = find_name(lookup, container, key->text.ptr, key->text.len);
    }
}

/* The node of an array's next element, NULL = it has none. */
static NOT_INLINED struct lookup_node *next_element(struct lookup *lookup, struct frame *array,
                                                    const struct json_raw *value)
{
    if (!array->node) {
        return NULL;
    }
    array->node->filled = array->serial;
    if (array->index > array->node->last_index + 1) {
        return NULL;
    }
    struct lookup_node *node = find_index(lookup, array->node, array->index++);
    if (!node && array->before) {
        array->before->surplus = *value;
        array->before->surplus_serial = array->serial;
        lookup->has_surplus = true;
    }
    array->before = node;
    return node;
}

static NOT_INLINED void note_repeated(struct lookup *lookup, const struct lookup_node *node)
{
    for (size_t i = 0; i < lookup->repeated_count; i++) {
        if (lookup->repeated[i] == node) {
            return;
        }
    }
    if (lookup->repeated_count < LOOKUP_MAX_REPEATED) {
        lookup->repeated[lookup->repeated_count++] = node;
    }
}

static void on_value(void *ctx, const struct json_raw *value)
{
    struct lookup *lookup = ctx;
    struct frame *container = &lookup->frames[lookup->depth];
    struct lookup_node *node = container->is_array ? next_element(lookup, container, value) : lookup->target;
    if (node) {
        if (node->container_serial == container->serial) {
            note_repeated(lookup, node);
        }
        if (node->index >= 0) {
            node->parent->filled = container->serial;
        }
        node->raw = *value;
        node->serial = ++lookup->serial;
        node->container_serial = container->serial;
    }
    if (value->kind == JSON_KIND_OBJECT || value->kind == JSON_KIND_ARRAY) {
        lookup->frames[++lookup->depth] = (struct frame){
            .serial = lookup->serial, /* of no meaning where there is no node */
            .node = node,
            .is_array = value->kind == JSON_KIND_ARRAY,
        };
    }
}

static void on_close(void *ctx)
{
    struct lookup *lookup = ctx;
    lookup->depth--;
}

enum json_status lookup_scan(struct lookup *lookup, struct span text, const struct json_limits *limits,
                             struct json_report *report, struct err *err)
{
    const struct json_visitor visitor = {lookup, on_key, on_value, on_close};
    lookup->nodes[0].raw = absent;
    lookup->nodes[0].serial = ++lookup->serial;
    lookup->depth = 0;
    lookup->frames[0] = (struct frame){.serial = lookup->serial, .node = NULL};
    lookup->target = &lookup->nodes[0];
    lookup->has_surplus = false;
    lookup->repeated_count = 0;
    return json_scan_text(text, limits, &visitor, report, err);
}

/* ---- what was found ---- */

static bool blocks(enum json_kind kind)
{
    return kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL && kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY;
}

/* The last that is there on the way to a node at which nothing stands. */
static const struct lookup_node *nearest(const struct lookup_node *node)
{
    do {
        node = node->parent;
    } while (!lookup_is_current(node));
    return node;
}

const struct json_raw *lookup_find(const struct lookup_paths *paths, size_t i, size_t *used)
{
    const struct lookup_node *node = paths->nodes[i];
    *used = paths->paths[i].count;
    if (lookup_is_current(node)) {
        return &node->raw;
    }
    node = nearest(node);
    if (!blocks(node->raw.kind)) {
        return &absent;
    }
    *used = node->depth;
    return &node->raw;
}

bool lookup_gap(const struct lookup_paths *paths, size_t i, struct lookup_gap *gap)
{
    const struct lookup_node *node = paths->nodes[i];
    bool is_there = lookup_is_current(node);
    if (is_there && node->raw.kind != JSON_KIND_NULL) {
        return false;
    }
    node = is_there ? node : nearest(node);
    *gap =
        (struct lookup_gap){.kind = node->raw.kind, .used = node->depth, .has_elements = node->filled == node->serial};
    return true;
}

size_t lookup_repeated_count(const struct lookup *lookup)
{
    return lookup->repeated_count;
}

const struct json_raw *lookup_repeated(const struct lookup *lookup, size_t i, struct span *path)
{
    const struct lookup_node *node = lookup->repeated[i];
    *path = node->path;
    return lookup_is_current(node) ? &node->raw : &absent;
}

bool lookup_has_surplus(const struct lookup *lookup)
{
    return lookup->has_surplus;
}

bool lookup_surplus(const struct lookup_paths *paths, size_t i, struct arena *arena, struct json_value *value)
{
    const struct lookup_node *node = paths->nodes[i];
    bool is_there = node->index >= 0 && node->surplus_serial == node->parent->serial && lookup_is_current(node->parent);
    *value = (struct json_value){.kind = JSON_KIND_ABSENT};
    return !is_there || json_value_read(&node->surplus, arena, value);
}
