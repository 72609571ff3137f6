
/* ---- Self-test ---- */

/* A frame of sparse noise, the same on every machine; 0 and 1 are all 0 and all 255. */
static void digit_test_frame(uint32_t number, uint8_t frame[DIGIT_PIXELS])
{
    uint32_t state = number, i;
    for (i = 0U; i < DIGIT_PIXELS; i++) {
        state = (state * 1664525U) + 1013904223U;
        frame[i] = (uint8_t)(state >> 24);
        if (number < 2U) {
            frame[i] = (number == 0U) ? 0U : 255U;
        } else if (((state >> 16) & 7U) >= number) {
            frame[i] = 0U;
        } else {
            /* left as it is */
        }
    }
}

static uint32_t digit_hash(uint32_t hash, uint32_t word)
{
    uint32_t i;
    for (i = 0U; i < 4U; i++) { /* FNV-1a, the lowest byte first */
        hash = (hash ^ ((word >> (8U * i)) & 255U)) * 16777619U;
    }
    return hash;
}

/* Whether a picture drawn here, a slanted 1 in uneven light, is framed as it was at the export. */
DIGIT_ALONE static uint8_t digit_frames_well(uint8_t work[DIGIT_FRAME_WORK],
                                             uint8_t frame[DIGIT_PIXELS])
{
    uint8_t picture[DIGIT_TEST_SIDE * DIGIT_TEST_SIDE];
    uint32_t hash = 2166136261U, y, x, i;
    for (y = 0U; y < DIGIT_TEST_SIDE; y++) {
        for (x = 0U; x < DIGIT_TEST_SIDE; x++) {
            const uint8_t ink = ((y > 2U) && (y < 11U) && (((2U * x) + y) > 15U) &&
                                 (((2U * x) + y) < 20U))
                                    ? 1U
                                    : 0U;
            picture[(y * DIGIT_TEST_SIDE) + x] =
                (uint8_t)((ink != 0U) ? (60U + y) : (220U - (4U * x) - y));
        }
    }
    if (digit_frame(picture, DIGIT_TEST_SIDE, DIGIT_TEST_SIDE, DIGIT_TEST_SIDE, work, frame) !=
        DIGIT_OK) {
        return 0U;
    }
    for (i = 0U; i < DIGIT_PIXELS; i++) {
        hash = digit_hash(hash, frame[i]);
    }
    return (hash == DIGIT_TEST_FRAME_HASH) ? 1U : 0U;
}

int digit_selftest(uint8_t frame_work[DIGIT_FRAME_WORK], uint8_t frame[DIGIT_PIXELS],
                   digit_cell work[DIGIT_WORK])
{
    digit_logit logits[DIGIT_CLASSES];
    uint32_t number, i;
    if ((frame_work == 0) || (frame == 0) || (work == 0)) {
        return DIGIT_NULL;
    }
    if ((digit_weights_hash() != DIGIT_WEIGHTS_HASH) ||
        (digit_frames_well(frame_work, frame) == 0U)) {
        return DIGIT_BROKEN;
    }
    for (number = 0U; number < DIGIT_TESTS; number++) {
        digit_test_frame(number, frame);
        (void)digit_logits(frame, work, logits);
        for (i = 0U; i < DIGIT_CLASSES; i++) {
            if (digit_same(logits[i], DIGIT_EXPECTED(number, i)) == 0U) {
                return DIGIT_BROKEN;
            }
        }
    }
    return DIGIT_OK;
}

#endif /* DIGIT_IMPLEMENTATION */

#ifdef __cplusplus
}
#endif

#endif /* DIGIT_H */
