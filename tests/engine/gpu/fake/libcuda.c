/* The functions of NVIDIA's driver that devices/compute/nvidia.py calls, with the machine's memory in place of a GPU's.
 *
 * Addresses on the "GPU" are none that a processor accepts, so whoever confuses the two is noticed. FAKE_CUDA_FAIL=NAME=CODE has a
 * function fail.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GPU ((uint64_t)1 << 52)

static int code(const char *name) {
    const char *setting = getenv("FAKE_CUDA_FAIL");
    size_t length = strlen(name);
    return setting && !strncmp(setting, name, length) && setting[length] == '=' ? atoi(setting + length + 1) : 0;
}

static int has_context;

int cuInit(unsigned flags) { return flags ? 1 : code("cuInit"); }
int cuDeviceGet(int *device, int number) { *device = number; return code("cuDeviceGet"); }
int cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "Fake Orin (nvgpu)"); return device; }
int cuDeviceGetAttribute(int *value, int number, int device) {
    *value = number == 75 ? 8 : number == 76 ? 7 : -1;
    return device;
}
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = &has_context; return code("cuDevicePrimaryCtxRetain") + device; }
int cuCtxSetCurrent(void *context) { has_context = context == &has_context; return !has_context; }
int cuMemAlloc_v2(uint64_t *address, size_t size) {
    if (!has_context) return 201;
    if (code("cuMemAlloc_v2")) return code("cuMemAlloc_v2");
    *address = (uint64_t)malloc(size) + GPU;
    return 0;
}
int cuMemFree_v2(uint64_t address) { free((void *)(address - GPU)); return 0; }
int cuMemcpyHtoDAsync_v2(uint64_t address, const void *source, size_t size, void *stream) {
    if (!stream) return 400;
    memcpy((void *)(address - GPU), source, size);
    return 0;
}
int cuMemcpyDtoHAsync_v2(void *target, uint64_t address, size_t size, void *stream) {
    if (!stream) return 400;
    memcpy(target, (void *)(address - GPU), size);
    return 0;
}
int cuStreamCreate(void **stream, unsigned flags) { *stream = malloc(1); return flags != 1; }
int cuStreamSynchronize(void *stream) { return stream ? code("cuStreamSynchronize") : 400; }
int cuGetErrorString(int number, const char **words) { *words = number == 999 ? "unknown error" : "invalid context"; return 0; }
