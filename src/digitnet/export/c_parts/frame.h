/* ---- Framing: digitnet's imaging/device_frame.py in C, the same to the bit. ---- */

#define DIGIT_SEEN 1U /* marks in the two lowest bits of a pixel of ink */
#define DIGIT_KEPT 2U
#define DIGIT_INK 0xFCU

typedef struct {
    uint32_t left, top, right, bottom; /* right and bottom are the first outside */
} digit_box;

typedef struct {
    digit_box box;
    uint32_t start, mass, score; /* start: its first pixel in the working picture */
    uint8_t touches;
} digit_component;

#if defined(__GNUC__) /* a function that is not put into its caller: has all registers to itself, */
#define DIGIT_ALONE __attribute__((noinline)) /* and takes of the stack only while it runs */
#else
#define DIGIT_ALONE
#endif

static uint32_t digit_least(uint32_t a, uint32_t b) { return (a < b) ? a : b; }

static uint32_t digit_most(uint32_t a, uint32_t b) { return (a > b) ? a : b; }

/* How much of [first, first + size) lies in [begin, end). */
static uint32_t digit_overlap(uint32_t first, uint32_t size, uint32_t begin, uint32_t end)
{
    return digit_least(first + size, end) - digit_most(first, begin);
}

/* One pixel of rows x columns brought to height x width: the mean of the area that it covers. */
static uint8_t digit_area_mean(const uint8_t *from, uint32_t stride, uint32_t rows,
                               uint32_t columns, uint32_t height, uint32_t width, uint32_t y,
                               uint32_t x)
{
    const uint32_t top = y * rows, bottom = top + rows; /* in height-ths of a row */
    const uint32_t left = x * columns, right = left + columns;
    uint32_t both = 0U, row, column;
    for (row = top / height; (row * height) < bottom; row++) {
        const uint8_t *pixels = from + (row * stride);
        uint32_t along = 0U;
        for (column = left / width; (column * width) < right; column++) {
            along += pixels[column] * digit_overlap(column * width, width, left, right);
        }
        along = ((along * 256U) + (columns / 2U)) / columns; /* at most 65,280 */
        both += along * digit_overlap(row * height, height, top, bottom);
    }
    both = (both + (rows / 2U)) / rows;
    return (uint8_t)((both + 128U) >> 8);
}

/* A box of the picture into the working picture, whose size it sets. */
static void digit_reduce(const uint8_t *grey, uint32_t stride, const digit_box *part,
                         uint8_t *work, uint32_t *height, uint32_t *width)
{
    const uint32_t rows = part->bottom - part->top, columns = part->right - part->left;
    const uint32_t longest = digit_most(rows, columns);
    const uint8_t *from = grey + (part->top * stride) + part->left;
    uint32_t y, x;
    *height = rows;
    *width = columns;
    if (longest > DIGIT_WORK_SIDE) {
        *height = digit_most(1U, ((rows * DIGIT_WORK_SIDE) + (longest / 2U)) / longest);
        *width = digit_most(1U, ((columns * DIGIT_WORK_SIDE) + (longest / 2U)) / longest);
    }
    for (y = 0U; y < *height; y++) {
        for (x = 0U; x < *width; x++) {
            work[(y * DIGIT_WORK_SIDE) + x] =
                digit_area_mean(from, stride, rows, columns, *height, *width, y, x);
        }
    }
}

/* The value that has `below` smaller or equal ones before it in order. */
static uint32_t digit_ordered(const uint8_t *work, uint32_t height, uint32_t width,
                              uint32_t below)
{
    uint32_t low = 0U, high = 255U;
    while (low < high) {
        const uint32_t middle = (low + high) / 2U;
        uint32_t count = 0U, y, x;
        for (y = 0U; y < height; y++) {
            for (x = 0U; x < width; x++) {
                count += (work[(y * DIGIT_WORK_SIDE) + x] <= middle) ? 1U : 0U;
            }
        }
        if (count > below) {
            high = middle;
        } else {
            low = middle + 1U;
        }
    }
    return low;
}

