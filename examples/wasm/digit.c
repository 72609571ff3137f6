/* WASM: the buffers of one page, and two functions on them. */

#define DIGIT_IMPLEMENTATION
#include "digit.h"
#include "memory.h"

#define MOST (1024U * 1024U)
#define SHOWN(name) __attribute__((export_name(name)))

static uint8_t grey[MOST], frame_work[DIGIT_FRAME_WORK], frame[DIGIT_PIXELS];
static digit_cell work[DIGIT_WORK];
static digit_answer answer;

/* Where a picture of at most 1,048,576 pixels is put. */
SHOWN("picture") uint8_t *picture(void);
SHOWN("read") int read_picture(uint32_t width, uint32_t height);
SHOWN("selftest") int selftest(void);

uint8_t *picture(void) { return grey; }

/* label * 10000 + per mille * 2 + refused; below 0 where nothing was framed. */
int read_picture(uint32_t width, uint32_t height)
{
    if ((width == 0U) || (height > (MOST / width)) ||
        (digit_frame(grey, width, height, width, frame_work, frame) != DIGIT_OK) ||
        (digit_read(frame, work, &answer) < 0)) {
        return -1;
    }
    return (answer.label * 10000) + (answer.per_mille * 2) + answer.refused;
}

int selftest(void) { return digit_selftest(frame_work, frame, work); }
