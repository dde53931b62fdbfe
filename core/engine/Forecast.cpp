// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/Forecast.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Arithmetic.h"
#include "pruning/BlockRecord.h"
#include "pruning/SparsityBalance.h"
#include "restoration/GramSum.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace secateur {
namespace {

/// Head and its losses are computed in blocks (LanguageHead): rows and columns of one.
constexpr std::int64_t kHeadRows = 1024, kHeadColumns = 2048, kGpuHeadRows = 4096, kGpuHeadColumns = 32768;

/// Of one model at one width, in bytes.
struct Sizes {
    std::int64_t outer = 0;       ///< embedding, final norm, head
    std::int64_t layers = 0;      ///< all of them
    std::int64_t layer = 0;       ///< the largest
    std::int64_t ffns = 0;        ///< of all layers
    std::int64_t tensor = 0;      ///< the largest of a layer, as it is stored and read
    std::int64_t outerTensor = 0; ///< the largest that is not of a layer, as it is stored
};

Sizes sizesOf(const ModelSpec &spec, const ForecastBasis &basis)
{
    Sizes s;
    const std::int64_t d = spec.hiddenSize, norms = spec.hasOutputNorms ? 4 : 2;
    for (const LayerSpec &layer : spec.layers) {
        const std::int64_t ffn = layer.ffn ? ffnParameters(*layer.ffn, d) : 0,
                           attention = layer.attention ? attentionParameters(*layer.attention, d) : 0;
        const std::int64_t all = ffn + attention + norms * d;
        s.layers += all * basis.elementBytes;
        s.ffns += ffn * basis.elementBytes;
        s.layer = std::max(s.layer, all * basis.elementBytes);
        s.tensor = std::max(s.tensor, layer.neurons() * d * (spec.hasFusedProducts ? 2 : 1) * basis.storedElementBytes);
    }
    s.outer = (modelParameters(spec) - layerParameters(spec)) * basis.elementBytes;
    s.outerTensor = spec.vocabularySize * d * basis.storedElementBytes;
    return s;
}

std::int64_t stateBytes(const ModelSpec &spec, const JobSize &job, const ForecastBasis &basis)
{
    return job.length * spec.hiddenSize * basis.elementBytes;
}

/// What one layer holds at most while it computes `windows` windows together.
std::int64_t temporaries(const ModelSpec &spec, const JobSize &job, const ForecastBasis &basis, std::int64_t windows)
{
    std::int64_t most = 0;
    for (const LayerSpec &layer : spec.layers) {
        const std::int64_t d = spec.hiddenSize, queries = layer.attention ? layer.attention->heads * layer.attention->headDim : 0,
                           keys = layer.attention ? layer.attention->kvHeads * layer.attention->headDim : 0;
        const std::int64_t attention = 3 * d + 5 * queries + 4 * keys, ffn = 3 * d + 2 * layer.neurons();
        const std::int64_t squares = layer.neurons() * (basis.elementBytes < 4 ? 8 : 4); // of stage 1, in fp32
        most = std::max({most, attention * basis.elementBytes, ffn * basis.elementBytes + squares});
    }
    return most * windows * job.length;
}

/// Tokens that a job with so many windows keeps.
std::int64_t tokensOf(const JobSize &job, std::int64_t windows)
{
    return std::max(job.textTokens, windows * job.length);
}

/// The ids stay while the model computes: 4 bytes each as they were read, 8 as a tensor.
MemoryPart idsPart(const JobSize &job, std::int64_t windows)
{
    constexpr std::int64_t kOfId = 4 + 8;
    return {"token ids", tokensOf(job, windows) * kOfId};
}

std::int64_t headBytes(const ModelSpec &spec, const JobSize &job, const ForecastBasis &basis)
{
    const std::int64_t rows = basis.isGpu ? kGpuHeadRows : kHeadRows,
                       columns = std::min(spec.vocabularySize, basis.isGpu ? kGpuHeadColumns : kHeadColumns);
    return 3 * std::min(rows, job.length) * columns * 4 + 8 * job.length * spec.hiddenSize * 4; // logits; rows, tangents, targets
}

/// One of a layer, in bytes.
std::int64_t gramBytes(const ModelSpec &spec)
{
    return spec.mostNeurons() * spec.mostNeurons() * std::int64_t(sizeof(float));
}

/// Those of one layer at a time, the activations of a window from which they are summed, and a column of blocks as it is added.
MemoryPart gramsPart(const ModelSpec &spec, const JobSize &job)
{
    const std::int64_t neurons = spec.mostNeurons(), activations = neurons * job.length * job.gramsPerLayer;
    return {"Gram matrices",
            job.gramsPerLayer * gramBytes(spec) + (activations + 2 * neurons * gramBlock(neurons)) * std::int64_t(sizeof(float))};
}

/// Of their products: half of each and a part of a block column's diagonal.
double gramFlop(const ModelSpec &spec, const JobSize &job)
{
    double flop = 0;
    for (const LayerSpec &layer : spec.layers)
        if (layer.ffn)
            flop += double(layer.neurons()) * double(layer.neurons() + gramBlock(layer.neurons()));
    return flop * double(job.gramsPerLayer * job.windows) * double(job.length);
}

std::int64_t sum(const std::vector<MemoryPart> &parts)
{
    return std::accumulate(parts.begin(), parts.end(), std::int64_t(0), [](std::int64_t s, const MemoryPart &p) { return s + p.bytes; });
}

std::vector<MemoryPart> partsOfStage1(const ModelSpec &dense, const JobSize &job, const ForecastBasis &basis, bool isStreamed)
{
    const Sizes sizes = sizesOf(dense, basis);
    std::vector<MemoryPart> parts = {{"weights", sizes.outer + (isStreamed ? 2 * sizes.layer : sizes.layers)},
                                     {"hidden states", job.windows * stateBytes(dense, job, basis) + job.keptBytes},
                                     {"one layer's work", temporaries(dense, job, basis, 1) + (isStreamed ? sizes.tensor : 0)},
                                     idsPart(job, job.windows)};
    if (job.gramsPerLayer > 0)
        parts.push_back(gramsPart(dense, job));
    return parts;
}

/// Without restart states.
std::vector<MemoryPart> partsOfSearch(const ModelSpec &dense, const ModelSpec &narrow, const JobSize &job, const ForecastBasis &basis,
                                      bool isStreamed)
{
    const Sizes wide = sizesOf(dense, basis), slim = sizesOf(narrow, basis);
    // Resident: the dense weights stay, beside the FFNs that were narrowed and the weights that were changed. Streamed: a layer is read whole before
    // it is narrowed.
    const bool areNarrowed = job.searched == Searched::Attentions;
    const std::int64_t weights = isStreamed ? (areNarrowed ? wide.layer : 0) + 2 * slim.layer
                                            : wide.layers + (areNarrowed ? slim.ffns : 0) + job.changedElements * basis.elementBytes;
    const std::int64_t branches = (job.searched == Searched::Pool ? 2 : 1) * narrow.layerCount() + (areNarrowed ? 2 : 3);
    std::vector<MemoryPart> parts = {{"weights", wide.outer + weights},
                                     {"search branches", branches * job.searchWindows * stateBytes(dense, job, basis)},
                                     {"one layer's work", std::max(temporaries(narrow, job, basis, job.searchWindows),
                                                                   job.searchWindows * headBytes(narrow, job, basis)) +
                                                              (isStreamed ? wide.tensor : 0)},
                                     idsPart(job, job.searchWindows)};
    if (job.screenBytes > 0) // the branches above are enough for both: those of the screen are narrower, and few are computed again
        parts.push_back({"weights for screening", (wide.outer + slim.layers) * job.screenBytes / basis.elementBytes});
    if (job.keptBytes > 0)
        parts.push_back({"fitted weights", job.keptBytes});
    return parts;
}

/// Candidates that the search evaluates.
double evaluationsOf(const ModelSpec &spec, const JobSize &job)
{
    const std::int64_t layers = spec.layerCount(), n = job.removals;
    if (job.searched != Searched::Attentions)
        return double(blockEvaluations(job.searched == Searched::Pool ? BlockVariant::Original : BlockVariant::Authors, layers, n));
    return double(n) * double(2 * layers - n + 1) / 2;
}

/// Passes of a layer, about: a candidate's own layers, of which restarts save a part.
double passesOfSearch(const ModelSpec &spec, const JobSize &job, bool hasRestarts)
{
    constexpr double kWithRestarts = 0.8; // measured: 0.75 to 0.84 of all passes with shared prefixes
    constexpr double kInTurn = 0.87;      // counted with random removals, of 12 to 40 layers: 0.84 to 0.89
    const auto layers = double(spec.layerCount());
    const double passes = layers + evaluationsOf(spec, job) * (layers + 1) / 2;
    return passes * (hasRestarts ? job.searched == Searched::InTurn ? kInTurn : kWithRestarts : 1);
}

Work workOf(const ModelSpec &dense, const ModelSpec &narrow, const JobSize &job, const ForecastBasis &basis, bool hasRestarts)
{
    const auto layerWork = [&](const ModelSpec &spec) { // the mean of all layers
        Work work;
        for (const LayerSpec &layer : spec.layers) {
            if (layer.ffn)
                work += ffnWork(*layer.ffn, spec.hiddenSize, job.length, basis.elementBytes);
            if (layer.attention)
                work += attentionWork(*layer.attention, spec.hiddenSize, job.length, basis.elementBytes);
        }
        return work * (1.0 / double(spec.layerCount()));
    };
    Work work = layerWork(dense) * double(job.windows * dense.layerCount());
    work.flop += gramFlop(dense, job);
    if (job.searchWindows > 0) {
        work += layerWork(narrow) * (passesOfSearch(narrow, job, hasRestarts) * double(job.searchWindows));
        work += headWork(narrow, job.length - 1, basis.elementBytes) * ((1 + evaluationsOf(narrow, job)) * double(job.searchWindows));
    }
    return work;
}

/// What may be planned with: the tightest of a limit and what is free. A limit is not planned to its end, because what happens differs from
/// arithmetic by a few percent.
std::int64_t bound(std::int64_t limit, std::int64_t free)
{
    constexpr double kPlanned = 0.93;
    return limit > 0 ? std::min(std::int64_t(kPlanned * double(limit)), free) : free;
}

/// Of the host, planned with for the process.
std::int64_t hostBound(const ForecastBasis &basis)
{
    const std::int64_t host = bound(basis.limits.host, basis.freeHost + basis.residentNow);
    return basis.isGpu ? host : bound(basis.limits.device, host);
}

/// What reading the text of a job takes at most, about: five bytes are a token, and six times the text is held while it is tokenised
/// (see readWindows). It is over before the model computes; the ids stay.
MemoryPart textPart(const JobSize &job)
{
    constexpr double kOfToken = 5 * 6, kAlways = 6 << 18, kMost = 1e18;
    const auto tokens = double(tokensOf(job, std::max(job.windows, job.searchWindows)));
    return {"the text", std::int64_t(std::min(tokens * kOfToken + kAlways, kMost))};
}

[[noreturn]] void refuse(std::int64_t least, std::int64_t limit, const std::string &where, const std::string &option)
{
    throw Error("This job needs " + sizeText(least) + " of " + where + " even with streamed layers, and " + sizeText(limit) +
                    " is available.",
                "Use fewer or shorter windows or a 16-bit type (--dtype), or give more memory " + option + ".");
}

} // namespace

