/* The sums of a run of finite pairs: what block.py computes, in one pass over the data. Sums are double.

   Compiled without -ffast-math: NaN and infinities stay what they are. A run that has any is handed back.
   C99; the GNU attributes and the OpenMP simd pragmas are left out where the compiler has none. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif
#ifndef CLONES
#define CLONES
#endif

enum { SAMPLES = 1024, PIECE = 8192, ROW = 1024, CHUNK = 64 };

/* Floats between this and its inverse can be squared. */
#define SMALL 1e-12f

typedef struct {
    double shift_g, shift_t, g, t, gg, tt, gt, dd, gain, rel;
    float max_abs, max_rel, g_min, g_max, t_min, t_max;
    int64_t g_zero, t_zero, tail;
} Sums;

typedef struct {
    float tiny, limit_g, limit_t, threshold;
    int32_t many; /* whether rows may be summed in float: there are so many that their errors average out */
} Rules;

INLINE float as_float(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
INLINE uint32_t as_bits(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }
INLINE float magnitude_of(float x) { return as_float(as_bits(x) & 0x7fffffffu); }

INLINE float from_f32(float x) { return x; }
INLINE float from_bf16(uint16_t h) { return as_float((uint32_t)h << 16); }
/* Infinities and NaN come out as numbers from 65536 on, beyond every fp16 number: see TOP_f16. */
INLINE float from_f16(uint16_t h) {
    uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13, sign = (uint32_t)(h & 0x8000) << 16;
    float normal = as_float(magnitude + (112u << 23));
    float subnormal = as_float(magnitude + (113u << 23)) - as_float(113u << 23);
    return as_float(as_bits(magnitude < (1u << 23) ? subnormal : normal) | sign);
}

/* Storage rounding, nearest even; 0 where it would overflow. */
INLINE float error_in_f16(float x) {
    uint32_t bits = as_bits(x), magnitude = bits & 0x7fffffffu;
    float rounded = as_float((bits + 0xfffu + ((bits >> 13) & 1u)) & 0xffffe000u);
    float small = (x + 0.75f) - 0.75f; /* the spacing of floats there is 2^-24, that of fp16 below 2^-14 */
    float error = (magnitude < 0x38800000u ? small : rounded) - x;
    return magnitude < 0x477ff000u ? error : 0.0f;
}
INLINE float error_in_bf16(float x) {
    uint32_t bits = as_bits(x);
    float rounded = as_float((bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u);
    return (as_bits(rounded) & 0x7fffffffu) < 0x7f800000u ? rounded - x : 0.0f;
}

/* About the mean; 0 where it is too small to matter. */
INLINE double useful_shift(double sum, double squares, size_t n) {
    double mean = sum / (double)n;
    return mean * mean * (double)n > squares / 2 ? mean : 0.0;
}

INLINE float reach(float low, float high) { return -low > high ? -low : high; }

/* Whether the run has what a plain sum must not take in: NaN (it shows in the sum of squares), infinities, numbers
   whose difference or relative error overflows, or extremes on both sides. top: where the side's numbers end. */
INLINE int irregular(const Sums *s, const Rules *rules, float top_g, float top_t) {
    float g = reach(s->g_min, s->g_max), t = reach(s->t_min, s->t_max);
    if (!(s->dd <= DBL_MAX) || s->max_rel > FLT_MAX || g >= top_g || t >= top_t) return 1;
    return g >= rules->limit_g && t >= rules->limit_t;
}

/* Clears the sums (gain: not summed); whether rows in float will do: neither mean is far from zero. */
INLINE int begin(Sums *s, double shift_g, double shift_t, const Rules *rules) {
    memset(s, 0, sizeof *s);
    s->shift_g = shift_g, s->shift_t = shift_t, s->gain = NAN;
    s->g_min = s->t_min = FLT_MAX, s->g_max = s->t_max = -FLT_MAX;
    return rules->many && shift_g == 0 && shift_t == 0;
}

/* After rows of float. 2: their squares left float's range; the run is to be summed without them. */
INLINE int finish(Sums *s) {
    float g = reach(s->g_min, s->g_max), t = reach(s->t_min, s->t_max);
    s->gain = 2 * s->gt + s->dd;
    s->gt += s->gg;
    return g > SMALL && g < 1 / SMALL && t > SMALL && t < 1 / SMALL ? 0 : 2;
}

#define TOP_f32 as_float(0x7e7fffffu) /* a quarter of the largest float */
#define TOP_bf16 as_float(0x7e7fffffu)
#define TOP_f16 65536.0f

#define NOISE(KIND)                                                                                                    \
    CLONES static double noise_##KIND(const float *g, size_t n) {                                                      \
        double sum = 0;                                                                                                \
        _Pragma("omp simd reduction(+:sum)")                                                                           \
        for (size_t i = 0; i < n; i++) {                                                                               \
            double e = error_in_##KIND(g[i]);                                                                          \
            sum += e * e;                                                                                              \
        }                                                                                                              \
        return sum;                                                                                                    \
    }
NOISE(f16)
NOISE(bf16)

/* Magnitudes above the threshold, packed. Few chunks have any. */
#define TAIL(G, TG)                                                                                                    \
    CLONES static int64_t tail_##G(const TG *g, size_t n, float threshold, float *out) {                               \
        int32_t limit = threshold < 0 ? -1 : (int32_t)as_bits(threshold);                                              \
        int64_t found = 0;                                                                                             \
        for (size_t start = 0; start < n; start += CHUNK) {                                                            \
            size_t stop = n - start < CHUNK ? n : start + CHUNK;                                                       \
            int32_t largest = -1;                                                                                      \
            _Pragma("omp simd reduction(max:largest)")                                                                 \
            for (size_t i = start; i < stop; i++) {                                                                    \
                int32_t bits = (int32_t)as_bits(magnitude_of(from_##G(g[i])));                                         \
                largest = bits > largest ? bits : largest;                                                             \
            }                                                                                                          \
            if (largest <= limit) continue;                                                                            \
            for (size_t i = start; i < stop; i++) {                                                                    \
                uint32_t bits = as_bits(from_##G(g[i])) & 0x7fffffffu;                                                 \
                if ((int32_t)bits > limit) out[found++] = as_float(bits);                                              \
            }                                                                                                          \
        }                                                                                                              \
        return found;                                                                                                  \
    }
TAIL(f32, float)
TAIL(f16, uint16_t)
TAIL(bf16, uint16_t)

#define REDUCE(clauses) _Pragma(#clauses)
#define SIMD_PAIR                                                                                                      \
    REDUCE(omp simd reduction(+ : sg, st, gg, tt, cross, dd, rel, g_zero, t_zero)                                      \
           reduction(min : g_min, t_min) reduction(max : g_max, t_max, worst, ratio))

/* Adds up to n pairs. KIND wide: sums of double, about the shifts; s->gt is the sum of g t. KIND row: sums of float,
   which is right for a row of 1024 among very many; s->gt is the sum of g d, from which the rest follows. */
#define ADD(KIND, ACC, SHIFT_G, SHIFT_T, CROSS, G, T, TG, TT)                                                          \
    CLONES static void KIND##_##G##_##T(const TG *restrict g, const TT *restrict t, size_t n, float tiny, Sums *s) {   \
        double kg = s->shift_g, kt = s->shift_t;                                                                       \
        ACC sg = 0, st = 0, gg = 0, tt = 0, cross = 0, dd = 0, rel = 0;                                                \
        float g_min = s->g_min, g_max = s->g_max, t_min = s->t_min, t_max = s->t_max;                                  \
        float worst = s->max_abs, ratio = s->max_rel;                                                                  \
        int32_t g_zero = 0, t_zero = 0;                                                                                \
        (void)kg, (void)kt;                                                                                            \
        SIMD_PAIR                                                                                                      \
        for (size_t i = 0; i < n; i++) {                                                                               \
            float x = from_##G(g[i]), y = from_##T(t[i]), d = y - x;                                                   \
            float e = magnitude_of(d), ax = magnitude_of(x), r = e / (ax > tiny ? ax : tiny);                          \
            ACC u = (ACC)x SHIFT_G, v = (ACC)y SHIFT_T, w = (ACC)d;                                                    \
            g_min = x < g_min ? x : g_min, g_max = x > g_max ? x : g_max;                                              \
            t_min = y < t_min ? y : t_min, t_max = y > t_max ? y : t_max;                                              \
            worst = e > worst ? e : worst, ratio = r > ratio ? r : ratio;                                              \
            g_zero += x == 0, t_zero += y == 0;                                                                        \
            sg += u, st += v, gg += u * u, tt += v * v, cross += CROSS, dd += w * w, rel += (ACC)r;                    \
        }                                                                                                              \
        s->g += sg, s->t += st, s->gg += gg, s->tt += tt, s->gt += cross, s->dd += dd, s->rel += rel;                  \
        s->g_min = g_min, s->g_max = g_max, s->t_min = t_min, s->t_max = t_max;                                        \
        s->max_abs = worst, s->max_rel = ratio, s->g_zero += g_zero, s->t_zero += t_zero;                              \
    }

#define PAIR(G, T, TG, TT)                                                                                             \
    ADD(wide, double, -kg, -kt, u * v, G, T, TG, TT)                                                                   \
    ADD(row, float, , , u * w, G, T, TG, TT)                                                                           \
    /* 0: s holds the sums, and tail (room for count) the magnitudes above the threshold. 1: an irregular run. */      \
    API int measure_##G##_##T(const TG *g, const TT *t, int64_t count, const Rules *rules, Sums *s, float *tail) {     \
        size_t n = (size_t)count, step = n < SAMPLES ? 1 : n / SAMPLES, some = 0;                                      \
        double sum_g = 0, sum_t = 0, gg = 0, tt = 0;                                                                   \
        for (size_t i = 0; i < n; i += step, some++) {                                                                 \
            double x = from_##G(g[i]), y = from_##T(t[i]);                                                             \
            sum_g += x, sum_t += y, gg += x * x, tt += y * y;                                                          \
        }                                                                                                              \
        int narrow = begin(s, useful_shift(sum_g, gg, some), useful_shift(sum_t, tt, some), rules);            \
        size_t piece = narrow ? ROW : PIECE;                                                                           \
        for (size_t start = 0; start < n; start += piece) {                                                            \
            size_t size = n - start < piece ? n - start : piece;                                                       \
            (narrow ? row_##G##_##T : wide_##G##_##T)(g + start, t + start, size, rules->tiny, s);                     \
            if (irregular(s, rules, TOP_##G, TOP_##T)) return 1;                                                       \
            if (reach(s->g_min, s->g_max) > rules->threshold)                                                          \
                s->tail += tail_##G(g + start, size, rules->threshold, tail + s->tail);                                \
        }                                                                                                              \
        return narrow ? finish(s) : 0;                                                                                 \
    }

PAIR(f32, f32, float, float)
PAIR(f32, f16, float, uint16_t)
PAIR(f32, bf16, float, uint16_t)
PAIR(f16, f32, uint16_t, float)
PAIR(f16, f16, uint16_t, uint16_t)
PAIR(bf16, f32, uint16_t, float)
PAIR(bf16, bf16, uint16_t, uint16_t)

/* Changes whenever a struct or a signature above does. */
API int interface_version(void) { return 2; }

/* Sum of the squares of round(g) - g, for finite g. kind: 1 fp16, 2 bf16. */
API double storage_noise(const float *g, int64_t count, int32_t kind) {
    return kind == 1 ? noise_f16(g, (size_t)count) : noise_bf16(g, (size_t)count);
}