/* Whether ink is dark: the median is the ground's, and nearer to the lightest. */
static uint8_t digit_is_dark(const uint8_t *work, uint32_t height, uint32_t width)
{
    const uint32_t n = height * width;
    const uint32_t low = digit_ordered(work, height, width, (n * 2U) / 128U);
    const uint32_t median = digit_ordered(work, height, width, (n * 64U) / 128U);
    const uint32_t high = digit_ordered(work, height, width, (n * 125U) / 128U);
    return ((median - low) >= (high - median)) ? 1U : 0U;
}

/* Grey levels become contrast to the ground, 0 to 255. */
static void digit_contrast(uint8_t *work, uint32_t height, uint32_t width)
{
    uint8_t blocks[DIGIT_BLOCKS * DIGIT_BLOCKS];
    const uint32_t rows = ((height + DIGIT_BLOCK) - 1U) / DIGIT_BLOCK;
    const uint32_t columns = ((width + DIGIT_BLOCK) - 1U) / DIGIT_BLOCK;
    uint32_t y, x, i, j;
    for (y = 0U; y < (DIGIT_BLOCKS * DIGIT_BLOCKS); y++) {
        blocks[y] = 0U;
    }
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            uint8_t *block = &blocks[((y / DIGIT_BLOCK) * DIGIT_BLOCKS) + (x / DIGIT_BLOCK)];
            const uint8_t pixel = work[(y * DIGIT_WORK_SIDE) + x];
            *block = (pixel > *block) ? pixel : *block;
        }
    }
    for (i = 0U; i < rows; i++) {
        for (j = 0U; j < columns; j++) {
            uint32_t ground = 0U;
            for (y = (i > 0U) ? (i - 1U) : 0U; (y <= (i + 1U)) && (y < rows); y++) {
                for (x = (j > 0U) ? (j - 1U) : 0U; (x <= (j + 1U)) && (x < columns); x++) {
                    ground = digit_most(ground, blocks[(y * DIGIT_BLOCKS) + x]);
                }
            }
            for (y = i * DIGIT_BLOCK; (y < ((i + 1U) * DIGIT_BLOCK)) && (y < height); y++) {
                for (x = j * DIGIT_BLOCK; (x < ((j + 1U) * DIGIT_BLOCK)) && (x < width); x++) {
                    uint8_t *pixel = &work[(y * DIGIT_WORK_SIDE) + x];
                    *pixel = (uint8_t)(((ground - *pixel) * 255U) /
                                       digit_most(ground, DIGIT_LEAST_GROUND));
                }
            }
        }
    }
}

/* Otsu's threshold: the highest contrast that is ground; 255 where all are alike. */
static uint32_t digit_otsu(const uint8_t *work, uint32_t height, uint32_t width)
{
    uint16_t counts[DIGIT_TONES];
    uint32_t n = height * width, total = 0U, below = 0U, sum_below = 0U, cut = 255U, y, x, tone;
    uint64_t best = 0U;
    uint8_t found = 0U;
    for (tone = 0U; tone < DIGIT_TONES; tone++) {
        counts[tone] = 0U;
    }
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            tone = work[(y * DIGIT_WORK_SIDE) + x] / 4U;
            counts[tone]++;
            total += tone;
        }
    }
    for (tone = 0U; tone < DIGIT_TONES; tone++) {
        below += counts[tone];
        sum_below += tone * counts[tone];
        if ((below > 0U) && (below < n)) {
            const uint32_t one = below * total, other = n * sum_below;
            const uint64_t apart = (one > other) ? (one - other) : (other - one);
            const uint64_t between = (apart * apart) / (below * (n - below));
            if ((found == 0U) || (between > best)) {
                found = 1U;
                best = between;
                cut = (4U * tone) + 3U;
            }
        }
    }
    return cut;
}

/* Rows (or columns) of ink along one edge go, with all outside of them and one inside. `corner`
   is the first pixel of the edge, `in` leads away from it and `by` along it. */
static void digit_without_edge(uint8_t *work, int32_t corner, int32_t in, int32_t by,
                               int32_t n, int32_t along)
{
    int32_t row, i;
    for (row = (n / 8) - 1; row >= 0; row--) {
        int32_t count = 0;
        for (i = 0; i < along; i++) {
            count += (work[corner + (row * in) + (i * by)] != 0U) ? 1 : 0;
        }
        if ((count * 8) >= (7 * along)) {
            int32_t gone;
            for (gone = 0; gone < (row + 2); gone++) {
                for (i = 0; i < along; i++) {
                    work[corner + (gone * in) + (i * by)] = 0U;
                }
            }
            return;
        }
    }
}

