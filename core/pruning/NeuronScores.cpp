// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/NeuronScores.h"

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace secateur {

ScoreNorm scoreNormOf(const nlohmann::json &name)
{
    if (name != "l1" && name != "l2")
        throw Flaw("its norm is neither 'l1' nor 'l2'");
    return name == "l1" ? ScoreNorm::L1 : ScoreNorm::L2;
}

std::vector<std::int64_t> NeuronScores::best(std::int64_t layer, std::int64_t count) const
{
    const std::vector<float> &scores = layers[std::size_t(layer)];
    std::vector<std::int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + std::min<std::ptrdiff_t>(count, std::ptrdiff_t(order.size()));
    const auto isBetter = [&](std::int64_t a, std::int64_t b) {
        const float left = scores[std::size_t(a)], right = scores[std::size_t(b)];
        return left != right ? left > right : a < b;
    };
    std::nth_element(order.begin(), end, order.end(), isBetter);
    order.erase(end, order.end());
    std::sort(order.begin(), order.end());
    return order;
}

void checkCalibration(const Provenance &provenance)
{
    if (provenance.windows < 1)
        throw Flaw("it tells of " + counted(provenance.windows, "window") + " of text");
    if (provenance.length < 2)
        throw Flaw("its windows have " + counted(provenance.length, "token"));
    for (const DType type : {DType::Float32, DType::Float16, DType::BFloat16})
        if (provenance.computed.dtype == configName(type))
            return;
    throw Flaw("it was computed in " + inQuotes(provenance.computed.dtype) + ", which is no known type");
}

nlohmann::json toJson(const Provenance &p)
{
    nlohmann::json json = {{"modelHash", p.modelHash}, {"tokenizerHash", p.tokenizerHash},
                           {"textFiles", p.textFiles}, {"windows", p.windows},
                           {"length", p.length},       {"seed", p.seed},
                           {"column", p.column},       {"tokenHash", p.tokenHash}};
    if (p.documents)
        json["documents"] = *p.documents;
    json.update(toJson(p.computed)); // side by side, as they always stood
    return json;
}

Provenance provenanceFromJson(const nlohmann::json &json)
{
    return {.modelHash = json.at("modelHash"),
            .tokenizerHash = json.at("tokenizerHash"),
            .textFiles = json.at("textFiles"),
            .windows = wholeAt(json, "windows"),
            .length = wholeAt(json, "length"),
            .seed = wholeAt(json, "seed"),
            .column = json.value("column", std::string("text")), // older files have none
            .tokenHash = json.at("tokenHash"),
            .computed = conditionsFromJson(json),
            .documents = json.contains("documents") ? std::optional(std::int64_t(wholeAt(json, "documents"))) : std::nullopt};
}

void saveScores(const NeuronScores &scores, const std::filesystem::path &file)
{
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (std::size_t i = 0; i < scores.layers.size(); ++i)
        declarations.push_back({"scores." + std::to_string(i), DType::Float32, {std::int64_t(scores.layers[i].size())}});
    const nlohmann::json provenance = toJson(scores.provenance);
    AtomicPath target = AtomicPath::forFile(file);
    SafetensorsWriter writer(target.temporary(), declarations,
                             {{"kind", "secateur-neuron-scores"},
                              {"norm", nameOf(scores.norm)},
                              {"provenance", provenance.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}});
    for (std::size_t i = 0; i < scores.layers.size(); ++i)
        writer.write(declarations[i].name, std::as_bytes(std::span(scores.layers[i])));
    writer.finish();
    target.commit();
}

NeuronScores loadScores(const std::filesystem::path &file)
{
    const SafetensorsFile stored(file);
    const auto &metadata = stored.metadata();
    const auto kind = metadata.find("kind");
    if (kind == metadata.end() || kind->second != "secateur-neuron-scores")
        throw Error(inQuotes(file.string()) + " does not hold neuron scores.",
                    "Choose a file of scores (secateur-cli calibrate MODEL --text FILE --output SCORES makes one).");
    const auto damaged = [&](const std::string &cause) {
        return Error("The file of scores " + inQuotes(file.string()) + " is damaged: " + cause + ".", "Calibrate again.");
    };
    NeuronScores scores;
    try {
        const auto field = [&](const char *name) -> const std::string & {
            const auto found = metadata.find(name);
            return found == metadata.end() ? throw Flaw("it has no field " + inQuotes(name)) : found->second;
        };
        scores.norm = scoreNormOf(field("norm"));
        scores.provenance =
            provenanceFromJson(parseJsonObject(field("provenance"), "The provenance in " + inQuotes(file.string()), "Calibrate again."));
        checkCalibration(scores.provenance);
        for (std::size_t i = 0; i < stored.tensors().size(); ++i) {
            const std::string name = "scores." + std::to_string(i);
            const auto found =
                std::find_if(stored.tensors().begin(), stored.tensors().end(), [&](const TensorView &t) { return t.name == name; });
            if (found == stored.tensors().end() || found->dtype != DType::Float32 || found->shape.size() != 1)
                throw Flaw("it has no tensor " + inQuotes(name) + " of type F32 and one dimension");
            std::vector<float> values(found->bytes.size() / sizeof(float));
            if (!values.empty())
                std::memcpy(values.data(), found->bytes.data(), found->bytes.size());
            if (!std::all_of(values.begin(), values.end(), [](float score) { return std::isfinite(score) && score >= 0; }))
                throw Flaw("the tensor " + inQuotes(name) + " holds values that are no scores");
            scores.layers.push_back(std::move(values));
        }
        const auto isSilent = [](const std::vector<float> &layer) { return std::ranges::all_of(layer, [](float s) { return s == 0; }); };
        if (std::ranges::all_of(scores.layers, isSilent)) // a layer may be
            throw Flaw("none of its scores is above 0");
    } catch (const Error &) {
        throw;
    } catch (const std::exception &problem) {
        throw damaged(flawOf(problem));
    }
    stored.checkUnchanged();
    return scores;
}

} // namespace secateur
