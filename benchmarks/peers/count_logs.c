/* Preloaded, counts the calls of `log`; see pinetree.py. */
#define _GNU_SOURCE
#include <dlfcn.h>

static long long calls = 0;

long long bioxen_log_calls(void) { return calls; }

double log(double x) {
    static double (*real)(double) = 0;
    if (!real) real = (double (*)(double))dlsym(RTLD_NEXT, "log");
    ++calls;
    return real(x);
}
