#include "core/lookup.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT16_MAX /* no node: nothing below it is mapped */
#define ROOT 0

/* A name's bytes at both ends, which overlap in a short one: up to NAME_WORDS_BYTES they are the
 * name. */
struct name_words {
    uint64_t head, tail;
};
#define NAME_WORDS_BYTES (2 * sizeof(uint64_t))

/* A part of a path, below the part before it. */
struct node {
    const char *name;
    size_t name_len;
    struct name_words words;
    int32_t index; /* as an array position, -1 if it is none */
    uint16_t parent;
    uint16_t depth;     /* parts that lead to it */
    int32_t last_index; /* the highest position among its children, -1 if there is none */
    /* What the text has there, current while container_serial is the container's serial. */
    uint64_t serial; /* of this value */
    uint64_t container_serial;
    struct json_raw raw;
    /* The element behind it, where that has no node. */
    uint64_t surplus_serial; /* of the array */
    struct json_raw surplus;
};

/* An open container of the text. */
struct frame {
    uint64_t serial;
    uint16_t node;
    uint16_t before; /* the node of the element before, of an array */
    bool is_array;
    int32_t index; /* of the next element */
};

struct lookup {
    const struct table_map *table;
    struct node *nodes; /* a child stands behind its parent */
    size_t node_count;
    uint16_t *names;   /* a hash table of nodes by container and name, NONE = free */
    uint16_t *indexes; /* ... and by container and position */
    uint64_t mask;     /* of both tables */
    struct lookup_paths *columns;
    struct lookup_paths device_no;
    struct lookup_paths time;
    size_t longest_name; /* bytes */
    char *plain;         /* a key without its escapes */
    /* of the walk: */
    struct frame frames[JSON_MAX_DEPTH + 1];
    size_t depth;
    uint16_t target; /* where the value of the last key goes */
    uint64_t serial; /* one for each value and text, never the same */
    uint64_t text_serial;
    bool has_surplus;
};

/* ---- the two tables ---- */

static uint64_t spread(uint64_t bits)
{
    /* 2^64 by the golden ratio: multiplicative hashing (Knuth, 6.4) */
    bits *= UINT64_C(0x9E3779B97F4A7C15);
    return bits ^ bits >> 32;
}