std::int64_t textMemory(const ForecastBasis &basis)
{
    constexpr std::int64_t kLeast = std::int64_t(16) << 20, kCode = 20'000'000; // what reading brings of the program into memory
    return std::max(kLeast, hostBound(basis) - basis.residentNow - kCode);
}

Forecast forecast(const ModelSpec &dense, const JobSize &job, const ForecastBasis &basis)
{
    constexpr double kMostBytes = 1e18; // below the edge of 64 bits, whatever is added up
    const double states = double(dense.layerCount() + 2) * double(std::max(job.windows, job.searchWindows)) * double(job.length) *
                          double(dense.hiddenSize + dense.vocabularySize) * double(basis.elementBytes);
    if (states > kMostBytes)
        throw Error(counted(std::max(job.windows, job.searchWindows), "window") + " of " + counted(job.length, "token") +
                        " are more than any machine can hold.",
                    "Use fewer or shorter windows.");
    ModelSpec narrow = dense;
    if (job.searchWindows > 0)
        for (LayerSpec &layer : narrow.layers)
            if (layer.ffn)
                layer.ffn->neurons = std::min(layer.ffn->neurons, job.neuronsKept);

    // On the CPU tensors are a part of the process, which holds other things as well.
    constexpr std::int64_t kLibraries = 95'000'000; // code and buffers that only computing brings into memory, measured: 80 to 110 MB
    const std::int64_t program = basis.residentNow + (basis.hasComputed ? 0 : kLibraries);
    const std::int64_t beside = basis.isGpu ? 0 : program;
    const std::int64_t hostLimit = bound(basis.limits.host, basis.freeHost + basis.residentNow);
    const std::int64_t limit = basis.isGpu ? bound(basis.limits.device, basis.freeDevice) : bound(basis.limits.device, hostLimit);
    const auto largest = [&](bool isStreamed) {
        std::vector<MemoryPart> most;
        if (job.windows > 0)
            most = partsOfStage1(dense, job, basis, isStreamed);
        if (job.searchWindows > 0)
            if (const auto parts = partsOfSearch(dense, narrow, job, basis, isStreamed); sum(parts) > sum(most))
                most = parts;
        return most;
    };
    const auto needed = [&](bool isStreamed) {
        const Sizes sizes = sizesOf(dense, basis);
        return beside + std::max(sum(largest(isStreamed)), sizes.outer + (basis.isGpu ? 0 : sizes.outerTensor));
    };

    const std::int64_t kinds = job.searched == Searched::Attentions ? 1 : 2;
    Forecast result;
    result.isStreamed = needed(false) > limit;
    std::int64_t peak = needed(result.isStreamed);
    if (peak > limit)
        refuse(peak, limit, basis.isGpu ? "the device's memory" : "memory", basis.isGpu ? "(--device-memory)" : "(--host-memory)");
    result.parts = largest(result.isStreamed);
    const Sizes wide = sizesOf(dense, basis);
    std::int64_t hostBytes =
        program + wide.outerTensor + 2 * wide.tensor +
        idsPart(job, std::max(job.windows, job.searchWindows)).bytes + // beside a GPU: what is read goes through the host
        (job.gramsPerLayer > 0 ? gramBytes(dense) : 0);                // and what is written
    if (job.searchWindows > 0 && job.removals > 1) {
        const std::int64_t ofSearch = beside + sum(partsOfSearch(dense, narrow, job, basis, result.isStreamed));
        const std::int64_t free = (basis.isGpu ? basis.freeDevice : basis.freeHost) / 4, layers = dense.layerCount();
        const std::int64_t all = kinds * layers * (layers + 1) / 2 * job.searchWindows * stateBytes(dense, job, basis);
        const std::int64_t onDevice = std::min(limit - ofSearch, free);
        const std::int64_t onHost = basis.isGpu ? std::min(hostLimit - hostBytes, basis.freeHost / 4) : 0;
        result.areStatesOnHost = onDevice < all && onHost > onDevice;
        result.restartBytes = std::max<std::int64_t>(0, std::min(all, result.areStatesOnHost ? onHost : onDevice));
        if (result.areStatesOnHost)
            hostBytes += result.restartBytes;
        else if (ofSearch + result.restartBytes > peak) {
            peak = ofSearch + result.restartBytes;
            result.parts = partsOfSearch(dense, narrow, job, basis, result.isStreamed);
            result.parts.push_back({"restart states", result.restartBytes});
        }
    }
    if (!basis.isGpu)
        result.parts.push_back({"the program", program});
    if (const MemoryPart text = textPart(job); !basis.isGpu && program + text.bytes > peak) {
        peak = program + text.bytes;
        result.parts = {text, {"the program", program}};
    } else if (basis.isGpu) {
        hostBytes = std::max(hostBytes, program + text.bytes);
    }
    result.deviceBytes = basis.isGpu ? peak : 0;
    result.hostBytes = basis.isGpu ? hostBytes : peak;
    if (basis.isGpu && result.hostBytes > hostLimit)
        refuse(result.hostBytes, hostLimit, "the host's memory", "(--host-memory)");

    const double stored = double(basis.storedElementBytes) / double(basis.elementBytes);
    const double sweeps = (job.windows > 0 ? 1 : 0) + (job.searchWindows > 0 ? 1 + double(kinds * job.removals) : 0);
    result.bytesRead = std::int64_t(stored * (double(wide.outer) + double(wide.layers) * (result.isStreamed ? sweeps : 1)));
    if (basis.flopPerSecond > 0)
        result.seconds = kSecondsToBegin + workOf(dense, narrow, job, basis, result.restartBytes > 0).flop / basis.flopPerSecond;
    return result;
}

