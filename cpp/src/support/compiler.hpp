#pragma once

/// Inlines into its caller whatever instruction set that is compiled for.
#define BIOXEN_INLINE __attribute__((always_inline)) inline

#if defined(__x86_64__) && defined(__GNUC__) && !defined(BIOXEN_NARROW)
/// Functions may be compiled a second time for AVX2 and chosen at run time. BIOXEN_NARROW leaves that out.
#define BIOXEN_WIDE 1
#endif
