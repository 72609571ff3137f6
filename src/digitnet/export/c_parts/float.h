/*: sum */
/* ---- The network, in floats; images are channel by channel, row by row. ---- */

#ifndef DIGIT_SUM
#define DIGIT_SUM double /* what averages and deskewing add up in; or define it as float */
#endif

/* e to the power of x, by 2^n and a series of seventh order: right to a float's last bits. */
static float digit_exp(float x)
{
    const float within = (x < -87.0f) ? -87.0f : ((x > 88.0f) ? 88.0f : x);
    const int32_t n = (int32_t)((within * 1.44269504f) + ((within < 0.0f) ? -0.5f : 0.5f));
    const DIGIT_SUM r = ((DIGIT_SUM)within - ((DIGIT_SUM)n * (DIGIT_SUM)0.693359375)) +
                        ((DIGIT_SUM)n * (DIGIT_SUM)2.12194440054690583e-4);
    DIGIT_SUM sum = (DIGIT_SUM)1;
    int32_t order;
    union {
        float number;
        uint32_t bits;
    } power;
    for (order = 7; order > 0; order--) {
        sum = (DIGIT_SUM)1 + ((sum * r) / (DIGIT_SUM)order);
    }
    power.bits = (uint32_t)(n + 127) << 23;
    return (float)sum * power.number;
}

/*: lanes */
typedef float digit_lane;

/*: Dense */
static void digit_dense(const float *x, const float *weights, const float *bias, uint32_t n_in,
                        uint32_t n_out, float *y)
{
    uint32_t out;
    for (out = 0U; out < n_out; out += DIGIT_LANES) {
        const uint32_t some = ((n_out - out) < DIGIT_LANES) ? (n_out - out) : DIGIT_LANES;
        digit_dense_lanes(x, weights + (out * n_in), bias + out, n_in, some, y + out);
    }
}

/*: Conv2D */
static void digit_convolve(const float *x, const float *weights, const float *bias,
                           const digit_window *w, float *y)
{
    const uint32_t n_in = w->channels * w->size * w->size;
    const uint32_t pixels = (((w->height - w->size) / w->stride) + 1U) *
                            (((w->width - w->size) / w->stride) + 1U);
    uint32_t out;
    for (out = 0U; out < w->channels_out; out += DIGIT_LANES) {
        const uint32_t left = w->channels_out - out;
        const uint32_t some = (left < DIGIT_LANES) ? left : DIGIT_LANES;
        digit_convolve_lanes(x, weights + (out * n_in), bias + out, w, some, y + (out * pixels));
    }
}

/*: Padded */
/* A convolution with a border of zeros around its images. */
static void digit_convolve_padded(const float *x, const float *weights, const float *bias,
                                  const digit_window *w, float *y)
{
    const uint32_t rows = (((w->height + (2U * w->padding)) - w->size) / w->stride) + 1U;
    const uint32_t columns = (((w->width + (2U * w->padding)) - w->size) / w->stride) + 1U;
    const uint32_t n_in = w->channels * w->size * w->size;
    uint32_t out, row, column, c, i, j;
    for (out = 0U; out < w->channels_out; out++) {
        const float *filter =
            weights + ((out - (out % DIGIT_LANES)) * n_in) + (out % DIGIT_LANES);
        for (row = 0U; row < rows; row++) {
            for (column = 0U; column < columns; column++) {
                float sum = bias[out];
                for (c = 0U; c < w->channels; c++) {
                    for (i = 0U; i < w->size; i++) {
                        const uint32_t down = (row * w->stride) + i; /* in the padded image */
                        if ((down < w->padding) || (down >= (w->height + w->padding))) {
                            continue;
                        }
                        for (j = 0U; j < w->size; j++) {
                            const uint32_t along = (column * w->stride) + j;
                            if ((along >= w->padding) && (along < (w->width + w->padding))) {
                                const uint32_t at = (((c * w->height) + (down - w->padding)) *
                                                     w->width) + (along - w->padding);
                                const uint32_t tap = (((c * w->size) + i) * w->size) + j;
                                sum += x[at] * filter[DIGIT_LANES * tap];
                            }
                        }
                    }
                }
                y[(((out * rows) + row) * columns) + column] = sum;
            }
        }
    }
}