bool fitsBeside(const ModelSpec &dense, const JobSize &job, const ForecastBasis &basis)
{
    try {
        return !forecast(dense, job, basis).isStreamed;
    } catch (const Error &) { // it does not fit at all
        return false;
    }
}

nlohmann::json toJson(const Forecast &forecast)
{
    nlohmann::json parts = nlohmann::json::object();
    for (const MemoryPart &part : forecast.parts)
        parts[part.name] = part.bytes;
    nlohmann::json json = {{"streamed", forecast.isStreamed},
                           {"hostBytes", forecast.hostBytes},
                           {"deviceBytes", forecast.deviceBytes},
                           {"restartBytes", forecast.restartBytes},
                           {"statesOnHost", forecast.areStatesOnHost},
                           {"bytesRead", forecast.bytesRead},
                           {"seconds", forecast.seconds},
                           {"parts", parts}};
    if (forecast.diskBytes > 0)
        json["diskBytes"] = forecast.diskBytes;
    return json;
}

std::int64_t bytesFromText(const std::string &text)
{
    double number = 0;
    const char *end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    std::string unit(rest, end);
    unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
    static constexpr struct {
        const char *name;
        double bytes;
    } kUnits[] = {{"", 1},
                  {"B", 1},
                  {"kB", 1e3},
                  {"KB", 1e3},
                  {"MB", 1e6},
                  {"GB", 1e9},
                  {"TB", 1e12},
                  {"KiB", 1024.0},
                  {"MiB", 1048576.0},
                  {"GiB", 1073741824.0},
                  {"TiB", 1099511627776.0}};
    const auto *found = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto &u) { return unit == u.name; });
    if (problem != std::errc() || found == std::end(kUnits) || !(number > 0) || number * found->bytes > 1e18)
        throw Error(inQuotes(text) + " is not an amount of memory.", "Write it as 24GiB, 500MB or a number of bytes.");
    return std::int64_t(number * found->bytes);
}

} // namespace secateur
