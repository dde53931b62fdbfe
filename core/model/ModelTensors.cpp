// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/ModelTensors.h"

#include <utility>

namespace secateur {
namespace {

/// Lists the tensors of one layer; of no layer with -1.
class Lister {
public:
    explicit Lister(std::int64_t layer) : m_layer(layer) {}

    void norm(TensorPart part, std::int64_t size) { add(part, TensorKind::Weight, {size}); }
    void product(TensorPart part, std::int64_t rows, std::int64_t columns, bool hasBias)
    {
        add(part, TensorKind::Weight, {rows, columns});
        if (hasBias)
            add(part, TensorKind::Bias, {rows});
    }
    std::vector<ModelTensor> take() { return std::move(m_tensors); }

private:
    void add(TensorPart part, TensorKind kind, Shape shape)
    {
        m_tensors.push_back({.role = {.layer = m_layer, .part = part, .kind = kind}, .shape = std::move(shape)});
    }

    std::int64_t m_layer;
    std::vector<ModelTensor> m_tensors;
};

std::int64_t rowsOf(TensorPart piece, const LayerSpec &layer)
{
    if (isOfFfn(piece))
        return layer.ffn->neurons;
    return (piece == TensorPart::Query ? layer.attention->heads : layer.attention->kvHeads) * layer.attention->headDim;
}

/// The products of a fused one, or that one.
void addPieces(Lister &list, TensorPart fused, const LayerSpec &layer, const ModelSpec &spec, bool hasBias)
{
    std::int64_t all = 0;
    for (const TensorPart piece : piecesOf(fused)) {
        const std::int64_t rows = rowsOf(piece, layer);
        all += rows;
        if (!spec.hasFusedProducts)
            list.product(piece, rows, spec.hiddenSize, hasBias);
    }
    if (spec.hasFusedProducts)
        list.product(fused, all, spec.hiddenSize, hasBias);
}

} // namespace

std::vector<ModelTensor> layerTensors(const ModelSpec &spec, std::int64_t layer)
{
    const std::int64_t d = spec.hiddenSize;
    const LayerSpec &parts = spec.layers[std::size_t(layer)];
    Lister list(layer);
    if (const auto &attention = parts.attention) {
        list.norm(TensorPart::AttentionNorm, d);
        addPieces(list, TensorPart::QueryKeyValue, parts, spec, attention->qkvBias);
        list.product(TensorPart::AttentionOutput, d, attention->heads * attention->headDim, attention->outputBias);
        if (attention->queryKeyNorm) {
            list.norm(TensorPart::QueryNorm, attention->headDim);
            list.norm(TensorPart::KeyNorm, attention->headDim);
        }
        if (spec.hasOutputNorms)
            list.norm(TensorPart::AttentionOutputNorm, d);
    }
    if (const auto &ffn = parts.ffn) {
        list.norm(TensorPart::FfnNorm, d);
        addPieces(list, TensorPart::GateUp, parts, spec, ffn->bias);
        list.product(TensorPart::Down, d, ffn->neurons, ffn->bias);
        if (spec.hasOutputNorms)
            list.norm(TensorPart::FfnOutputNorm, d);
    }
    return list.take();
}

std::vector<ModelTensor> modelTensors(const ModelSpec &spec)
{
    const Shape ofVocabulary{spec.vocabularySize, spec.hiddenSize};
    std::vector<ModelTensor> tensors{{.role = {.part = TensorPart::Embedding}, .shape = ofVocabulary}};
    for (std::int64_t i = 0; i < spec.layerCount(); ++i)
        for (ModelTensor &tensor : layerTensors(spec, i))
            tensors.push_back(std::move(tensor));
    tensors.push_back({.role = {.part = TensorPart::FinalNorm}, .shape = {spec.hiddenSize}});
    if (!spec.tiedEmbeddings)
        tensors.push_back({.role = {.part = TensorPart::Head}, .shape = ofVocabulary});
    return tensors;
}

std::vector<ExpectedTensor> expectedTensors(const ModelSpec &spec)
{
    std::vector<ExpectedTensor> expected;
    for (ModelTensor &tensor : modelTensors(spec))
        expected.push_back({.name = hfTensorName(tensor.role, spec), .shape = std::move(tensor.shape)});
    return expected;
}

TensorNaming namingOf(const ModelSpec &spec)
{
    return {.hasOutputNorms = spec.hasOutputNorms, .hasFusedProducts = spec.hasFusedProducts};
}

std::string hfTensorName(const TensorRole &role, const ModelSpec &spec)
{
    return hfTensorName(role, namingOf(spec));
}

RowRange rowsInFused(TensorPart piece, const LayerSpec &layer)
{
    RowRange range;
    for (const TensorPart part : piecesOf(fusedOf(piece))) {
        range.first += range.count;
        range.count = rowsOf(part, layer);
        if (part == piece)
            break;
    }
    return range;
}

} // namespace secateur