static struct name_words words_of(const char *name, size_t len)
{
    struct name_words words = {0, 0};
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

static uint64_t hash_name(uint16_t container, struct name_words words, size_t len)
{
    return spread(words.head ^ spread(words.tail ^ (uint64_t)len << 48 ^ (uint64_t)container << 32));
}

static uint64_t hash_index(uint16_t container, int32_t index)
{
    return spread((uint64_t)container << 32 | (uint32_t)index);
}

static bool is_node(const struct node *node, uint16_t container, const char *name, size_t len, struct name_words words)
{
    return node->words.head == words.head && node->words.tail == words.tail && node->name_len == len &&
           node->parent == container && (len <= NAME_WORDS_BYTES || memcmp(node->name, name, len) == 0);
}

static uint16_t find_name(const struct lookup *lookup, uint16_t container, const char *name, size_t len)
{
    struct name_words words = words_of(name, len);
    for (uint64_t slot = hash_name(container, words, len);; slot++) {
        uint16_t id = lookup->names[slot & lookup->mask];
        if (id == NONE || is_node(&lookup->nodes[id], container, name, len, words)) {
            return id;
        }
    }
}

static uint16_t find_index(const struct lookup *lookup, uint16_t container, int32_t index)
{
    for (uint64_t slot = hash_index(container, index);; slot++) {
        uint16_t id = lookup->indexes[slot & lookup->mask];
        if (id == NONE || (lookup->nodes[id].parent == container && lookup->nodes[id].index == index)) {
            return id;
        }
    }
}

static void enter(uint16_t *table, uint64_t mask, uint64_t slot, uint16_t id)
{
    while (table[slot & mask] != NONE) {
        slot++;
    }
    table[slot & mask] = id;
}

/* ---- building ---- */

#define ESCAPED_BYTES 6 /* that one byte of a key may take: \u0041 */

static uint16_t add_part(struct lookup *lookup, uint16_t container, const char *name, long index)
{
    size_t len = strlen(name);
    uint16_t id = find_name(lookup, container, name, len);
    if (id != NONE) {
        return id;
    }
    id = (uint16_t)lookup->node_count++;
    lookup->longest_name = len > lookup->longest_name ? len : lookup->longest_name;
    struct node *parent = &lookup->nodes[container];
    lookup->nodes[id] = (struct node){
        .name = name,
        .name_len = len,
        .words = words_of(name, len),
        .index = (int32_t)index,
        .parent = container,
        .depth = (uint16_t)(parent->depth + 1),
        .last_index = -1,
    };
    enter(lookup->names, lookup->mask, hash_name(container, words_of(name, len), len), id);
    if (index >= 0) {
        enter(lookup->indexes, lookup->mask, hash_index(container, (int32_t)index), id);
        parent->last_index = index > parent->last_index ? (int32_t)index : parent->last_index;
    }
    return id;
}

static struct lookup_paths add_paths(struct lookup *lookup, const struct path *paths, size_t count)
{
    struct lookup_paths added = {.paths = paths, .count = count};
    for (size_t i = 0; i < count; i++) {
        uint16_t id = ROOT;
        for (size_t part = 0; part < paths[i].count; part++) {
            id = add_part(lookup, id, paths[i].parts[part].name, paths[i].parts[part].index);
        }
        added.nodes[i] = id;
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
static bool allocate(struct lookup *lookup, size_t nodes)
{
    size_t slots = 4;
    while (slots < 4 * nodes) {
        slots *= 2;
    }
    lookup->mask = slots - 1;
    lookup->nodes = calloc(nodes, sizeof *lookup->nodes);
    lookup->names = malloc(slots * sizeof *lookup->names);
    lookup->indexes = malloc(slots * sizeof *lookup->indexes);
    lookup->columns = calloc(lookup->table->column_count + 1, sizeof *lookup->columns);
    if (!lookup->nodes || !lookup->names || !lookup->indexes || !lookup->columns) {
        return false;
    }
    memset(lookup->names, 0xFF, slots * sizeof *lookup->names); /* NONE */
    memset(lookup->indexes, 0xFF, slots * sizeof *lookup->indexes);
    return true;
}

struct lookup *lookup_new(const struct table_map *table)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    size_t nodes = most_nodes(table);
    if (!lookup) {
        return NULL;
    }
    lookup->table = table;
    if (nodes >= NONE || !allocate(lookup, nodes)) {
        lookup_free(lookup);
        return NULL;
    }
    lookup->node_count = 1;
    lookup->nodes[ROOT].last_index = -1;
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

const struct lookup_paths *lookup_column(const struct lookup *lookup, size_t column)
{
    return &lookup->columns[column];
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
static uint16_t find_escaped(const struct lookup *lookup, uint16_t container, const struct json_raw *key)
{
    if (key->text.len > ESCAPED_BYTES * lookup->longest_name) {
        return NONE;
    }
    return find_name(lookup, container, lookup->plain, json_value_read_key(key, lookup->plain));
}

static void on_key(void *ctx, const struct json_raw *key)
{
    struct lookup *lookup = ctx;
    uint16_t container = lookup->frames[lookup->depth].node;
    if (container == NONE) {
        lookup->target = NONE;
    } else if (key->has_escapes) {
        lookup->target = find_escaped(lookup, container, key);
    } else {
        lookup->target = find_name(lookup, container, key->text.ptr, key->text.len);
    }
}

/* The node of an array's next element, NONE = it has none. */
static uint16_t next_element(struct lookup *lookup, struct frame *array, const struct json_raw *value)
{
    if (array->node == NONE || array->index > lookup->nodes[array->node].last_index + 1) {
        return NONE;
    }
    uint16_t id = find_index(lookup, array->node, array->index++);
    if (id == NONE && array->before != NONE) {
        struct node *before = &lookup->nodes[array->before];
        before->surplus = *value;
        before->surplus_serial = array->serial;
        lookup->has_surplus = true;
    }
    array->before = id;
    return id;
}

static void on_value(void *ctx, const struct json_raw *value)
{
    struct lookup *lookup = ctx;
    struct frame *container = &lookup->frames[lookup->depth];
    uint16_t id = container->is_array ? next_element(lookup, container, value) : lookup->target;
    if (id != NONE) {
        struct node *node = &lookup->nodes[id];
        node->raw = *value;
        node->serial = ++lookup->serial;
        node->container_serial = container->serial;
    }
    if (value->kind == JSON_KIND_OBJECT || value->kind == JSON_KIND_ARRAY) {
        lookup->frames[++lookup->depth] = (struct frame){
            .serial = lookup->serial, /* of no meaning where there is no node */
            .node = id,
            .before = NONE,
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
    lookup->text_serial = ++lookup->serial;
    lookup->depth = 0;
    lookup->frames[0] = (struct frame){.serial = lookup->text_serial, .node = ROOT};
    lookup->target = ROOT;
    lookup->has_surplus = false;
    return json_scan_text(text, limits, &visitor, report, err);
}

/* ---- what was found ---- */

/* Is what stands at the node of the last text, and of the last of equal keys on the way? */
static bool is_current(const struct lookup *lookup, uint16_t id)
{
    const struct node *node = &lookup->nodes[id];
    while (node != &lookup->nodes[ROOT]) {
        const struct node *container = &lookup->nodes[node->parent];
        if (node->container_serial != container->serial) {
            return false;
        }
        node = container;
    }
    return node->container_serial == lookup->text_serial;
}

static bool blocks(enum json_kind kind)
{
    return kind != JSON_KIND_NULL && kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY;
}

bool lookup_get(const struct lookup *lookup, const struct lookup_paths *paths, size_t i, struct arena *arena,
                struct json_value *value, size_t *used)
{
    static const struct json_raw absent = {.kind = JSON_KIND_ABSENT, .text = {"", 0}};
    uint16_t id = paths->nodes[i];
    const struct json_raw *raw = &absent;
    *used = paths->paths[i].count;
    if (is_current(lookup, id)) {
        raw = &lookup->nodes[id].raw;
    } else {
        do {
            id = lookup->nodes[id].parent;
        } while (id != ROOT && !is_current(lookup, id));
        if (is_current(lookup, id) && blocks(lookup->nodes[id].raw.kind)) {
            raw = &lookup->nodes[id].raw;
            *used = lookup->nodes[id].depth;
        }
    }
    return json_value_read(raw, arena, value);
}

bool lookup_has_surplus(const struct lookup *lookup)
{
    return lookup->has_surplus;
}

bool lookup_surplus(const struct lookup *lookup, const struct lookup_paths *paths, size_t i, struct arena *arena,
                    struct json_value *value)
{
    const struct node *node = &lookup->nodes[paths->nodes[i]];
    const struct node *array = &lookup->nodes[node->parent];
    bool is_there = node->index >= 0 && node->surplus_serial == array->serial && is_current(lookup, node->parent);
    *value = (struct json_value){.kind = JSON_KIND_ABSENT};
    return !is_there || json_value_read(&node->surplus, arena, value);
}
