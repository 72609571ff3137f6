/* Demo: the header's self-test, then a camera's picture framed and read; for machines without a
   system, which say how a line of text leaves them. */

#define DIGIT_IMPLEMENTATION
#include "digit.h"
#include "demo.h"
#include "picture.h"

static digit_cell work[DIGIT_WORK];
static uint8_t frame_work[DIGIT_FRAME_WORK];
static uint8_t frame[DIGIT_PIXELS];

static void say_number(void (*say)(const char *text), uint32_t number)
{
    char digits[11];
    uint32_t at = 10U;
    digits[at] = '\0';
    do {
        at--;
        digits[at] = (char)('0' + (char)(number % 10U));
        number /= 10U;
    } while (number > 0U);
    say(&digits[at]);
}

int demo(void (*say)(const char *text))
{
    digit_answer answer;
    if (digit_selftest(frame_work, frame, work) != DIGIT_OK) {
        say("The self-test failed.\n");
        return 1;
    }
    if (digit_frame(picture, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_WIDTH, frame_work, frame) !=
        DIGIT_OK) {
        say("Nothing in the picture stands out.\n");
        return 1;
    }
    (void)digit_read(frame, work, &answer);
    say(digit_class(answer.label));
    say(", ");
    say_number(say, answer.per_mille);
    say((answer.refused != 0U) ? " per mille, unsure\n" : " per mille\n");
    return 0;
}
