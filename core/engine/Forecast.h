// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// How much memory a job may take, in bytes; 0 = what is free.
struct MemoryLimits {
    std::int64_t device = 0; ///< of tensors on the GPU; on the CPU the device is the host, and the smaller limit counts
    std::int64_t host = 0;   ///< of the process, resident
};

/// What a search tries to remove.
enum class Searched {
    Attentions, ///< an attention a step
    InTurn,     ///< an attention and an FFN in turn (BlockVariant::Authors)
    Pool        ///< the better of both a step (BlockVariant::Original)
};

/// A pruning or a part of it, in numbers.
struct JobSize {
    std::int64_t windows = 0;       ///< of stage 1; 0 = it is not run
    std::int64_t length = 0;        ///< tokens of a window
    std::int64_t searchWindows = 0; ///< of stage 2; 0 = it is not run
    std::int64_t removals = 0;      ///< of the search; so many attentions and as many FFNs where it removes both
    std::int64_t neuronsKept = 0;   ///< of each FFN during the search
    std::int64_t textTokens =
        0; ///< of a text that is kept whole beside them, as an evaluation does; 0 = no more than the windows above have
    std::int64_t screenBytes = 0;     ///< of an element of the type in which the search screens; 0 = it does not
    std::int64_t changedElements = 0; ///< of weights that the plan changes
    std::int64_t keptBytes = 0;       ///< that the job keeps beside the states of its windows
    std::int64_t gramsPerLayer = 0;   ///< Gram matrices that stage 1 sums: 1, or 2 with the weighted one; 0 = none
    Searched searched = Searched::Attentions;
};

/// What any job takes before it computes, whatever its size: reading its text, tokenising it. Measured, with texts of 200 and 500 kB.
inline constexpr double kSecondsToBegin = 0.06;

/// Where it is run.
struct ForecastBasis {
    bool isGpu = false;
    std::int64_t elementBytes = 4;       ///< of weights and states
    std::int64_t storedElementBytes = 2; ///< of the checkpoint
    std::int64_t residentNow = 0;        ///< of the process, before the model's weights are loaded
    bool hasComputed = false;            ///< before that: the libraries' code and buffers are a part of it
    std::int64_t freeHost = 0, freeDevice = 0;
    MemoryLimits limits;
    double flopPerSecond = 0; ///< of whole layers; 0 = not measured
};

/// A part of the memory, for people.
struct MemoryPart {
    std::string name; ///< "weights", "hidden states", ...
    std::int64_t bytes = 0;
};

/// What a job will take, told before it starts.
struct Forecast {
    bool isStreamed = false;       ///< layers are read from the files when they are needed, because they do not fit
    std::int64_t hostBytes = 0;    ///< largest resident size of the process
    std::int64_t deviceBytes = 0;  ///< largest size of all tensors on the GPU; 0 on the CPU
    std::int64_t restartBytes = 0; ///< of those, for the search's restart states: as many as fit
    bool areStatesOnHost = false;  ///< those, although the model is on a GPU: it has too little room for them
    std::int64_t bytesRead = 0;    ///< of the checkpoint, its hash not counted
    double seconds = 0;            ///< an estimate; 0 = not known
    std::int64_t diskBytes = 0;    ///< of a file that the job makes for itself in the folder for temporary files, and removes
    std::vector<MemoryPart> parts; ///< of the largest phase, on the device

    /// Of the device on a GPU, of the process elsewhere: what people ask first.
    std::int64_t memoryBytes() const { return deviceBytes > 0 ? deviceBytes : hostBytes; }
};

/// Bytes of the host's memory that reading and tokenising a text may take: what the limits and what is free leave beside the process as it
/// is. At least 16 MiB, so that a text can be read at all.
std::int64_t textMemory(const ForecastBasis &basis);

/// Forecasts a job by arithmetic. Layers stay resident where everything fits, and are streamed where it does not; restart states get what
/// is left, a quarter of what is free at most.
/// Throws Error when a limit cannot be kept even so: it names the least that can.
Forecast forecast(const ModelSpec &dense, const JobSize &job, const ForecastBasis &basis);

/// Whether everything of that job stays resident, the weights for screening too.
bool fitsBeside(const ModelSpec &dense, const JobSize &job, const ForecastBasis &basis);

nlohmann::json toJson(const Forecast &forecast);

/// "24GiB", "500MB", "1.5 GB" or plain bytes to bytes. Throws Error that shows the forms.
std::int64_t bytesFromText(const std::string &text);

} // namespace secateur
