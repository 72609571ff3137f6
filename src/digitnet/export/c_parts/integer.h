/* ---- The network, in integers: digitnet's models/integer_network.py, the same to the bit. ----

   Rows of the frame are fed to the first layer one by one. As soon as a layer has as many rows as
   its window is high, it gives a row to the next, so that none but these rows is kept. */

#ifdef __AVR__
#define digit_byte(address) pgm_read_byte(address)
#else
#define digit_byte(address) (*(address))
#endif

enum { DIGIT_CONV = 0, DIGIT_POOL = 1, DIGIT_DENSE = 2 };

/* A layer; what it takes lies in `rows` rows at `at` in the work, channel by channel, row by row,
   of the first layer in the frame. Its constants lie in digit_weights. */
typedef struct {
    uint32_t at, weights, bias, multipliers; /* multipliers: 0 of the last layer */
    uint16_t channels, channels_out;
    uint8_t kind, size, rows, height, width, bits, bias_bytes, shift, pooled;
} digit_layer; /* pooled: 2 where the largest of 2 x 2 is taken right behind a convolution, else 1 */

@LAYERS@
static digit_layer digit_layer_at(uint32_t number)
{
#ifdef __AVR__ /* constants lie in flash, which an AVR reads byte by byte */
    digit_layer layer;
    const uint8_t *from = (const uint8_t *)(const void *)&digit_layers[number];
    uint8_t *to = (uint8_t *)(void *)&layer;
    uint32_t i;
    for (i = 0U; i < sizeof(layer); i++) {
        to[i] = digit_byte(from + i);
    }
    return layer;
#else
    return digit_layers[number];
#endif
}

/* A number of one, two or four bytes, the lowest first, the highest with the sign. */
static int32_t digit_signed(const uint8_t *from, uint32_t bytes)
{
    uint32_t value = 0U, i;
    for (i = 0U; i < bytes; i++) {
        value |= (uint32_t)digit_byte(from + i) << (8U * i);
    }
    if ((value >> ((8U * bytes) - 1U)) == 0U) {
        return (int32_t)value;
    }
    if (bytes < 4U) {
        return (int32_t)value - (int32_t)((uint32_t)1U << (8U * bytes));
    }
    return -(int32_t)(~value) - 1;
}

/* n weights of a layer, from its weight number `first` on, unpacked. */
static void digit_unpack(const digit_layer *layer, uint32_t first, uint32_t n, int8_t *filter)
{
    const uint8_t *from = digit_weights + layer->weights;
    uint32_t i;
    if (layer->bits == 0U) { /* ternary, five to a byte */
        uint32_t place = first % 5U;
        const uint8_t *byte = from + (first / 5U);
        uint32_t rest = digit_byte(byte);
        for (i = 0U; i < place; i++) {
            rest = (rest * 171U) >> 9; /* a third */
        }
        for (i = 0U; i < n; i++) {
            uint32_t third;
            if (place == 5U) {
                place = 0U;
                byte++;
                rest = digit_byte(byte);
            }
            third = (rest * 171U) >> 9;
            filter[i] = (int8_t)((int32_t)(rest - (3U * third)) - 1);
            rest = third;
            place++;
        }
    } else {
        const uint32_t bits = layer->bits, most = (((uint32_t)1U << bits) - 1U);
        const int32_t step = (bits == 2U) ? 2 : 1;
        const int32_t largest = (bits == 2U) ? 3 : (int32_t)(most / 2U);
        const uint8_t *byte = from + ((first * bits) / 8U);
        uint32_t have = 8U - ((first * bits) % 8U); /* bits that are read and not taken yet */
        uint32_t rest = (uint32_t)digit_byte(byte) >> (8U - have);
        for (i = 0U; i < n; i++) {
            if (have < bits) {
                byte++;
                rest |= (uint32_t)digit_byte(byte) << have;
                have += 8U;
            }
            filter[i] = (int8_t)((step * (int32_t)(rest & most)) - largest);
            rest >>= bits;
            have -= bits;
        }
    }
}

#ifdef DIGIT_FAST
/* The same numbers on a machine with room: each layer as a whole, DIGIT_FAST_STACK bytes. */
typedef int32_t digit_lane;

@LANES@
/* The weights of outputs `out` to `out + n_out`, n_in of each, unpacked and put into lanes. */
static void digit_fill_lanes(const digit_layer *layer, uint32_t out, uint32_t n_out, uint32_t n_in,
                             int8_t *weights, int32_t *filter, int32_t *bias)
{
    uint32_t i, k;
    digit_unpack(layer, out * n_in, n_out * n_in, weights);
    for (k = 0U; k < DIGIT_LANES; k++) {
        bias[k] = 0;
        if (k < n_out) {
            bias[k] = digit_signed(digit_weights + layer->bias + ((out + k) * layer->bias_bytes),
                                   layer->bias_bytes);
        }
    }
    for (i = 0U; i < n_in; i++) {
        for (k = 0U; k < n_out; k++) {
            filter[(i * DIGIT_LANES) + k] = weights[(k * n_in) + i];
        }
        for (; k < DIGIT_LANES; k++) {
            filter[(i * DIGIT_LANES) + k] = 0;
        }
    }
}