/* Whether a pixel of ink without the mark has a neighbour with it. */
static uint8_t digit_beside(const uint8_t *work, uint32_t height, uint32_t width, uint32_t y,
                            uint32_t x, uint8_t mark)
{
    const uint32_t top = (y > 0U) ? (y - 1U) : 0U, left = (x > 0U) ? (x - 1U) : 0U;
    const uint32_t bottom = digit_least(y + 2U, height), right = digit_least(x + 2U, width);
    uint32_t i, j;
    for (i = top; i < bottom; i++) {
        for (j = left; j < right; j++) {
            if ((work[(i * DIGIT_WORK_SIDE) + j] & mark) != 0U) {
                return 1U;
            }
        }
    }
    return 0U;
}

/* Mark the component of a pixel, by sweeps over its growing box until nothing changes. */
static void digit_flood(uint8_t *work, uint32_t height, uint32_t width, uint32_t start,
                        uint8_t mark, digit_component *found)
{
    digit_box *box = &found->box;
    uint8_t changed = 1U, backwards = 0U;
    found->start = start;
    box->top = start / DIGIT_WORK_SIDE;
    box->left = start % DIGIT_WORK_SIDE;
    box->bottom = box->top + 1U;
    box->right = box->left + 1U;
    found->mass = work[start] & DIGIT_INK;
    work[start] = (uint8_t)(work[start] | mark);
    while (changed != 0U) {
        const uint32_t top = (box->top > 0U) ? (box->top - 1U) : 0U;
        const uint32_t left = (box->left > 0U) ? (box->left - 1U) : 0U;
        const uint32_t rows = digit_least(box->bottom + 1U, height) - top;
        const uint32_t columns = digit_least(box->right + 1U, width) - left;
        uint32_t i, j;
        changed = 0U;
        for (i = 0U; i < rows; i++) {
            for (j = 0U; j < columns; j++) {
                const uint32_t y = top + ((backwards != 0U) ? ((rows - 1U) - i) : i);
                const uint32_t x = left + ((backwards != 0U) ? ((columns - 1U) - j) : j);
                uint8_t *pixel = &work[(y * DIGIT_WORK_SIDE) + x];
                if ((*pixel >= 4U) && ((*pixel & mark) == 0U) &&
                    (digit_beside(work, height, width, y, x, mark) != 0U)) {
                    found->mass += *pixel & DIGIT_INK;
                    *pixel = (uint8_t)(*pixel | mark);
                    box->top = digit_least(box->top, y);
                    box->left = digit_least(box->left, x);
                    box->bottom = digit_most(box->bottom, y + 1U);
                    box->right = digit_most(box->right, x + 1U);
                    changed = 1U;
                }
            }
        }
        backwards = (uint8_t)(1U - backwards);
    }
    {
        const uint8_t left = (box->left == 0U) ? 1U : 0U, top = (box->top == 0U) ? 1U : 0U;
        const uint8_t right = (box->right == width) ? 1U : 0U;
        const uint8_t bottom = (box->bottom == height) ? 1U : 0U;
        found->touches = (uint8_t)(left | top | right | bottom);
        found->score = found->mass / ((found->touches != 0U) ? 3U : 1U);
        found->score /= (((left & right) | (top & bottom)) != 0U) ? 3U : 1U;
    }
}

/* White space between [a, b) and [c, d), 0 where they overlap. */
static uint32_t digit_gap(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return (c > b) ? (c - b) : ((a > d) ? (a - d) : 0U);
}

static digit_box digit_around(const digit_box *a, const digit_box *b)
{
    digit_box both;
    both.left = digit_least(a->left, b->left);
    both.top = digit_least(a->top, b->top);
    both.right = digit_most(a->right, b->right);
    both.bottom = digit_most(a->bottom, b->bottom);
    return both;
}

