/* @NAME@.h: reads handwritten digits; written by digitnet @VERSION@.

   Model      @MODEL@
   Network    @NETWORK@
   Accuracy   @ACCURACY@
   Numbers    @NUMBERS@
   Memory     @MEMORY@
   Refuses    @REFUSES@
   Licence    the code is digitnet's, MIT; the weights belong to whoever trained the model

   C99, also C++; no allocation, no global state that is written, no library. In one source file:

       #define DIGIT_IMPLEMENTATION
       #include "@NAME@.h"

   digit_frame makes a frame of a camera's picture, digit_read says which digit is in it;
   digit_selftest says whether weights and arithmetic are what they were when this was written.
   Buffers are the caller's and of constant size; what they hold afterwards has no meaning. */

#ifndef DIGIT_H
#define DIGIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a function returns: below 0 for wrong use. */
enum {
    DIGIT_OK = 0,
    DIGIT_BLANK = 1,       /* nothing in the picture stands out, or there is no ink in the frame */
    DIGIT_UNSURE = 2,      /* there is a likeliest class, but it is not sure enough */
    DIGIT_NULL = -1,       /* a pointer is null */
    DIGIT_BAD_SIZE = -2,   /* a side of 0 or of more than DIGIT_LONGEST pixels */
    DIGIT_BAD_STRIDE = -3, /* a row is shorter than the picture is wide, or far too long */
    DIGIT_BROKEN = -4      /* the self-test failed */
};

@CONSTANTS@
typedef @CELL@ digit_cell;   /* of the network's work */
typedef @LOGIT@ digit_logit;

typedef struct {
    int16_t label;      /* the likeliest class; its name is digit_class(label) */
    uint16_t per_mille; /* how sure it is, 0 to 1000 */
    uint8_t refused;    /* 1 where that is not sure enough, or all blank: do not use the label then */
} digit_answer;

/* Frame an upright picture as MNIST's digits are: grey, rows of `width` bytes, `stride` bytes
   from one to the next. The frame is 28 x 28, row by row, ink 255 on 0; all 0 where nothing was
   found. Returns DIGIT_OK, DIGIT_BLANK, DIGIT_NULL, DIGIT_BAD_SIZE or DIGIT_BAD_STRIDE. */
int digit_frame(const uint8_t *grey, uint32_t width, uint32_t height, uint32_t stride,
                uint8_t work[DIGIT_FRAME_WORK], uint8_t frame[DIGIT_PIXELS]);

/* A number for each class, the highest for the likeliest. Returns DIGIT_OK or DIGIT_NULL. */
int digit_logits(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
                 digit_logit logits[DIGIT_CLASSES]);

/* Which digit is in a frame. Returns DIGIT_OK, DIGIT_BLANK, DIGIT_UNSURE or DIGIT_NULL. */
int digit_read(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
               digit_answer *answer);

/* The name of a class, "" where there is none. */
const char *digit_class(int16_t label);

/* Whether weights, arithmetic and framing are sound: DIGIT_OK, DIGIT_BROKEN or DIGIT_NULL. */
int digit_selftest(uint8_t frame_work[DIGIT_FRAME_WORK], uint8_t frame[DIGIT_PIXELS],
                   digit_cell work[DIGIT_WORK]);

#ifdef DIGIT_IMPLEMENTATION