/*: ReLU */
static void digit_relu(float *x, uint32_t n)
{
    uint32_t i;
    for (i = 0U; i < n; i++) {
        x[i] = (x[i] > 0.0f) ? x[i] : 0.0f;
    }
}

/*: Sigmoid */
static void digit_sigmoid(float *x, uint32_t n)
{
    uint32_t i;
    for (i = 0U; i < n; i++) {
        x[i] = 1.0f / (1.0f + digit_exp(-x[i]));
    }
}

/*: Tanh */
static void digit_tanh(float *x, uint32_t n)
{
    uint32_t i;
    for (i = 0U; i < n; i++) {
        x[i] = 1.0f - (2.0f / (digit_exp(2.0f * x[i]) + 1.0f));
    }
}

/*: MaxPool2D */
static void digit_max_pool(const float *x, uint32_t channels, uint32_t height, uint32_t width,
                           uint32_t size, float *y)
{
    uint32_t c, row, column, i, j;
    for (c = 0U; c < channels; c++) {
        for (row = 0U; row < (height / size); row++) {
            for (column = 0U; column < (width / size); column++) {
                const float *corner =
                    x + (((c * height) + (row * size)) * width) + (column * size);
                float most = *corner;
                for (i = 0U; i < size; i++) {
                    for (j = 0U; j < size; j++) {
                        const float pixel = corner[(i * width) + j];
                        most = (pixel > most) ? pixel : most;
                    }
                }
                y[(((c * (height / size)) + row) * (width / size)) + column] = most;
            }
        }
    }
}

/*: AveragePool2D */
static void digit_average_pool(const float *x, uint32_t channels, uint32_t height,
                               uint32_t width, uint32_t size, float *y)
{
    uint32_t c, row, column, i, j;
    for (c = 0U; c < channels; c++) {
        for (row = 0U; row < (height / size); row++) {
            for (column = 0U; column < (width / size); column++) {
                const float *corner =
                    x + (((c * height) + (row * size)) * width) + (column * size);
                DIGIT_SUM sum = (DIGIT_SUM)0;
                for (i = 0U; i < size; i++) {
                    for (j = 0U; j < size; j++) {
                        sum += corner[(i * width) + j];
                    }
                }
                y[(((c * (height / size)) + row) * (width / size)) + column] =
                    (float)(sum / (DIGIT_SUM)(size * size));
            }
        }
    }
}

/*: GlobalAveragePool2D */
static void digit_average(const float *x, uint32_t channels, uint32_t pixels, float *y)
{
    uint32_t c, i;
    for (c = 0U; c < channels; c++) {
        DIGIT_SUM sum = (DIGIT_SUM)0;
        for (i = 0U; i < pixels; i++) {
            sum += x[(c * pixels) + i];
        }
        y[c] = (float)(sum / (DIGIT_SUM)pixels);
    }
}

/*: BatchNorm */
/* What could not be folded into weights: a scale and a shift for each channel. */
static void digit_normalize(float *x, const float *scale, const float *shift, uint32_t channels,
                            uint32_t pixels)
{
    uint32_t c, i;
    for (c = 0U; c < channels; c++) {
        for (i = 0U; i < pixels; i++) {
            float *pixel = &x[(c * pixels) + i];
            *pixel = (float)(((DIGIT_SUM)*pixel * (DIGIT_SUM)scale[c]) + (DIGIT_SUM)shift[c]);
        }
    }
}

