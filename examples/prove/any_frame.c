/* What Eva is asked: digit_read of a frame of any bytes, with work of any content. */

#define DIGIT_IMPLEMENTATION
#include "digit.h"

volatile uint8_t any;

int main(void)
{
    static uint8_t frame[DIGIT_PIXELS];
    static digit_cell work[DIGIT_WORK];
    digit_answer answer;
    uint32_t i;
    for (i = 0U; i < DIGIT_PIXELS; i++) {
        frame[i] = any;
    }
    for (i = 0U; i < DIGIT_WORK; i++) {
        work[i] = any;
    }
    return digit_read(frame, work, &answer);
}