/* The largest of 2 x 2 of images height x width; may be in place. */
static void digit_pool_all(const int32_t *x, uint32_t channels, uint32_t height, uint32_t width,
                           int32_t *y)
{
    uint32_t c, i, j;
    for (c = 0U; c < channels; c++) {
        for (i = 0U; i < (height / 2U); i++) {
            const int32_t *p = x + (((c * height) + (2U * i)) * width);
            int32_t *to = y + (((c * (height / 2U)) + i) * (width / 2U));
            for (j = 0U; j < (width / 2U); j++) {
                const int32_t a = p[2U * j], b = p[(2U * j) + 1U];
                const int32_t d = p[width + (2U * j)], e = p[width + (2U * j) + 1U];
                const int32_t above = (a > b) ? a : b, below = (d > e) ? d : e;
                to[j] = (above > below) ? above : below;
            }
        }
    }
}

/* n sums of one channel as bytes, as digit_scale has them, in place. */
static void digit_scale_all(const digit_layer *layer, uint32_t channel, int32_t *x, uint32_t n)
{
    const uint32_t multiplier = digit_byte(digit_weights + layer->multipliers + channel);
    const uint32_t half = (uint32_t)1U << (layer->shift - 1U);
    uint32_t i;
    for (i = 0U; i < n; i++) {
        const uint32_t sum = (x[i] > 0) ? (uint32_t)x[i] : 0U;
        const uint32_t scaled = ((sum * multiplier) + half) >> layer->shift;
        x[i] = (int32_t)((scaled > 255U) ? 255U : scaled);
    }
}

int digit_logits(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
                 digit_logit logits[DIGIT_CLASSES])
{
    int32_t one[DIGIT_FAST_CELLS], other[DIGIT_FAST_CELLS], filter[DIGIT_FAST_FILTER];
    int8_t weights[DIGIT_FAST_FILTER];
    int32_t bias[DIGIT_LANES];
    int32_t *x = one, *y = other, *swap;
    uint32_t i, number, out;
    if ((frame == 0) || (work == 0) || (logits == 0)) {
        return DIGIT_NULL;
    }
    for (i = 0U; i < DIGIT_PIXELS; i++) {
        x[i] = frame[i];
    }
    for (number = 0U; number < DIGIT_LAYERS; number++) {
        const digit_layer layer = digit_layer_at(number);
        const uint32_t size = layer.size, channels = layer.channels;
        uint32_t height = layer.height, width = layer.width, pixels;
        if (layer.kind == (uint8_t)DIGIT_POOL) {
            digit_pool_all(x, channels, height, width, x);
            continue;
        }
        if (layer.kind == (uint8_t)DIGIT_CONV) {
            height = (height - size) + 1U;
            width = (width - size) + 1U;
        } else {
            height = 1U;
            width = 1U;
        }
        pixels = height * width;
        for (out = 0U; out < layer.channels_out; out += DIGIT_LANES) {
            const uint32_t left = layer.channels_out - out;
            const uint32_t some = (left < DIGIT_LANES) ? left : DIGIT_LANES;
            if (layer.kind == (uint8_t)DIGIT_CONV) {
                const digit_window window = {channels, layer.height, layer.width,
                                             layer.channels_out, size, 1U, 0U};
                digit_fill_lanes(&layer, out, some, channels * size * size, weights, filter, bias);
                digit_convolve_lanes(x, filter, bias, &window, some, y + (out * pixels));
            } else {
                const uint32_t n_in = channels * layer.height * layer.width;
                digit_fill_lanes(&layer, out, some, n_in, weights, filter, bias);
                digit_dense_lanes(x, filter, bias, n_in, some, y + out);
            }
        }
        if (layer.pooled == 2U) {
            digit_pool_all(y, layer.channels_out, height, width, y);
            pixels /= 4U;
        }
        if ((number + 1U) < DIGIT_LAYERS) {
            for (out = 0U; out < layer.channels_out; out++) {
                digit_scale_all(&layer, out, y + (out * pixels), pixels);
            }
        }
        swap = x;
        x = y;
        y = swap;
    }
    for (i = 0U; i < DIGIT_CLASSES; i++) {
        logits[i] = x[i];
    }
    return DIGIT_OK;
}
#else
/* A sum as a byte: 0 below 0, times the multiplier, shifted with rounding, at most 255. */
static uint8_t digit_scale(int32_t sum, const digit_layer *layer, uint32_t channel)
{
    const uint32_t multiplier = digit_byte(digit_weights + layer->multipliers + channel);
    uint32_t scaled = 0U;
    if (sum > 0) {
        scaled = (((uint32_t)sum * multiplier) + ((uint32_t)1U << (layer->shift - 1U))) >>
                 layer->shift;
    }
    return (scaled > 255U) ? 255U : (uint8_t)scaled;
}