/*: Deskew */
/* Shear and shift the ink until it is upright and in the middle. */
static void digit_deskew(const float *x, uint32_t height, uint32_t width, float *y)
{
    const DIGIT_SUM middle = (DIGIT_SUM)(width - 1U) / (DIGIT_SUM)2;
    DIGIT_SUM mass = (DIGIT_SUM)0, down = (DIGIT_SUM)0, along = (DIGIT_SUM)0;
    DIGIT_SUM variance = (DIGIT_SUM)0, covariance = (DIGIT_SUM)0, slant;
    uint32_t i, j;
    for (i = 0U; i < height; i++) {
        for (j = 0U; j < width; j++) {
            const DIGIT_SUM ink = (DIGIT_SUM)x[(i * width) + j];
            mass += ink;
            down += ink * (DIGIT_SUM)i;
            along += ink * ((DIGIT_SUM)j - middle);
        }
    }
    mass = (mass > (DIGIT_SUM)1e-6) ? mass : (DIGIT_SUM)1e-6;
    down /= mass;
    along /= mass;
    for (i = 0U; i < height; i++) {
        for (j = 0U; j < width; j++) {
            const DIGIT_SUM ink = (DIGIT_SUM)x[(i * width) + j];
            const DIGIT_SUM from_mean = (DIGIT_SUM)i - down;
            variance += ink * from_mean * from_mean;
            covariance += ink * ((DIGIT_SUM)j - middle) * from_mean;
        }
    }
    slant = covariance / ((variance > (DIGIT_SUM)1e-6) ? variance : (DIGIT_SUM)1e-6);
    slant = (slant > DIGIT_MOST_SLANT) ? DIGIT_MOST_SLANT : slant;
    slant = (slant < -DIGIT_MOST_SLANT) ? -DIGIT_MOST_SLANT : slant;
    for (i = 0U; i < height; i++) {
        const DIGIT_SUM shift = (slant * ((DIGIT_SUM)i - down)) + along;
        int32_t whole = (int32_t)shift;
        DIGIT_SUM part;
        whole -= ((DIGIT_SUM)whole > shift) ? 1 : 0; /* rounded down */
        part = shift - (DIGIT_SUM)whole;
        for (j = 0U; j < width; j++) {
            const int32_t at = (int32_t)j + whole, n = (int32_t)width;
            const DIGIT_SUM here =
                ((at >= 0) && (at < n)) ? (DIGIT_SUM)x[(i * width) + (uint32_t)at] : (DIGIT_SUM)0;
            const DIGIT_SUM next = (((at + 1) >= 0) && ((at + 1) < n))
                                       ? (DIGIT_SUM)x[(i * width) + (uint32_t)(at + 1)]
                                       : (DIGIT_SUM)0;
            y[(i * width) + j] =
                (float)((here * ((DIGIT_SUM)1 - part)) + (next * part));
        }
    }
}

/*: read */
int digit_read(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
               digit_answer *answer)
{
    float logits[DIGIT_CLASSES];
    float sum = 0.0f, sureness;
    uint32_t i, best = 0U;
    if ((frame == 0) || (work == 0) || (answer == 0)) {
        return DIGIT_NULL;
    }
    (void)digit_logits(frame, work, logits);
    for (i = 1U; i < DIGIT_CLASSES; i++) {
        best = (logits[i] > logits[best]) ? i : best;
    }
    for (i = 0U; i < DIGIT_CLASSES; i++) {
        sum += digit_exp((logits[i] - logits[best]) / DIGIT_TEMPERATURE);
    }
    sureness = 1.0f / sum;
    answer->label = (int16_t)best;
    answer->per_mille = (uint16_t)((sureness * 1000.0f) + 0.5f);
    answer->refused = (sureness < DIGIT_LEAST_SURENESS) ? 1U : 0U;
    if (digit_has_ink(frame) == 0U) {
        answer->refused = 1U;
        return DIGIT_BLANK;
    }
    return (answer->refused != 0U) ? DIGIT_UNSURE : DIGIT_OK;
}

static uint8_t digit_same(float one, float other)
{
    const float apart = (one > other) ? (one - other) : (other - one);
    const float size = (other > 0.0f) ? other : -other;
    return (apart <= (DIGIT_TOLERANCE * (1.0f + size))) ? 1U : 0U;
}

static uint32_t digit_hash(uint32_t hash, uint32_t word);

static uint32_t digit_floats_hash(uint32_t hash, const float *numbers, uint32_t n)
{
    uint32_t i;
    for (i = 0U; i < n; i++) {
        union {
            float number;
            uint32_t bits;
        } same;
        same.number = numbers[i];
        hash = digit_hash(hash, same.bits);
    }
    return hash;
}
/*: end */
