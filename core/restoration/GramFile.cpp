// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/GramFile.h"

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "decoder/Tensors.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <map>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr const char *kKind = "secateur-grams", *kFormat = "1";
constexpr std::int64_t kMostTokens = std::int64_t(1) << 48; ///< no pass has more
constexpr const char *kAgain = "Make it again (secateur-cli calibrate MODEL --text FILE --output SCORES --save-grams GRAMS).";

std::string nameOfPlain(std::size_t layer)
{
    return "gram." + std::to_string(layer);
}

std::string nameOfWeighted(std::size_t layer)
{
    return "weighted." + std::to_string(layer);
}

std::string nameOfScores(std::size_t layer)
{
    return "scores." + std::to_string(layer);
}

/// In the order in which they are written.
std::vector<SafetensorsWriter::Declaration> declarationsOf(const ModelSpec &dense, bool areWeighted)
{
    std::vector<SafetensorsWriter::Declaration> tensors;
    for (std::size_t i = 0; i < dense.layers.size(); ++i) {
        if (!dense.layers[i].ffn)
            continue;
        const std::int64_t neurons = dense.layers[i].neurons();
        tensors.push_back({nameOfPlain(i), DType::Float32, {neurons, neurons}});
        if (areWeighted)
            tensors.push_back({nameOfWeighted(i), DType::Float32, {neurons, neurons}});
    }
    for (std::size_t i = 0; i < dense.layers.size(); ++i) // known at the end of the pass
        if (dense.layers[i].ffn)
            tensors.push_back({nameOfScores(i), DType::Float32, {dense.layers[i].neurons()}});
    return tensors;
}

Error damaged(const std::filesystem::path &file, const std::string &cause)
{
    return Error("The file of Gram matrices " + inQuotes(file.string()) + " is damaged: " + cause + ".", kAgain);
}

void checkSpace(const std::filesystem::path &file, const std::filesystem::path &folder, std::int64_t needed)
{
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    if (!error && space.available < std::uintmax_t(needed))
        throw Error("There is not enough space for " + inQuotes(file.string()) + ": the Gram matrices need " + sizeText(needed) + ", and " +
                        sizeText(std::int64_t(space.available)) + " is free.",
                    "Free some space, or choose a file on another disk.");
}

} // namespace

std::int64_t bytesOfGrams(const ModelSpec &dense, bool areWeighted)
{
    constexpr std::int64_t kHeader = 1024, kOfEntry = 96; // at most, but for the names of very many texts
    std::int64_t bytes = kHeader;
    for (const SafetensorsWriter::Declaration &tensor : declarationsOf(dense, areWeighted))
        bytes += elementCount(tensor.shape) * std::int64_t(sizeof(float)) + kOfEntry;
    return bytes;
}

void checkRoomForGrams(const std::filesystem::path &file, const ModelSpec &dense, bool areWeighted)
{
    checkSpace(file, AtomicPath::forFile(file).temporary().parent_path(), bytesOfGrams(dense, areWeighted));
}

GramFile::GramFile(const std::filesystem::path &file, const ModelSpec &dense, const std::string &modelHash)
{
    auto stored = std::make_shared<const SafetensorsFile>(file);
    m_file = stored;
    const std::map<std::string, std::string> &metadata = stored->metadata();
    const auto field = [&](const char *name) {
        const auto found = metadata.find(name);
        return found == metadata.end() ? throw Flaw("it has no field " + inQuotes(name)) : found->second;
    };
    if (const auto kind = metadata.find("kind"); kind == metadata.end() || kind->second != kKind)
        throw Error(inQuotes(file.string()) + " does not hold Gram matrices.",
                    "Choose a file of them (secateur-cli calibrate MODEL --text FILE --output SCORES --save-grams GRAMS makes one).");
    try {
        if (const std::string format = field("format"); format != kFormat)
            throw Error("The file of Gram matrices " + inQuotes(file.string()) + " has the format " + inQuotes(format) +
                            "; this program reads format " + kFormat + ".",
                        "Use a newer program, or make the file again with this one (secateur-cli calibrate ... --save-grams GRAMS).");
        m_provenance = provenanceFromJson(parseJsonObject(field("provenance"), "The provenance in " + inQuotes(file.string()), kAgain));
        checkCalibration(m_provenance);
        if (m_provenance.windows > kMostTokens / m_provenance.length)
            throw Flaw("it tells of " + counted(m_provenance.windows, "window") + " of " + counted(m_provenance.length, "token"));
        if (m_provenance.modelHash != modelHash)
            throw Error("The Gram matrices in " + inQuotes(file.string()) + " are of another model.",
                        "Choose those that were made with this model's scores, or make them "
                        "(secateur-cli calibrate MODEL --text FILE --output SCORES --save-grams GRAMS).");
        for (std::size_t i = 0; i < stored->tensors().size(); ++i) {
            m_places.emplace(stored->tensors()[i].name, i);
            m_areWeighted = m_areWeighted || stored->tensors()[i].name.starts_with("weighted.");
        }
        const std::vector<SafetensorsWriter::Declaration> expected = declarationsOf(dense, m_areWeighted);
        for (const SafetensorsWriter::Declaration &tensor : expected) {
            const auto place = m_places.find(tensor.name);
            if (place == m_places.end())
                throw Flaw("it has no tensor " + inQuotes(tensor.name));
            const TensorView &found = stored->tensors()[place->second];
            if (found.dtype != tensor.dtype || found.shape != tensor.shape)
                throw Flaw("its tensor " + inQuotes(tensor.name) + " is not of type F32 and shape " + toString(tensor.shape));
        }
        if (m_places.size() != expected.size() || !stored->foreignTensors().empty())
            throw Flaw("it holds tensors that are no Gram matrices of this model");
        readScores(dense, scoreNormOf(field("norm")));
    } catch (const Error &) {
        throw;
    } catch (const std::exception &problem) {
        throw damaged(file, flawOf(problem));
    }
}

