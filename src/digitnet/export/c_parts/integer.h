/* ---- The network, in integers: digitnet's models/integer_network.py, the same to the bit. ----

   A layer makes a row or two as soon as it has the rows that its windows need, so that none but
   these rows are kept. Two filters are computed at once: a weight of each make one number, and
   so one product by a byte is two. */

#ifdef __AVR__
#define digit_byte(address) pgm_read_byte(address)
#else
#define digit_byte(address) (*(address))
#endif

enum { DIGIT_CONV = 0, DIGIT_POOL = 1, DIGIT_DENSE = 2 };

/* A layer; what it takes lies in `rows` rows at `at` in the work, channel by channel, row by row,
   of the first layer in the frame. Its constants lie in digit_weights. */
typedef struct {
    uint32_t at, weights, odd, bias, multipliers; /* multipliers: 0 of the last layer */
    uint16_t channels, channels_out, group;
    uint8_t kind, size, rows, height, width, bits, bias_bytes, shift;
    uint8_t pooled; /* 2 where the largest of 2 x 2 is taken right behind a convolution, else 1 */
    uint8_t step;   /* rows that are made at a time */
    uint8_t lanes;  /* filters that are computed at a time: 1 or 2 */
} digit_layer; /* group: channels, of a dense layer inputs, whose sums fit in a lane */

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

static int32_t digit_bias(const digit_layer *layer, uint32_t channel)
{
    return digit_signed(digit_weights + layer->bias + (channel * layer->bias_bytes),
                        layer->bias_bytes);
}

/* Where a layer's weights are read. Where two filters are computed at a time, those of an even
   number lie from `weights` on and the others from `odd` on, filter behind filter in both. Of an
   odd number of filters the last has none beside it: what is read there has no meaning. */
typedef struct {
    const uint8_t *even, *odd;
    uint32_t rest, have; /* what is read and not taken yet; weights or bits of it */
} digit_reader;

static digit_reader digit_open(const digit_layer *layer)
{
    digit_reader reader;
    reader.even = digit_weights + layer->weights;
    reader.odd = digit_weights + layer->odd;
    reader.rest = 0U;
    reader.have = 0U;
    return reader;
}

/* The next byte, of two filters that of the odd one 65536 times. */
static uint32_t digit_next(digit_reader *from, uint32_t lanes)
{
    uint32_t next = digit_byte(from->even);
    from->even++;
    if (lanes == 2U) {
        next |= (uint32_t)digit_byte(from->odd) << 16;
        from->odd++;
    }
    return next;
}

/* The next n weights, of two filters as even + 65536 odd. Negative ones are modulo 2^32. */
static void digit_take(digit_reader *from, const digit_layer *layer, uint32_t n, uint32_t *pairs)
{
    const uint32_t lanes = layer->lanes, ones = (lanes == 2U) ? 0x00010001U : 1U;
    uint32_t rest = from->rest, have = from->have, i;
    if (layer->bits == 0U) { /* ternary, five to a byte: as a fraction of 256, in base three */
        for (i = 0U; i < n; i++) {
            if (have == 0U) {
                rest = digit_next(from, lanes);
                have = 5U;
            }
            rest *= 3U;
            pairs[i] = ((rest >> 8) & (3U * ones)) - ones;
            rest &= 255U * ones;
            have--;
        }
    } else {
        const uint32_t bits = layer->bits, most = ((uint32_t)1U << bits) - 1U;
        const uint32_t step = (bits == 2U) ? 2U : 1U;
        const uint32_t largest = ones * ((bits == 2U) ? 3U : (most / 2U));
        for (i = 0U; i < n; i++) {
            uint32_t taken;
            if (have < bits) {
                rest |= digit_next(from, lanes) << have;
                have += 8U;
            }
            taken = rest & (most * ones);
            rest = (rest - taken) >> bits;
            pairs[i] = (step * taken) - largest;
            have -= bits;
        }
    }
    from->rest = rest;
    from->have = have;
}

