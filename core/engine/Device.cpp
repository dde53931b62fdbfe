// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/Device.h"

#include "checkpoint/TensorInfo.h"
#include "decoder/Products.h"
#include "decoder/RowKernels.h"
#include "decoder/Tensors.h"
#include "engine/CoreSharing.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <charconv>
#include <dlfcn.h>
#include <malloc.h>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <torch/headeronly/version.h>
#include <unistd.h>
#include <vector>

namespace secateur {
namespace {

/// Why CUDA cannot be used; empty when it can. Opens the library once.
const std::string &cudaProblem()
{
    static const std::string problem = [] {
        if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL))
            return std::string("LibTorch's CUDA library cannot be opened (") + dlerror() + ")";
        if (!at::hasCUDA())
            return std::string("no NVIDIA driver or device was found");
        at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
        return std::string();
    }();
    return problem;
}

std::int64_t cudaCount()
{
    return cudaProblem().empty() ? c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount() : 0;
}

/// What the driver calls a GPU; empty where that cannot be found out, and for the CPU.
std::string gpuName(c10::Device device)
{
    if (!device.is_cuda())
        return {};
    using DeviceOf = int (*)(int *device, int ordinal);
    using NameOf = int (*)(char *name, int size, int device);
    constexpr int kLongest = 256;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW); // it is there: LibTorch computes by it
    const auto deviceOf = driver ? reinterpret_cast<DeviceOf>(dlsym(driver, "cuDeviceGet")) : nullptr;
    const auto nameOf = driver ? reinterpret_cast<NameOf>(dlsym(driver, "cuDeviceGetName")) : nullptr;
    int handle = 0;
    std::array<char, kLongest> name{};
    const bool isFound = deviceOf && nameOf && deviceOf(&handle, device.index()) == 0 && nameOf(name.data(), kLongest - 1, handle) == 0;
    return isFound ? std::string(name.data()) : std::string();
}

/// Of LibTorch's kernels on the CPU and, where they have others for that type, of our own.
std::string instructionsFor(const std::string &dtype)
{
    const std::string library = at::get_cpu_capability();
    const bool isType = dtype == configName(DType::Float32) || dtype == configName(DType::BFloat16) || dtype == configName(DType::Float16);
    const std::string own = isType ? kernelInstructions(scalarType(dtypeFromConfigName(dtype))) : std::string();
    std::string sameName = own; // ours have the names of the processors' makers: "AVX-512"
    std::erase(sameName, '-');
    return own.empty() || sameName == library ? library : library + " and " + own;
}

std::string hostName()
{
    constexpr std::size_t kLongest = 256;
    std::array<char, kLongest> name{};
    return gethostname(name.data(), kLongest - 1) == 0 ? std::string(name.data()) : std::string();
}

/// Of the threads that compute in this process; none where a GPU computes.
struct Sharing {
    std::mutex mutex;
    std::unique_ptr<CoreSharing> cores;
};

Sharing &sharing()
{
    static Sharing of;
    return of;
}

/// Starts as many threads as will be needed, and ends them. The library that starts them later would end the process where the system allows
/// fewer (ulimit -u, ulimit -v). Throws Error then.
void tryThreads(int count)
{
    constexpr int kBeside = 2; // one hashes the model, one reads ahead; they may come before those that compute
    std::atomic<bool> isOver = false;
    std::vector<std::jthread> threads;
    threads.reserve(std::size_t(count + kBeside));
    try {
        for (int i = 1; i < count + kBeside; ++i)
            threads.emplace_back([&] { isOver.wait(false); });
    } catch (const std::exception &problem) {
        isOver = true;
        isOver.notify_all();
        if (!dynamic_cast<const std::system_error *>(&problem))
            throw;
        throw Error("The system allows this program no more than " + counted(std::int64_t(threads.size()) + 1, "thread") + "; it needs " +
                        std::to_string(count + kBeside) + " for " + std::to_string(count) + " that compute.",
                    "Use fewer (--threads), or raise the limits (ulimit -u, ulimit -v).");
    }
    isOver = true;
    isOver.notify_all();
}

} // namespace

ComputeConditions conditionsOf(c10::Device device, const std::string &dtype)
{
    return {.device = device.str(),
            .gpu = gpuName(device),
            .dtype = dtype,
            .threads = at::get_num_threads(),
            .instructions = instructionsFor(dtype),
            .products = productLibrary(),
            .torchVersion = TORCH_VERSION,
            .programVersion = SECATEUR_VERSION,
            .host = hostName()};
}

int cudaDevices()
{
    return int(cudaCount());
}

c10::Device deviceFromName(const std::string &name)
{
    if (name == "cpu" || (name == "auto" && cudaCount() == 0))
        return c10::Device(c10::DeviceType::CPU);
    const bool hasIndex = name.starts_with("cuda:") && name.size() > 5;
    int index = 0;
    const char *end = name.data() + name.size();
    if (!(name == "cuda" || name == "auto" || (hasIndex && std::from_chars(name.data() + 5, end, index).ptr == end && index >= 0)))
        throw Error("There is no device " + inQuotes(name) + ".", "Devices: auto, cpu, cuda, cuda:N.");
    if (!cudaProblem().empty())
        throw Error("The device " + inQuotes(name) + " cannot be used: " + cudaProblem() + ".",
                    "Use the CPU (--device cpu), or install the driver and a LibTorch with CUDA (packaging/run --cuda).");
    if (index >= cudaCount())
        throw Error("There is no device " + inQuotes(name) + ": this machine has " + std::to_string(cudaCount()) + ".",
                    "Devices count from cuda:0.");
    return {c10::DeviceType::CUDA, c10::DeviceIndex(index)};
}

c10::Device prepareDevice(const std::string &name, int threads, const std::string &waiting)
{
    if (threads < 0 || threads > 1024)
        throw Error("The number of threads is out of range.", "Give 0 (all cores) to 1024.");
    const c10::Device device = deviceFromName(name);
    if (device.is_cpu()) {
        mallopt(M_MMAP_THRESHOLD, 1 << 30);
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
        mallopt(M_ARENA_MAX, 1); // what one thread freed, such as a streamed layer, is there for the next
    }
    const int count = threads > 0 ? threads : int(std::max(1U, std::thread::hardware_concurrency()));
    tryThreads(count);
    at::set_num_threads(count);
    const std::lock_guard lock(sharing().mutex);
    sharing().cores.reset(); // ends its threads before others begin
    if (device.is_cpu())
        sharing().cores = std::make_unique<CoreSharing>(count, waiting);
    return device;
}

std::string waitingPolicy()
{
    const std::lock_guard lock(sharing().mutex);
    return sharing().cores ? sharing().cores->policy() : std::string();
}

std::int64_t freeMemory(c10::Device device)
{
    if (device.is_cuda())
        return std::int64_t(c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
    return availableMemoryBytes();
}

std::int64_t peakDeviceBytes(c10::Device device)
{
    if (!device.is_cuda())
        return 0;
    const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.allocated_bytes[std::size_t(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

void resetPeakDeviceBytes(c10::Device device)
{
    if (device.is_cuda())
        c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
}

} // namespace secateur