/* Whether a component is a part of the digit with that main one, whose box is `box` so far. */
static uint8_t digit_belongs(const digit_component *one, const digit_component *main_one,
                             const digit_box *box)
{
    const uint32_t size = digit_most(box->right - box->left, box->bottom - box->top);
    const uint32_t beside = digit_gap(box->left, box->right, one->box.left, one->box.right);
    const uint32_t above = digit_gap(box->top, box->bottom, one->box.top, one->box.bottom);
    const uint32_t height = one->box.bottom - one->box.top;
    const uint32_t main_height = main_one->box.bottom - main_one->box.top;
    const digit_box both = digit_around(box, &one->box);
    if ((one->touches != 0U) || ((one->mass * 50U) < main_one->mass) ||
        ((10U * digit_most(beside, above)) > (3U * size))) {
        return 0U;
    }
    if ((beside > 0U) && ((10U * height) > (6U * main_height)) &&
        ((5U * one->mass) > main_one->mass) &&
        (((8U * beside) > size) || ((both.right - both.left) > (both.bottom - both.top)))) {
        return 0U;
    }
    return 1U;
}

/* Take a mark from all pixels. */
static void digit_unmark(uint8_t *work, uint8_t mark)
{
    uint32_t i;
    for (i = 0U; i < DIGIT_FRAME_WORK; i++) {
        work[i] = (uint8_t)(work[i] & (uint8_t)~mark);
    }
}

/* All but the digit's components go; its box is given. 0 where there is no ink at all. */
static uint8_t digit_components(uint8_t *work, uint32_t height, uint32_t width, digit_box *box)
{
    digit_component main_one = {{0U, 0U, 0U, 0U}, 0U, 0U, 0U, 0U}, one;
    uint8_t found = 0U, joined = 1U;
    uint32_t y, x;
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            const uint32_t i = (y * DIGIT_WORK_SIDE) + x;
            if ((work[i] >= 4U) && ((work[i] & DIGIT_SEEN) == 0U)) {
                digit_flood(work, height, width, i, DIGIT_SEEN, &one);
                if ((found == 0U) || (one.score > main_one.score)) {
                    main_one = one;
                    found = 1U;
                }
            }
        }
    }
    if (found == 0U) {
        return 0U;
    }
    digit_flood(work, height, width, main_one.start, DIGIT_KEPT, &one);
    *box = main_one.box;
    while (joined != 0U) {
        joined = 0U;
        digit_unmark(work, DIGIT_SEEN);
        for (y = 0U; y < height; y++) {
            for (x = 0U; x < width; x++) {
                const uint32_t i = (y * DIGIT_WORK_SIDE) + x;
                if ((work[i] >= 4U) && ((work[i] & (DIGIT_SEEN | DIGIT_KEPT)) == 0U)) {
                    digit_flood(work, height, width, i, DIGIT_SEEN, &one);
                    if (digit_belongs(&one, &main_one, box) != 0U) {
                        *box = digit_around(box, &one.box);
                        digit_flood(work, height, width, i, DIGIT_KEPT, &one);
                        joined = 1U;
                    }
                }
            }
        }
    }
    for (y = 0U; y < DIGIT_FRAME_WORK; y++) {
        work[y] = ((work[y] & DIGIT_KEPT) != 0U) ? (uint8_t)(work[y] & DIGIT_INK) : 0U;
    }
    return 1U;
}

