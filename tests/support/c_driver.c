/* Driver: a header's functions behind a pipe, for tests. A record is a letter, three 32-bit
   numbers, the lowest byte first, and as many bytes as the letter asks for; the answer is a line. */

#include <stdio.h>
#include <stdlib.h>

#define DIGIT_IMPLEMENTATION
#include "digit.h"

static uint32_t number(void)
{
    uint32_t value = 0U, i;
    for (i = 0U; i < 4U; i++) {
        value |= (uint32_t)(unsigned char)getchar() << (8U * i);
    }
    return value;
}

static void print_frame(int code, const uint8_t *frame)
{
    uint32_t i;
    printf("%d ", code);
    for (i = 0U; i < DIGIT_PIXELS; i++) {
        printf("%02x", (unsigned)frame[i]);
    }
    printf("\n");
}

int main(void)
{
    static digit_cell work[DIGIT_WORK];
    static uint8_t frame_work[DIGIT_FRAME_WORK], frame[DIGIT_PIXELS];
    digit_logit logits[DIGIT_CLASSES];
    digit_answer answer;
    int letter;
    while ((letter = getchar()) != EOF) {
        const uint32_t width = number(), height = number(), stride = number();
        if (letter == 'F') { /* the picture lies in exactly as many bytes as it has */
            const size_t n = ((size_t)(height - 1U) * stride) + width;
            uint8_t *grey = (uint8_t *)malloc(n);
            if ((grey == NULL) || (fread(grey, 1U, n, stdin) != n)) {
                return 1;
            }
            print_frame(digit_frame(grey, width, height, stride, frame_work, frame), frame);
            free(grey);
        } else if (letter == 'B') { /* bad arguments: the picture has one byte */
            frame[0] = 7U;
            printf("%d %d\n", digit_frame(frame_work, width, height, stride, frame_work, frame),
                   (int)frame[0]);
        } else if (letter == 'S') {
            printf("%d\n", digit_selftest(frame_work, frame, work));
        } else if (letter == 'N') {
            printf("%d %d %d %d %d %d %d %d %d %d\n", digit_frame(NULL, 1U, 1U, 1U, frame_work, frame),
                   digit_frame(frame, 1U, 1U, 1U, NULL, frame),
                   digit_frame(frame, 1U, 1U, 1U, frame_work, NULL),
                   digit_logits(NULL, work, logits), digit_logits(frame, NULL, logits),
                   digit_logits(frame, work, NULL), digit_read(NULL, work, &answer),
                   digit_read(frame, NULL, &answer), digit_read(frame, work, NULL),
                   digit_selftest(frame_work, frame, NULL));
        } else if (letter == 'C') {
            printf("%s|%s|%s\n", digit_class(-1), digit_class((int16_t)width),
                   digit_class((int16_t)DIGIT_CLASSES));
        } else {
            uint32_t i;
            if (fread(frame, 1U, DIGIT_PIXELS, stdin) != DIGIT_PIXELS) {
                return 1;
            }
            if (letter == 'L') {
                printf("%d", digit_logits(frame, work, logits));
                for (i = 0U; i < DIGIT_CLASSES; i++) {
                    printf(" %.10g", (double)logits[i]);
                }
                printf("\n");
            } else {
                const int code = digit_read(frame, work, &answer);
                printf("%d %d %d %d\n", code, (int)answer.label, (int)answer.per_mille,
                       (int)answer.refused);
            }
        }
    }
    return 0;
}
