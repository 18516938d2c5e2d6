/* Anything as Base64, and as bytes to be written so: what is taken is what RFC 4648 takes, and both ways lead back. */
#include "base/base64.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t value_of(char c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at ? (size_t)(at - alphabet) : sizeof alphabet;
}

/* Whole groups of four, padding at the very end, no bits left over (sections 3.2, 3.5 and 4). */
static bool is_base64(struct span text)
{
    size_t len = text.len;
    size_t padding = 0;
    for (; padding < 2 && len > 0 && text.ptr[len - 1] == '='; padding++) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        if (value_of(text.ptr[i]) == sizeof alphabet) {
            return false;
        }
    }
    size_t left_over = padding == 0 ? 1 : padding == 1 ? 4 : 16;
    return text.len % 4 == 0 && (padding == 0 || value_of(text.ptr[len - 1]) % left_over == 0);
}

static void check_decoding(struct span text)
{
    size_t len = 1;
    size_t bad_pos = 1;
    char *bytes = malloc(BASE64_DECODED_BYTES(text.len));
    char *back = malloc(BASE64_ENCODED_BYTES(BASE64_DECODED_BYTES(text.len)));
    require(bytes && back, "there is memory", text);
    bool is_taken = base64_decode(text, bytes, &len, &bad_pos);
    require(is_taken == is_base64(text), "what is Base64 is taken, and no more", text);
    if (is_taken) {
        require(len <= BASE64_DECODED_BYTES(text.len), "there is room", text);
        require(span_equal((struct span){back, base64_encode((struct span){bytes, len}, back)}, text), "it leads back",
                text);
    } else {
        require(len == 0 && bad_pos <= text.len, "a fault has a place and gives nothing", text);
    }
    free(back);
    free(bytes);
}

static void check_encoding(struct span bytes)
{
    size_t len = 0;
    size_t bad_pos = 0;
    size_t room = BASE64_ENCODED_BYTES(bytes.len);
    char *text = malloc(room > 0 ? room : 1);
    char *back = malloc(BASE64_DECODED_BYTES(room));
    require(text && back, "there is memory", bytes);
    require(base64_encode(bytes, text) == room, "the bound is what is written", bytes);
    require(base64_decode((struct span){text, room}, back, &len, &bad_pos) &&
                span_equal((struct span){back, len}, bytes),
            "what is written reads back", bytes);
    free(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *block = require_copy((struct span){(const char *)data, size});
    check_decoding((struct span){block, size});
    check_encoding((struct span){block, size});
    free(block);
    return 0;
}