/* Leave the digit's ink alone in the working picture; 0 where nothing stands out. */
static uint8_t digit_find(uint8_t *work, uint32_t height, uint32_t width, uint8_t dark,
                          digit_box *box)
{
    uint32_t cut, ground = 0U, n_ground = 0U, ink = 0U, n_ink = 0U, level, y, x;
    for (y = 0U; y < DIGIT_WORK_SIDE; y++) {
        for (x = 0U; x < DIGIT_WORK_SIDE; x++) {
            uint8_t *pixel = &work[(y * DIGIT_WORK_SIDE) + x];
            if ((y >= height) || (x >= width)) {
                *pixel = 0U;
            } else if (dark == 0U) {
                *pixel = (uint8_t)(255U - *pixel);
            } else {
                /* dark ink on a light ground, as it is wanted */
            }
        }
    }
    digit_contrast(work, height, width);
    cut = digit_otsu(work, height, width);
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            const uint8_t pixel = work[(y * DIGIT_WORK_SIDE) + x];
            if (pixel > cut) {
                ink += pixel;
                n_ink++;
            } else {
                ground += pixel;
                n_ground++;
            }
        }
    }
    if (n_ink == 0U) {
        return 0U;
    }
    ground /= n_ground; /* Otsu's cut leaves something on both sides */
    level = (ink / n_ink) - ground;
    if (level < DIGIT_LEAST_LEVEL) {
        return 0U;
    }
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            uint8_t *pixel = &work[(y * DIGIT_WORK_SIDE) + x];
            uint32_t share = (*pixel > ground) ? (*pixel - ground) : 0U;
            share = digit_least((share * 255U) / level, 255U) & DIGIT_INK;
            *pixel = (share < DIGIT_FAINTEST) ? 0U : (uint8_t)share;
        }
    }
    {
        const int32_t rows = (int32_t)height, columns = (int32_t)width;
        const int32_t side = (int32_t)DIGIT_WORK_SIDE;
        digit_without_edge(work, 0, side, 1, rows, columns);
        digit_without_edge(work, (rows - 1) * side, -side, 1, rows, columns);
        digit_without_edge(work, 0, 1, side, columns, rows);
        digit_without_edge(work, columns - 1, -1, side, columns, rows);
    }
    return digit_components(work, height, width, box);
}

/* Width of the strokes of ink in the corner of the working picture, in tenths of a pixel. */
static uint32_t digit_stroke_width(const uint8_t *work, uint32_t height, uint32_t width)
{
    uint32_t area = 0U, edges = 0U, y, x;
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            const uint8_t *pixel = &work[(y * DIGIT_WORK_SIDE) + x];
            if (*pixel >= 128U) {
                area++;
                edges += ((x == 0U) || (*(pixel - 1) < 128U)) ? 1U : 0U;
                edges += (((x + 1U) == width) || (*(pixel + 1) < 128U)) ? 1U : 0U;
                edges += ((y == 0U) || (*(pixel - DIGIT_WORK_SIDE) < 128U)) ? 1U : 0U;
                edges += (((y + 1U) == height) || (*(pixel + DIGIT_WORK_SIDE) < 128U)) ? 1U : 0U;
            }
        }
    }
    return (25U * area) / digit_most(edges, 1U);
}

/* Each pixel the most of itself, the one above, the one to the left and the one between. */
static void digit_dilate(uint8_t *work, uint32_t height, uint32_t width)
{
    uint32_t y, x, i, j;
    for (y = height + 1U; y-- > 0U;) {
        for (x = width + 1U; x-- > 0U;) {
            uint8_t most = 0U;
            for (i = (y > 0U) ? (y - 1U) : 0U; (i <= y) && (i < height); i++) {
                for (j = (x > 0U) ? (x - 1U) : 0U; (j <= x) && (j < width); j++) {
                    const uint8_t pixel = work[(i * DIGIT_WORK_SIDE) + j];
                    most = (pixel > most) ? pixel : most;
                }
            }
            work[(y * DIGIT_WORK_SIDE) + x] = most;
        }
    }
}

/* Where ink begins so that its centre, moment / (2 mass), is in the frame's middle. */
static uint32_t digit_place(uint32_t moment, uint32_t mass, uint32_t size)
{
    const uint32_t middle = DIGIT_SIDE * mass;
    uint32_t first = 0U;
    if (middle > moment) {
        first = (((middle - moment) + (2U * mass)) - 1U) / (2U * mass);
    }
    return digit_least(first, DIGIT_SIDE - size);
}

