// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/TorchErrors.h"

#include "foundation/Error.h"

#include <c10/util/Exception.h>
#include <new>
#include <string>
#include <string_view>

namespace secateur {
namespace {

[[noreturn]] void throwNoMemory(c10::Device device)
{
    if (device.is_cpu())
        throw MachineFailure("The memory is not enough.", "Use fewer or shorter windows, or a 16-bit type (--dtype).");
    throw MachineFailure("The memory of " + device.str() + " is not enough.",
                         "Use fewer or shorter windows, a 16-bit type (--dtype), or the CPU (--device cpu).", device.str());
}

/// The reason in "CUDA error: unspecified launch failure\nCUDA kernel errors might be ...": what the driver calls it.
std::string reasonIn(const std::string &what)
{
    const std::size_t name = what.find("error: "), begin = name == std::string::npos ? 0 : name + std::string_view("error: ").size();
    return what.substr(begin, what.find('\n', begin) - begin);
}

/// Every later call to a device that failed fails too, until the program ends.
[[noreturn]] void throwDeviceFailed(c10::Device device, const std::string &what)
{
    throw MachineFailure("The device " + device.str() + " failed: " + reasonIn(what) + ".",
                         "Start the program again. If it fails again, look at the driver's log, or use the CPU (--device cpu).",
                         device.is_cpu() ? std::string() : device.str());
}

bool contains(const std::string &text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

void rethrowAsOurs(c10::Device device)
{
    try {
        throw;
    } catch (const c10::OutOfMemoryError &) {
        throwNoMemory(device);
    } catch (const c10::Error &problem) {
        const std::string what = problem.what_without_backtrace();
        const bool isOfDevice = dynamic_cast<const c10::AcceleratorError *>(&problem) || what.starts_with("CUDA ");
        if (contains(what, "not enough memory") || contains(what, "can't allocate memory") ||
            (isOfDevice && (contains(what, "out of memory") || contains(what, "ALLOC_FAILED"))))
            throwNoMemory(device);
        if (isOfDevice)
            throwDeviceFailed(device, what);
        throw Error("This should not happen. LibTorch says: " + what, "Please report it, with the command that led here.");
    } catch (const std::exception &problem) {
        // What oneDNN, which multiplies, says when it gets no memory for its code or its operands.
        const std::string_view what = problem.what();
        const bool isOneDnnShort =
            what == "could not create a primitive" || what == "could not create a memory object" || what == "could not execute a primitive";
        if (isOneDnnShort || dynamic_cast<const std::bad_alloc *>(&problem))
            throwNoMemory(c10::kCPU);
        throw;
    }
}

} // namespace secateur