/* One row of all channels, from the window's rows that begin with `row`; where it is pooled, what
   is larger than the row before it. */
static void digit_conv(const digit_layer *layer, const uint8_t *x, uint32_t row, uint8_t *y,
                       const digit_layer *next, int8_t *filter)
{
    const uint32_t size = layer->size, width = ((uint32_t)layer->width - size) + 1U;
    const uint32_t n = layer->channels * size * size, pooled = layer->pooled;
    const uint32_t row_out = (row / pooled) % next->rows;
    int32_t sums[DIGIT_SIDE];
    uint32_t out, c, i, j;
    for (out = 0U; out < layer->channels_out; out++) {
        const int32_t bias = digit_signed(
            digit_weights + layer->bias + (out * layer->bias_bytes), layer->bias_bytes);
        const int8_t *w = filter;
        uint8_t *to = y + (((out * next->rows) + row_out) * (width / pooled));
        digit_unpack(layer, out * n, n, filter);
        for (j = 0U; j < width; j++) {
            sums[j] = bias;
        }
        for (c = 0U; c < layer->channels; c++) {
            for (i = 0U; i < size; i++) {
                const uint8_t *p =
                    x + (((c * layer->rows) + ((row + i) % layer->rows)) * layer->width);
                if (size == 3U) {
                    const int16_t a = w[0], b = w[1], d = w[2];
                    for (j = 0U; j < width; j++) {
                        sums[j] += (int32_t)(a * p[j]) + (int32_t)(b * p[j + 1U]) +
                                   (int32_t)(d * p[j + 2U]);
                    }
                } else {
                    const int16_t a = w[0], b = w[1], d = w[2], e = w[3], f = w[4];
                    for (j = 0U; j < width; j++) {
                        sums[j] += (int32_t)(a * p[j]) + (int32_t)(b * p[j + 1U]) +
                                   (int32_t)(d * p[j + 2U]) + (int32_t)(e * p[j + 3U]) +
                                   (int32_t)(f * p[j + 4U]);
                    }
                }
                w += size;
            }
        }
        for (j = 0U; j < width; j++) {
            const uint8_t byte = digit_scale(sums[j], layer, out);
            const uint8_t first = (((row % pooled) + (j % pooled)) == 0U) ? 1U : 0U;
            uint8_t *cell = &to[j / pooled];
            *cell = ((first != 0U) || (byte > *cell)) ? byte : *cell;
        }
    }
}

/* One row of all channels: the largest of 2 x 2, from two rows that begin with `row`. */
static void digit_pool(const digit_layer *layer, const uint8_t *x, uint32_t row, uint8_t *y,
                       const digit_layer *next, uint32_t row_out)
{
    const uint32_t width = layer->width / 2U;
    uint32_t c, i, j, column;
    for (c = 0U; c < layer->channels; c++) {
        uint8_t *to = y + (((c * next->rows) + (row_out % next->rows)) * width);
        for (column = 0U; column < width; column++) {
            uint8_t most = 0U;
            for (i = 0U; i < 2U; i++) {
                const uint8_t *p = x + (((c * layer->rows) + ((row + i) % layer->rows)) *
                                        layer->width) + (2U * column);
                for (j = 0U; j < 2U; j++) {
                    most = (p[j] > most) ? p[j] : most;
                }
            }
            to[column] = most;
        }
    }
}

/* The sum of one output of a dense layer. */
static int32_t digit_dense(const digit_layer *layer, const uint8_t *x, uint32_t out,
                           int8_t *filter)
{
    const uint32_t n = (uint32_t)layer->channels * layer->height * layer->width;
    int32_t sum = digit_signed(digit_weights + layer->bias + (out * layer->bias_bytes),
                               layer->bias_bytes);
    uint32_t first, i;
    for (first = 0U; first < n; first += DIGIT_FILTER) {
        const uint32_t some = ((n - first) < DIGIT_FILTER) ? (n - first) : DIGIT_FILTER;
        digit_unpack(layer, (out * n) + first, some, filter);
        for (i = 0U; i < some; i++) {
            sum += (int32_t)((int16_t)filter[i] * x[first + i]);
        }
    }
    return sum;
}

