/* libFuzzer: any bytes as a picture of any size and stride, framed, and its frame read. The bytes
   stand at the end of memory of their own, so that a read behind them is an error. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_IMPLEMENTATION
#include "digit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static digit_cell work[DIGIT_WORK];
    static uint8_t frame_work[DIGIT_FRAME_WORK], frame[DIGIT_PIXELS];
    digit_answer answer;
    uint32_t width, height, stride;
    size_t n;
    uint8_t *picture;
    int code;
    if (size < 4U) {
        return 0;
    }
    width = data[0];
    height = data[1];
    stride = width + (data[2] % 8U);
    if (data[3] == 255U) { /* wrong use: nothing is read */
        stride = data[2];
    }
    n = (height == 0U) ? 0U : (((size_t)(height - 1U) * stride) + width);
    picture = malloc((n == 0U) ? 1U : n);
    if (picture == NULL) {
        return 0;
    }
    for (size_t i = 0U; i < n; i++) { /* over and over, so that few bytes make large pictures */
        picture[i] = (size > 4U) ? data[4U + (i % (size - 4U))] : 0U;
    }
    code = digit_frame(picture, width, height, stride, frame_work, frame);
    free(picture);
    if (code == DIGIT_OK) {
        uint32_t ink = 0U;
        for (uint32_t i = 0U; i < DIGIT_PIXELS; i++) {
            ink += frame[i];
        }
        if (ink == 0U) {
            abort(); /* a frame without ink is DIGIT_BLANK */
        }
    }
    if ((code == DIGIT_OK) || (code == DIGIT_BLANK)) {
        (void)digit_read(frame, work, &answer);
        if ((answer.label < 0) || (answer.label >= (int16_t)DIGIT_CLASSES) ||
            (answer.per_mille > 1000U)) {
            abort();
        }
    }
    return 0;
}
