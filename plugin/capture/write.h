/* capture/write.h - one message as a line of a capture: what mosquitto_sub -F '%j' writes, and
 * capture/read.h reads back byte for byte.
 *
 * Bytes that are not UTF-8 are copied as they are, as mosquitto_sub does. A NUL, at which
 * mosquitto_sub ends, is \u0000.
 */
#ifndef VENDING_CAPTURE_WRITE_H
#define VENDING_CAPTURE_WRITE_H

#include "base/buf.h"
#include "capture/read.h"

#define CAPTURE_TIME_STEP_NS 1000 /* what tst can tell apart */

/* Appends the line with its newline. mid: packet identifier, 0 = none. out->failed = there was no
 * room. */
void capture_write_line(struct buf *out, const struct capture_message *message, int mid);

#endif
