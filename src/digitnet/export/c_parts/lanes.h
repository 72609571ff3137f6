/*: common */
/* ---- Sums of many outputs at once: 16 of them at 8 places, which a compiler keeps in its widest
   registers. The weights of 16 outputs lie together: digit_lane f[n_in][16], the rest 0. ---- */

#define DIGIT_LANES 16U

#if defined(__clang__) /* which else writes all lanes out before it looks for what goes together */
#define DIGIT_EACH_LANE _Pragma("clang loop vectorize(enable) unroll(disable)")
#pragma clang diagnostic ignored "-Wpass-failed" /* where it may not, as by -O0 */
#else
#define DIGIT_EACH_LANE
#endif

typedef struct {
    uint32_t channels, height, width, channels_out, size, stride, padding;
} digit_window;

/*: Conv2D */
#define DIGIT_PLACES 8U
/* The same for each of the 8 places. */
#define DIGIT_AT_ALL(what) what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7)
#define DIGIT_TAKE(n) const digit_lane a##n = from[at[n] + j];
#define DIGIT_BEGIN(n) s##n[k] = bias[k];
#define DIGIT_ADD(n) s##n[k] += a##n * f[k];
#define DIGIT_PUT(n) \
    if ((first + (n)) < pixels) { \
        for (k = 0U; k < n_out; k++) { \
            y[(k * pixels) + first + (n)] = s##n[k]; \
        } \
    }

/* n_out images, at most 16, of a convolution without a border: y[out][row][column]. */
static void digit_convolve_lanes(const digit_lane *x, const digit_lane *filter,
                                 const digit_lane *bias, const digit_window *w, uint32_t n_out,
                                 digit_lane *y)
{
    const uint32_t rows = ((w->height - w->size) / w->stride) + 1U;
    const uint32_t columns = ((w->width - w->size) / w->stride) + 1U;
    const uint32_t pixels = rows * columns;
    uint32_t first, p, k, c, i, j;
    for (first = 0U; first < pixels; first += DIGIT_PLACES) {
        digit_lane s0[DIGIT_LANES], s1[DIGIT_LANES], s2[DIGIT_LANES], s3[DIGIT_LANES];
        digit_lane s4[DIGIT_LANES], s5[DIGIT_LANES], s6[DIGIT_LANES], s7[DIGIT_LANES];
        uint32_t at[DIGIT_PLACES]; /* where the places' windows begin; behind the last, its own */
        const digit_lane *f = filter;
        for (p = 0U; p < DIGIT_PLACES; p++) {
            const uint32_t n = ((first + p) < pixels) ? (first + p) : (pixels - 1U);
            at[p] = (((n / columns) * w->width) + (n % columns)) * w->stride;
        }
        DIGIT_EACH_LANE
        for (k = 0U; k < DIGIT_LANES; k++) {
            DIGIT_AT_ALL(DIGIT_BEGIN)
        }
        for (c = 0U; c < w->channels; c++) {
            for (i = 0U; i < w->size; i++) {
                const digit_lane *from = x + (((c * w->height) + i) * w->width);
                for (j = 0U; j < w->size; j++) {
                    DIGIT_AT_ALL(DIGIT_TAKE)
                    DIGIT_EACH_LANE
                    for (k = 0U; k < DIGIT_LANES; k++) {
                        DIGIT_AT_ALL(DIGIT_ADD)
                    }
                    f += DIGIT_LANES;
                }
            }
        }
        DIGIT_AT_ALL(DIGIT_PUT)
    }
}

/*: Dense */
/* n_out outputs, at most 16, of a dense layer; in four sums each, of every fourth input. */
static void digit_dense_lanes(const digit_lane *x, const digit_lane *filter,
                              const digit_lane *bias, uint32_t n_in, uint32_t n_out,
                              digit_lane *y)
{
    digit_lane s0[DIGIT_LANES], s1[DIGIT_LANES], s2[DIGIT_LANES], s3[DIGIT_LANES];
    const digit_lane *f = filter;
    uint32_t i, k;
    DIGIT_EACH_LANE
    for (k = 0U; k < DIGIT_LANES; k++) {
        s0[k] = bias[k];
        s1[k] = (digit_lane)0;
        s2[k] = (digit_lane)0;
        s3[k] = (digit_lane)0;
    }
    for (i = 0U; (i + 3U) < n_in; i += 4U) {
        const digit_lane a = x[i], b = x[i + 1U], c = x[i + 2U], d = x[i + 3U];
        DIGIT_EACH_LANE
        for (k = 0U; k < DIGIT_LANES; k++) {
            s0[k] += a * f[k];
            s1[k] += b * f[DIGIT_LANES + k];
            s2[k] += c * f[(2U * DIGIT_LANES) + k];
            s3[k] += d * f[(3U * DIGIT_LANES) + k];
        }
        f += 4U * DIGIT_LANES;
    }
    for (; i < n_in; i++) {
        for (k = 0U; k < DIGIT_LANES; k++) {
            s0[k] += x[i] * f[k];
        }
        f += DIGIT_LANES;
    }
    for (k = 0U; k < n_out; k++) {
        y[k] = (s0[k] + s1[k]) + (s2[k] + s3[k]);
    }
}
