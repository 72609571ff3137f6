/* Host: which digit is in a picture: digit PICTURE.pgm ... (binary PGM, grey, 8 bits). */

#include <stdio.h>
#include <stdlib.h>

#define DIGIT_IMPLEMENTATION
#include "digit.h"

/* A number of the head, comments skipped; 0 where there is none. */
static uint32_t head_number(FILE *file)
{
    uint32_t number = 0U;
    int c = getc(file);
    while (c == '#' || c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        if (c == '#') {
            while (c != '\n' && c != EOF) {
                c = getc(file);
            }
        } else {
            c = getc(file);
        }
    }
    while (c >= '0' && c <= '9' && number < 100000U) {
        number = number * 10U + (uint32_t)(c - '0');
        c = getc(file);
    }
    return number;
}

static int read_picture(const char *path)
{
    static digit_cell work[DIGIT_WORK];
    static uint8_t frame_work[DIGIT_FRAME_WORK], frame[DIGIT_PIXELS];
    digit_answer answer;
    uint32_t width, height;
    uint8_t *grey = NULL;
    int code = 1;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be opened.\n", path);
        return 1;
    }
    if (getc(file) != 'P' || getc(file) != '5') {
        fprintf(stderr, "%s is no binary PGM.\n", path);
        (void)fclose(file);
        return 1;
    }
    width = head_number(file);
    height = head_number(file);
    if (head_number(file) != 255U || width == 0U || height == 0U || width > DIGIT_LONGEST ||
        height > DIGIT_LONGEST) {
        fprintf(stderr, "%s is no PGM of 8 bits with sides of at most %u pixels.\n", path,
                (unsigned)DIGIT_LONGEST);
    } else if ((grey = malloc((size_t)width * height)) == NULL ||
               fread(grey, width, height, file) != height) {
        fprintf(stderr, "%s is cut short, or too large.\n", path);
    } else if ((code = digit_frame(grey, width, height, width, frame_work, frame)) < 0) {
        fprintf(stderr, "%s cannot be framed: code %d.\n", path, code);
    } else if (code == DIGIT_BLANK) {
        printf("%s: nothing stands out\n", path);
        code = 0;
    } else {
        code = digit_read(frame, work, &answer);
        if (code == DIGIT_UNSURE) {
            printf("%s: unsure, likeliest %s\n", path, digit_class(answer.label));
        } else {
            printf("%s: %s, %u.%u %%\n", path, digit_class(answer.label), answer.per_mille / 10U,
                   answer.per_mille % 10U);
        }
        code = 0;
    }
    free(grey);
    (void)fclose(file);
    return code == 0 ? 0 : 1;
}

int main(int n, char **words)
{
    int i, failed = n < 2;
    if (failed) {
        fprintf(stderr, "Say which pictures: digit PICTURE.pgm ...\n");
    }
    for (i = 1; i < n; i++) {
        failed |= read_picture(words[i]);
    }
    return failed;
}