void GramFile::readScores(const ModelSpec &dense, ScoreNorm norm)
{
    m_scores.norm = norm;
    m_scores.provenance = m_provenance;
    m_scores.layers.resize(dense.layers.size());
    for (std::size_t i = 0; i < dense.layers.size(); ++i) {
        if (!dense.layers[i].ffn)
            continue;
        const at::Tensor values = copyOf(m_file->read(m_places.at(nameOfScores(i))).view);
        if (!isFinite(values) || values.lt(0).any().item<bool>())
            throw Flaw("its tensor " + inQuotes(nameOfScores(i)) + " holds values that are no norms");
        m_scores.layers[i].assign(values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel());
    }
    m_file->checkUnchanged();
}

at::Tensor GramFile::matrix(const std::string &name) const
{
    m_file->checkUnchanged();
    const at::Tensor values = copyOf(m_file->read(m_places.at(name)).view);
    m_file->checkUnchanged();
    m_file->releasePages();
    if (!isFinite(values))
        throw damaged(path(), "the tensor " + inQuotes(name) + " holds values that are not finite");
    if (values.diagonal().lt(0).any().item<bool>())
        throw damaged(path(), "the tensor " + inQuotes(name) + " has values below 0 on its diagonal");
    if (!at::equal(values, values.t()))
        throw damaged(path(), "the tensor " + inQuotes(name) + " is not symmetric");
    return values;
}

LayerGrams GramFile::layer(std::int64_t layer) const
{
    if (!m_places.contains(nameOfPlain(std::size_t(layer))))
        return {};
    return {.plain = plain(layer), .weighted = m_areWeighted ? weighted(layer) : at::Tensor()};
}

at::Tensor GramFile::plain(std::int64_t layer) const
{
    return matrix(nameOfPlain(std::size_t(layer)));
}

at::Tensor GramFile::weighted(std::int64_t layer) const
{
    return matrix(nameOfWeighted(std::size_t(layer)));
}

struct GramWriter::State {
    State(const std::filesystem::path &file, const ModelSpec &dense, bool isWeighted, const Provenance &provenance, ScoreNorm norm)
        : target(AtomicPath::forFile(file)),
          areWeighted(isWeighted)
    {
        checkSpace(file, target.temporary().parent_path(), bytesOfGrams(dense, areWeighted));
        writer.emplace(target.temporary(), declarationsOf(dense, areWeighted),
                       std::map<std::string, std::string>{
                           {"kind", kKind},
                           {"format", kFormat},
                           {"norm", nameOf(norm)},
                           {"provenance", toJson(provenance).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}});
    }
    void write(const std::string &name, const at::Tensor &matrix) { writer->write(name, bytesOf(matrix.to(at::kCPU).contiguous())); }

    AtomicPath target;
    bool areWeighted;
    std::optional<SafetensorsWriter> writer; ///< goes before its file
};

GramWriter::GramWriter(const std::filesystem::path &file, const ModelSpec &dense, bool areWeighted, const Provenance &provenance,
                       ScoreNorm norm)
    : m_state(std::make_unique<State>(file, dense, areWeighted, provenance, norm))
{
}

GramWriter::~GramWriter() = default;

void GramWriter::write(std::int64_t layer, const LayerGrams &grams)
{
    m_state->write(nameOfPlain(std::size_t(layer)), grams.plain);
    if (m_state->areWeighted)
        m_state->write(nameOfWeighted(std::size_t(layer)), grams.weighted);
}

void GramWriter::commit(const std::vector<std::vector<float>> &scores)
{
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (!scores[i].empty())
            m_state->writer->write(nameOfScores(i), std::as_bytes(std::span(scores[i])));
    m_state->writer->finish();
    m_state->writer.reset();
    m_state->target.commit();
}

} // namespace secateur