/* The ink of a box of the working picture into the frame. */
static void digit_into_frame(uint8_t *work, const digit_box *box, uint8_t *frame)
{
    uint32_t rows = box->bottom - box->top, columns = box->right - box->left;
    uint32_t longest = digit_most(rows, columns), height, width, mass = 0U;
    uint32_t down = 0U, along = 0U, top, left, y, x, i;
    for (y = 0U; y < rows; y++) {
        for (x = 0U; x < columns; x++) {
            work[(y * DIGIT_WORK_SIDE) + x] =
                work[((y + box->top) * DIGIT_WORK_SIDE) + x + box->left];
        }
    }
    if (longest != DIGIT_BOX) {
        uint32_t stroke = digit_stroke_width(work, rows, columns);
        for (i = 0U; i < DIGIT_MOST_DILATIONS; i++) {
            if (((stroke * DIGIT_BOX) >= (DIGIT_THINNEST * longest)) ||
                (longest == DIGIT_WORK_SIDE)) {
                break;
            }
            digit_dilate(work, rows, columns);
            rows++;
            columns++;
            longest++;
            stroke += 10U;
        }
    }
    height = digit_most(1U, ((rows * DIGIT_BOX) + (longest / 2U)) / longest);
    width = digit_most(1U, ((columns * DIGIT_BOX) + (longest / 2U)) / longest);
    for (y = 0U; y < height; y++) {
        for (x = 0U; x < width; x++) {
            const uint8_t ink =
                digit_area_mean(work, DIGIT_WORK_SIDE, rows, columns, height, width, y, x);
            frame[(y * width) + x] = ink; /* its place is not known yet */
            mass += ink;
            down += ink * ((2U * y) + 1U);
            along += ink * ((2U * x) + 1U);
        }
    }
    top = digit_place(down, mass, height);
    left = digit_place(along, mass, width);
    for (i = DIGIT_SIDE * DIGIT_SIDE; i-- > 0U;) { /* from behind, where nothing waits yet */
        y = i / DIGIT_SIDE;
        x = i % DIGIT_SIDE;
        frame[i] = ((y >= top) && (y < (top + height)) && (x >= left) && (x < (left + width)))
                       ? frame[((y - top) * width) + (x - left)]
                       : 0U;
    }
}

/* Whether there is any ink in a frame: without, what a network says of it means nothing. */
static uint8_t digit_has_ink(const uint8_t *frame)
{
    uint8_t any = 0U;
    uint32_t i;
    for (i = 0U; i < (DIGIT_SIDE * DIGIT_SIDE); i++) {
        any = (uint8_t)(any | frame[i]);
    }
    return (any != 0U) ? 1U : 0U;
}

int digit_frame(const uint8_t *grey, uint32_t width, uint32_t height, uint32_t stride,
                uint8_t work[DIGIT_FRAME_WORK], uint8_t frame[DIGIT_SIDE * DIGIT_SIDE])
{
    digit_box part, box;
    uint32_t rows, columns, margin, i;
    uint8_t dark;
    if ((grey == 0) || (work == 0) || (frame == 0)) {
        return DIGIT_NULL;
    }
    if ((width == 0U) || (height == 0U) || (width > DIGIT_LONGEST) || (height > DIGIT_LONGEST)) {
        return DIGIT_BAD_SIZE;
    }
    if ((stride < width) || (stride > (0x7FFFFFFFU / height))) {
        return DIGIT_BAD_STRIDE;
    }
    for (i = 0U; i < (DIGIT_SIDE * DIGIT_SIDE); i++) {
        frame[i] = 0U;
    }
    part.left = 0U;
    part.top = 0U;
    part.right = width;
    part.bottom = height;
    digit_reduce(grey, stride, &part, work, &rows, &columns);
    dark = digit_is_dark(work, rows, columns);
    if (digit_find(work, rows, columns, dark, &box) == 0U) {
        return DIGIT_BLANK;
    }
    box.left = (box.left * width) / columns;
    box.right = (((box.right * width) + columns) - 1U) / columns;
    box.top = (box.top * height) / rows;
    box.bottom = (((box.bottom * height) + rows) - 1U) / rows;
    margin = (digit_most(box.right - box.left, box.bottom - box.top) / 5U) + 1U;
    part.left = (box.left > margin) ? (box.left - margin) : 0U;
    part.top = (box.top > margin) ? (box.top - margin) : 0U;
    part.right = digit_least(box.right + margin, width);
    part.bottom = digit_least(box.bottom + margin, height);
    digit_reduce(grey, stride, &part, work, &rows, &columns);
    if (digit_find(work, rows, columns, dark, &box) == 0U) {
        return DIGIT_BLANK;
    }
    digit_into_frame(work, &box, frame);
    return DIGIT_OK;
}