int digit_logits(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
                 digit_logit logits[DIGIT_CLASSES])
{
    uint8_t come[DIGIT_LAYERS]; /* rows that each layer has been given */
    int8_t *filter;
    uint32_t i, row;
    if ((frame == 0) || (work == 0) || (logits == 0)) {
        return DIGIT_NULL;
    }
    filter = (int8_t *)work; /* its first bytes; the layers' rows are behind */
    for (i = 0U; i < DIGIT_LAYERS; i++) {
        come[i] = 0U;
    }
    for (row = 0U; row < DIGIT_SIDE; row++) {
        uint32_t at = 0U;
        uint8_t more = 1U; /* whether layer number `at` has been given a row */
        while (more != 0U) {
            const digit_layer layer = digit_layer_at(at);
            const uint8_t *x = (at == 0U) ? frame : (work + layer.at);
            const uint32_t last = (at + 1U == DIGIT_LAYERS) ? 1U : 0U;
            const digit_layer next = digit_layer_at((last != 0U) ? at : (at + 1U));
            uint8_t *y = work + next.at;
            const uint32_t given = (uint32_t)come[at] + 1U;
            come[at] = (uint8_t)given;
            more = 0U;
            if (layer.kind == (uint8_t)DIGIT_CONV) {
                if (given >= layer.size) {
                    const uint32_t first = given - layer.size;
                    digit_conv(&layer, x, first, y, &next, filter);
                    more = (((first + 1U) % layer.pooled) == 0U) ? 1U : 0U;
                }
            } else if (layer.kind == (uint8_t)DIGIT_POOL) {
                if ((given % 2U) == 0U) {
                    digit_pool(&layer, x, given - 2U, y, &next, (given / 2U) - 1U);
                    more = 1U;
                }
            } else if (given == layer.height) {
                for (i = 0U; i < layer.channels_out; i++) {
                    const int32_t sum = digit_dense(&layer, x, i, filter);
                    if (last != 0U) {
                        logits[i] = sum;
                    } else {
                        y[i] = digit_scale(sum, &layer, i);
                    }
                }
                more = (uint8_t)(1U - last);
            } else {
                /* a dense layer waits for all rows */
            }
            at++;
        }
    }
    return DIGIT_OK;
}
#endif /* DIGIT_FAST */

int digit_read(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
               digit_answer *answer)
{
    int32_t logits[DIGIT_CLASSES];
    uint32_t i, best = 0U, total = 0U;
    if ((frame == 0) || (work == 0) || (answer == 0)) {
        return DIGIT_NULL;
    }
    (void)digit_logits(frame, work, logits);
    for (i = 1U; i < DIGIT_CLASSES; i++) {
        best = (logits[i] > logits[best]) ? i : best;
    }
    for (i = 0U; i < DIGIT_CLASSES; i++) { /* e^-x by powers of two, in sixteenths */
        uint32_t behind = (uint32_t)(logits[best] - logits[i]), steps, octaves;
        behind = (behind < DIGIT_FURTHEST) ? behind : DIGIT_FURTHEST;
        steps = ((behind * DIGIT_MULTIPLIER) + ((uint32_t)1U << (DIGIT_SHIFT - 1U))) >>
                DIGIT_SHIFT;
        octaves = steps / DIGIT_OCTAVE;
        octaves = (octaves < 16U) ? octaves : 16U;
        steps = 2U * (steps % DIGIT_OCTAVE);
        total += (((uint32_t)digit_byte(digit_powers + steps + 1U) << 8) |
                  digit_byte(digit_powers + steps)) >> octaves;
    }
    answer->label = (int16_t)best;
    answer->per_mille = (uint16_t)((32768000U + (total / 2U)) / total);
    answer->refused = ((answer->per_mille + 1U) <= DIGIT_LEAST) ? 1U : 0U; /* < 0 would warn */
    if (digit_has_ink(frame) == 0U) {
        answer->refused = 1U;
        return DIGIT_BLANK;
    }
    return (answer->refused != 0U) ? DIGIT_UNSURE : DIGIT_OK;
}

static uint32_t digit_hash(uint32_t hash, uint32_t word);

static uint32_t digit_weights_hash(void)
{
    uint32_t hash = 2166136261U, i;
    for (i = 0U; i < sizeof(digit_weights); i++) {
        hash = digit_hash(hash, digit_byte(digit_weights + i));
    }
    for (i = 0U; i < sizeof(digit_powers); i++) {
        hash = digit_hash(hash, digit_byte(digit_powers + i));
    }
    return hash;
}

static uint8_t digit_same(int32_t one, int32_t other) { return (one == other) ? 1U : 0U; }