/* A sum of the even filter (lane 0) or the odd one (lane 1), or of one that is alone. */
static int32_t digit_unpaired(uint32_t sums, uint32_t lanes, uint32_t lane)
{
    if (lanes == 1U) {
        return ((sums >> 31) == 0U) ? (int32_t)sums : (-(int32_t)(~sums) - 1);
    }
    /* Whoever is below 0 has borrowed 1 from the odd sum; half of 65536 gives it back. */
    sums = (lane == 0U) ? (sums & 0xFFFFU) : ((sums + 0x8000U) >> 16);
    return (int32_t)(sums ^ 0x8000U) - 0x8000;
}

#ifdef DIGIT_FAST
/* The same numbers on a machine with room: each layer as a whole, DIGIT_FAST_STACK bytes. */
typedef int32_t digit_lane;

@LANES@
/* The next weights of n_out outputs from `out` on, n_in of each, put into lanes. */
static void digit_fill_lanes(const digit_layer *layer, digit_reader *from, uint32_t out,
                             uint32_t n_out, uint32_t n_in, int32_t *filter, int32_t *bias)
{
    uint32_t pairs[DIGIT_PAIRS];
    uint32_t first, i, k, lane;
    for (k = 0U; k < DIGIT_LANES; k++) {
        bias[k] = 0;
        if (k < n_out) {
            bias[k] = digit_bias(layer, out + k);
        }
    }
    for (k = 0U; k < n_out; k += layer->lanes) {
        for (first = 0U; first < n_in; first += DIGIT_PAIRS) {
            const uint32_t some = digit_least(DIGIT_PAIRS, n_in - first);
            digit_take(from, layer, some, pairs);
            for (lane = 0U; lane < layer->lanes; lane++) {
                int32_t *to = filter + (first * DIGIT_LANES) + k + lane;
                for (i = 0U; i < some; i++) {
                    to[i * DIGIT_LANES] = digit_unpaired(pairs[i], layer->lanes, lane);
                }
            }
        }
    }
    for (i = 0U; i < n_in; i++) {
        for (k = n_out; k < DIGIT_LANES; k++) {
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
        digit_reader reader = digit_open(&layer);
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
                digit_fill_lanes(&layer, &reader, out, some, channels * size * size, filter, bias);
                digit_convolve_lanes(x, filter, bias, &window, some, y + (out * pixels));
            } else {
                const uint32_t n_in = channels * layer.height * layer.width;
                digit_fill_lanes(&layer, &reader, out, some, n_in, filter, bias);
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
static uint8_t digit_scale(int32_t sum, uint32_t multiplier, uint32_t shift)
{
    uint32_t scaled = 0U;
    if (sum > 0) {
        scaled = (((uint32_t)sum * multiplier) + ((uint32_t)1U << (shift - 1U))) >> shift;
    }
    return (uint8_t)((scaled > 255U) ? 255U : scaled);
}

/* At which places, from `*first` to before `*end`, a channel's windows have anything but 0: the
   others add nothing. Two places have one way, so both are even where that can be. */
static void digit_places(const uint8_t *x, const uint32_t *at, uint32_t n_lines, uint32_t size,
                         uint32_t places, uint8_t *first, uint8_t *end)
{
    const uint32_t width = (places + size) - 1U;
    uint32_t left = width, right = 0U, i, j;
    for (i = 0U; i < n_lines; i++) {
        const uint8_t *line = x + at[i];
        for (j = 0U; (j < left) && (line[j] == 0U); j++) {
        }
        left = j;
        if (j < width) {
            for (j = width; (j > right) && (line[j - 1U] == 0U); j--) {
            }
            right = j;
        }
    }
    left = (left >= size) ? ((left - size) + 1U) : 0U;
    *first = (uint8_t)(left & ~(uint32_t)1U);
    *end = (uint8_t)digit_least((right + 1U) & ~(uint32_t)1U, places);
}

/* What one channel's 3 x 3 weights add to n places, an even number, of rows of sums: the loop in
   which most of the time is spent. The weights stay in registers, two places have one way, and
   the last two bytes of each line serve the next two. */
DIGIT_ALONE static void digit_add_3x3(const uint8_t *x, const uint32_t *at, const uint32_t *w,
                                      uint32_t *sums, uint32_t n_rows, uint32_t n, uint32_t stride)
{
    const uint32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5];
    const uint32_t w6 = w[6], w7 = w[7], w8 = w[8];
    const uint32_t *const last = at + n_rows;
    for (; at < last; at++) {
        const uint8_t *above = x + at[0], *here = x + at[1], *below = x + at[2];
        const uint32_t *const end = sums + n;
        uint32_t a = above[0], b = above[1], c = here[0], d = here[1], e = below[0], f = below[1];
        while (sums < end) {
            uint32_t s = sums[0], t = sums[1];
            s += (w0 * a) + (w1 * b);
            t += w0 * b;
            a = above[2];
            b = above[3];
            s += w2 * a;
            t += (w1 * a) + (w2 * b);
            s += (w3 * c) + (w4 * d);
            t += w3 * d;
            c = here[2];
            d = here[3];
            s += w5 * c;
            t += (w4 * c) + (w5 * d);
            s += (w6 * e) + (w7 * f);
            t += w6 * f;
            e = below[2];
            f = below[3];
            s += w8 * e;
            t += (w7 * e) + (w8 * f);
            above += 2;
            here += 2;
            below += 2;
            sums[0] = s;
            sums[1] = t;
            sums += 2;
        }
        sums += stride - n;
    }
}

/* The same for weights of any size and any number of places. */
static void digit_add(const uint8_t *x, const uint32_t *at, const uint32_t *w, uint32_t size,
                      uint32_t *sums, uint32_t n_rows, uint32_t n, uint32_t stride)
{
    uint32_t row, j, i, k;
    for (row = 0U; row < n_rows; row++) {
        for (j = 0U; j < n; j++) {
            uint32_t sum = sums[(row * stride) + j];
            for (i = 0U; i < size; i++) {
                const uint8_t *line = x + at[row + i] + j;
                for (k = 0U; k < size; k++) {
                    sum += w[(i * size) + k] * line[k];
                }
            }
            sums[(row * stride) + j] = sum;
        }
    }
}

/* Rows of one channel, or of two, out of their sums: all groups' and the bias, scaled; where it
   is pooled, the largest of two columns, of two rows, and of what a row before has left. Where
   there is no other channel, it is the same one again. */
DIGIT_ALONE static void digit_finish(const digit_layer *layer, const uint32_t *sums, uint32_t out,
                                     uint32_t row, uint32_t n_rows, uint8_t *y,
                                     const digit_layer *next)
{
    const uint32_t places = ((uint32_t)layer->width - layer->size) + 1U, cells = n_rows * places;
    const uint32_t pooled = layer->pooled, lanes = layer->lanes, shift = layer->shift;
    const uint32_t high = (pooled == 2U) ? n_rows : 1U; /* of the block that is pooled */
    const uint32_t n_sums = (((layer->channels - 1U) / layer->group) + 1U) * cells;
    const uint32_t width = places / pooled;
    const uint32_t quick = ((pooled == 1U) && (n_sums == cells)) ? 1U : 0U; /* nothing to compare */
    const uint32_t other = ((lanes == 2U) && ((out + 1U) < layer->channels_out)) ? 1U : 0U;
    const uint32_t m = digit_byte(digit_weights + layer->multipliers + out);
    const uint32_t m_other = digit_byte(digit_weights + layer->multipliers + out + other);
    const int32_t bias = digit_bias(layer, out), bias_other = digit_bias(layer, out + other);
    uint32_t i, j, k, g;
    for (i = 0U; i < n_rows; i += high) {
        const uint32_t row_out = ((row + i) / pooled) % next->rows;
        const uint32_t first = (((row + i) % pooled) == 0U) ? 1U : 0U;
        const uint32_t *from = sums + (i * places);
        uint8_t *to = y + (((out * next->rows) + row_out) * width);
        uint8_t *to_other = to + (other * next->rows * width);
        for (j = 0U; (j < width) && (quick != 0U); j++) {
            const int32_t sum = digit_unpaired(from[j], lanes, 0U) + bias;
            const int32_t sum_other = digit_unpaired(from[j], lanes, other) + bias_other;
            to_other[j] = digit_scale(sum_other, m_other, shift);
            to[j] = digit_scale(sum, m, shift);
        }
        for (; j < width; j++) {
            int32_t most = -bias, most_other = -bias_other; /* 0 is the least that comes out */
            uint8_t byte;
            for (k = 0U; k < (high * pooled); k++) {
                const uint32_t *cell = from + (k & 1U) + ((k >> 1) * places);
                int32_t sum = digit_unpaired(*cell, lanes, 0U);
                int32_t sum_other = digit_unpaired(*cell, lanes, other);
                for (g = cells; g < n_sums; g += cells) {
                    sum += digit_unpaired(cell[g], lanes, 0U);
                    sum_other += digit_unpaired(cell[g], lanes, other);
                }
                most = (sum > most) ? sum : most;
                most_other = (sum_other > most_other) ? sum_other : most_other;
            }
            from += pooled;
            byte = digit_scale(most_other + bias_other, m_other, shift);
            if ((first != 0U) || (byte > to_other[j])) {
                to_other[j] = byte;
            }
            byte = digit_scale(most + bias, m, shift);
            if ((first != 0U) || (byte > to[j])) {
                to[j] = byte;
            }
        }
    }
}

/* n_rows rows of all channels, from the window's rows that begin with `row`. */
static void digit_conv(const digit_layer *layer, const uint8_t *x, uint32_t row, uint32_t n_rows,
                       uint8_t *y, const digit_layer *next)
{
    const uint32_t size = layer->size, places = ((uint32_t)layer->width - size) + 1U;
    const uint32_t cells = n_rows * places, n_lines = (size + n_rows) - 1U;
    const uint32_t n_sums = (((layer->channels - 1U) / layer->group) + 1U) * cells;
    uint32_t sums[DIGIT_SUMS], pairs[DIGIT_PAIRS];
    uint32_t at[DIGIT_LINES]; /* where the window's rows lie in a channel */
    uint8_t firsts[DIGIT_CHANNELS] = {0U}, ends[DIGIT_CHANNELS] = {0U};
    digit_reader reader = digit_open(layer);
    uint32_t out, c, i;
    for (i = 0U; i < n_lines; i++) {
        at[i] = ((row + i) % layer->rows) * layer->width;
    }
    for (c = 0U; c < layer->channels; c++) {
        digit_places(x + (c * layer->rows * layer->width), at, n_lines, size, places, &firsts[c],
                     &ends[c]);
    }
    for (out = 0U; out < layer->channels_out; out += layer->lanes) {
        const uint8_t *channel = x;
        uint32_t *to = sums;
        uint32_t left = layer->group;
        for (i = 0U; i < n_sums; i++) {
            sums[i] = 0U;
        }
        for (c = 0U; c < layer->channels; c++) {
            uint32_t first = firsts[c], n = (ends[c] > first) ? (ends[c] - first) : 0U;
            if (left == 0U) {
                to += cells;
                left = layer->group;
            }
            left--;
            digit_take(&reader, layer, size * size, pairs);
            if ((size == 3U) && (n > 1U)) {
                const uint32_t even = n & ~(uint32_t)1U;
                digit_add_3x3(channel + first, at, pairs, to + first, n_rows, even, places);
                first += even;
                n -= even;
            }
            if (n > 0U) {
                digit_add(channel + first, at, pairs, size, to + first, n_rows, n, places);
            }
            channel += (uint32_t)layer->rows * layer->width;
        }
        digit_finish(layer, sums, out, row, n_rows, y, next);
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

/* A dense layer's sums: of the last layer the logits, else scaled to y. */
static void digit_dense(const digit_layer *layer, const uint8_t *x, uint8_t *y, uint32_t last,
                        digit_logit *logits)
{
    const uint32_t n = (uint32_t)layer->channels * layer->height * layer->width;
    uint32_t pairs[DIGIT_PAIRS];
    digit_reader reader = digit_open(layer);
    uint32_t out, first, lane, i;
    for (out = 0U; out < layer->channels_out; out += layer->lanes) {
        int32_t sums[2] = {0, 0};
        for (first = 0U; first < n; first += layer->group) {
            const uint32_t some = digit_least(layer->group, n - first);
            uint32_t sum = 0U;
            digit_take(&reader, layer, some, pairs);
            for (i = 0U; i < some; i++) {
                sum += pairs[i] * x[first + i];
            }
            for (lane = 0U; lane < layer->lanes; lane++) {
                sums[lane] += digit_unpaired(sum, layer->lanes, lane);
            }
        }
        for (lane = 0U; (lane < layer->lanes) && ((out + lane) < layer->channels_out); lane++) {
            const uint32_t i_out = out + lane;
            const int32_t sum = sums[lane] + digit_bias(layer, i_out);
            if (last != 0U) {
                logits[i_out] = sum;
            } else {
                const uint32_t m = digit_byte(digit_weights + layer->multipliers + i_out);
                y[i_out] = digit_scale(sum, m, layer->shift);
            }
        }
    }
}

/* How many rows a layer can make now, of `come` that it was given, when it has made `made`. */
static uint32_t digit_ready(const digit_layer *layer, uint32_t come, uint32_t made)
{
    uint32_t n = 1U, needs = layer->height, rows = 1U; /* a dense layer waits for all rows */
    if (layer->kind == (uint8_t)DIGIT_POOL) {
        rows = layer->height / 2U;
        needs = 2U * (made + 1U);
    }
    if (layer->kind == (uint8_t)DIGIT_CONV) {
        rows = ((uint32_t)layer->height - layer->size) + 1U;
        n = digit_least(layer->step, rows - made);
        needs = ((made + n) + layer->size) - 1U;
    }
    return ((made < rows) && (come >= needs)) ? n : 0U;
}

int digit_logits(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
                 digit_logit logits[DIGIT_CLASSES])
{
    uint8_t made[DIGIT_LAYERS]; /* rows that each layer has made, before a pool behind it */
    uint32_t at;
    if ((frame == 0) || (work == 0) || (logits == 0)) {
        return DIGIT_NULL;
    }
    for (at = 0U; at < DIGIT_LAYERS; at++) {
        made[at] = 0U;
    }
    while (made[DIGIT_LAYERS - 1U] == 0U) {
        uint32_t come = DIGIT_SIDE; /* rows that layer number `at` was given */
        for (at = 0U; at < DIGIT_LAYERS; at++) {
            const digit_layer layer = digit_layer_at(at);
            const uint8_t *x = (at == 0U) ? frame : (work + layer.at);
            const uint32_t last = ((at + 1U) == DIGIT_LAYERS) ? 1U : 0U;
            const digit_layer next = digit_layer_at((last != 0U) ? at : (at + 1U));
            const uint32_t n = digit_ready(&layer, come, made[at]);
            uint8_t *y = work + next.at;
            if (n == 0U) {
                /* it waits for more rows, or has made all */
            } else if (layer.kind == (uint8_t)DIGIT_CONV) {
                digit_conv(&layer, x, made[at], n, y, &next);
            } else if (layer.kind == (uint8_t)DIGIT_POOL) {
                digit_pool(&layer, x, 2U * (uint32_t)made[at], y, &next, made[at]);
            } else {
                digit_dense(&layer, x, y, last, logits);
            }
            made[at] = (uint8_t)(made[at] + n);
            come = made[at] / (uint32_t)layer.pooled;
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
