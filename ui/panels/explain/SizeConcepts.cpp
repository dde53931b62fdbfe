// SPDX-License-Identifier: GPL-3.0-or-later
// What stays of a model, and what that costs.
#include "exporting/Export.h"
#include "models/SessionModel.h"
#include "panels/explain/LiveParts.h"
#include "panels/export/ExportTargetModel.h"
#include "panels/plan/BalanceWords.h"
#include "panels/plan/ShelfWords.h"
#include "widgets/Quantity.h"

#include <algorithm>

namespace secateur::ui {
namespace {

using Words = CardWords;

// ---- width -------------------------------------------------------------------------------------------------------------------

LiveNumbers liveScore(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const auto ranked = session.rankedScores();
    const qint64 layer = std::max<qint64>(0, context.layer());
    if (!ranked || layer >= ranked->layerCount() || ranked->sorted(layer).empty())
        return noNumbers(Words::tr("There are no scores yet: calibrate first."));
    const Provenance &from = session.scores()->provenance;
    const qint64 kept = session.planSpec().layers[std::size_t(layer)].neurons();
    const QString best = briefText(double(ranked->sorted(layer).front())), cut = briefText(double(ranked->cut(layer, kept))),
                  share = percentText(ranked->shareKept(layer, kept));
    return {.formula = formulaLines({QStringLiteral("l = %1, W = %2").arg(layer).arg(exactText(from.windows)),
                                     QStringLiteral("max score(l, j) = %1").arg(bold(best)),
                                     Words::tr("the last of %1 kept: %2").arg(exactText(kept), bold(cut)),
                                     Words::tr("their share of the score: %1").arg(bold(share))}),
            .words =
                Words::tr(
                    "In layer %1, over %2 windows of %3 tokens, the best neuron scores %4 and the last of %5 that stay %6. Those that stay "
                    "hold %7 of the layer's score.")
                    .arg(layer)
                    .arg(exactText(from.windows), exactText(from.length), best, exactText(kept), cut, share)};
}

Concept neuronScore()
{
    return {
        .id = ConceptId::NeuronScore,
        .title = Words::tr("Neuron score"),
        .what =
            Words::tr("How strongly a neuron of an FFN fires on the calibration text: the length of its activations over the tokens of a "
                      "window, averaged over the windows. In each layer the neurons with the highest scores stay."),
        .formula = QStringLiteral("score(l, j) = (1/W) · Σ √(Σ a(t, j)²)"),
        .symbols = {{QStringLiteral("l"), Words::tr("layer")},
                    {QStringLiteral("j"), Words::tr("neuron of its FFN")},
                    {QStringLiteral("W"), Words::tr("windows of the calibration text, over which the outer sum goes")},
                    {QStringLiteral("t"), Words::tr("token of a window, over which the inner sum goes")},
                    {QStringLiteral("a"), Words::tr("activation that enters the FFN's last product (down) in the original model")},
                    {QStringLiteral("score"),
                     Words::tr("the score; with the norm L1 magnitudes are summed instead of squares, without the root")}},
        .reading = Words::tr(
            "The score of neuron j in layer l is the mean over the windows of the square root of the sum, over the window's tokens, "
            "of its squared activations."),
        .live = liveScore,
        .matters = Words::tr("One pass over the text gives all scores, and they serve every K: moving the handle computes nothing anew."),
        .limits =
            Words::tr("A score compares neurons of one layer, not layers with each other. It sees the calibration text alone: neurons for "
                      "another language or for code may look useless on prose."),
    };
}

LiveNumbers liveWidth(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const BalanceWords words = balanceWords(session);
    if (words.width.isEmpty())
        return noNumbers(session.shelfPlan() ? Words::tr("The plan says itself: %1.").arg(keptNeuronsText(session)) : words.explanation);
    return {.formula = words.width,
            .words = Words::tr("Of %1 neurons in every FFN %2 stay.").arg(exactText(session.neurons()), exactText(session.neuronsKept()))};
}

Concept uniformWidth()
{
    return {
        .id = ConceptId::UniformWidth,
        .title = Words::tr("One K for all layers"),
        .what =
            Words::tr("2SSP keeps the same number of neurons in every layer. What the removed attentions leave of the target is shared out "
                      "evenly over the FFNs."),
        .formula = QStringLiteral("P = round((s·M − N·A) / L)<br>K = round(I · (1 − P/F))"),
        .symbols = {symbolOf("s"),
                    symbolOf("M"),
                    symbolOf("N"),
                    symbolOf("A"),
                    symbolOf("L"),
                    {QStringLiteral("P"), Words::tr("parameters that each FFN loses")},
                    symbolOf("I"),
                    symbolOf("F"),
                    symbolOf("K")},
        .reading = Words::tr(
            "Each FFN loses P parameters: the target times the parameters of all layers, less what the removed attentions take, over "
            "the number of layers. K is the number of neurons times what is left of an FFN."),
        .live = liveWidth,
        .matters = Words::tr("A model whose layers are alike loads in every program, and the kernels that run it stay fast."),
        .limits = Words::tr(
            "Nothing says that all layers need the same width. Widths of their own are possible by hand or by restoration, are not "
            "2SSP any more, and not every export can hold them."),
    };
}

// ---- sizes -------------------------------------------------------------------------------------------------------------------

LiveNumbers liveParameters(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ModelSpec &spec = session.spec();
    const ModelFigures dense = session.denseFigures(), plan = session.planFigures();
    QStringList lines;
    const LayerSpec *first = spec.layers.empty() ? nullptr : &spec.layers.front();
    if (first && first->attention && first->ffn && firstUnlikeLayer(spec) < 0) {
        const AttentionSpec &attention = *first->attention;
        const qint64 d = spec.hiddenSize, A = attentionParameters(attention, d), F = ffnParameters(*first->ffn, d),
                     products = 2 * d * attention.headDim * (attention.heads + attention.kvHeads), gates = 3 * d * first->ffn->neurons;
        lines << QStringLiteral("A = 2·%1·%2·(%3 + %4) + %5")
                     .arg(exactText(d), exactText(attention.headDim), exactText(attention.heads), exactText(attention.kvHeads),
                          exactText(A - products))
              << onward(QStringLiteral("= ") + bold(exactText(A)))
              << QStringLiteral("F = 3·%1·%2 + %3").arg(exactText(d), exactText(first->ffn->neurons), exactText(F - gates))
              << onward(QStringLiteral("= ") + bold(exactText(F)))
              << QStringLiteral("M = %1 · (A + F + 2·%2·%3)")
                     .arg(exactText(spec.layerCount()), exactText(normsPerSublayer(spec)), exactText(d))
              << onward(QStringLiteral("= ") + bold(exactText(dense.layerParameters)));
    } else {
        lines << QStringLiteral("M = ") + bold(exactText(dense.layerParameters));
    }
    lines << QStringLiteral("all = M + %1 + %2·%3·%1")
                 .arg(exactText(spec.hiddenSize))
                 .arg(spec.tiedEmbeddings ? 1 : 2)
                 .arg(exactText(spec.vocabularySize))
          << onward(QStringLiteral("= ") + bold(exactText(dense.modelParameters)));
    const QString after = Words::tr("After the current plan: %1 in the layers, %2 in all.")
                              .arg(exactText(plan.layerParameters), exactText(plan.modelParameters));
    return {.formula = formulaLines(lines),
            .words = Words::tr("The original has %1 parameters in its layers and %2 in all.")
                         .arg(exactText(dense.layerParameters), exactText(dense.modelParameters)) +
                     u' ' + after};
}

Concept parameters()
{
    return {
        .id = ConceptId::Parameters,
        .title = Words::tr("Counting parameters"),
        .what = Words::tr(
            "A parameter is one number of the weights. They are counted from the model's shape, and the sum equals that of the tensors "
            "in an export."),
        .formula = QStringLiteral("A = 2·d·e·(h + g) + b<br>F = 3·d·I + f<br>M = L · (A + F + 2·r·d)<br>all = M + d + c·V·d"),
        .symbols = {symbolOf("A"),
                    symbolOf("d"),
                    {QStringLiteral("e"), Words::tr("size of a head")},
                    {QStringLiteral("h"), Words::tr("query heads")},
                    {QStringLiteral("g"), Words::tr("key and value heads; fewer than h where queries share them")},
                    {QStringLiteral("b"), Words::tr("biases and head norms of an attention, often 0")},
                    symbolOf("F"),
                    symbolOf("I"),
                    {QStringLiteral("f"), Words::tr("biases of an FFN, often 0")},
                    symbolOf("M"),
                    symbolOf("L"),
                    {QStringLiteral("r"), Words::tr("norms of an attention or an FFN: 1, or 2 where outputs are normed as well")},
                    {QStringLiteral("all"), Words::tr("parameters of the whole model")},
                    {QStringLiteral("c"), Words::tr("tables of the vocabulary: 1 where head and embedding share it, else 2")},
                    {QStringLiteral("V"), Words::tr("size of the vocabulary")}},
        .reading = Words::tr(
            "An attention has two times the hidden size times the size of a head times its query and key heads, and its biases. An "
            "FFN has three times the hidden size times its neurons. The layers sum up both and their norms; the whole model adds the "
            "last norm and the tables of the vocabulary."),
        .live = liveParameters,
        .matters = Words::tr("The target s is a share of M. In a small model the vocabulary is a large part of the whole, so 50 % of the "
                             "layers may be a third of the file."),
        .limits = Words::tr(
            "Parameters are not speed: how long a part takes depends on the machine and on the length of the text. And an export may "
            "have to fill up with zeros."),
    };
}

LiveNumbers liveBalance(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const BalanceWords words = balanceWords(session);
    if (words.depth.isEmpty())
        return noNumbers(words.explanation);
    return {.formula = words.depth, .words = words.explanation};
}

Concept balanceRule()
{
    return {
        .id = ConceptId::BalanceRule,
        .title = Words::tr("The balance rule"),
        .what =
            Words::tr("Splits a target sparsity into depth (N attentions go) and width (K neurons stay). The larger an FFN is beside an "
                      "attention, the less there is to gain by removing attentions, and the smaller N."),
        .formula = QStringLiteral("N = round(L · s^((F/A)/α))"),
        .symbols = {symbolOf("N"), symbolOf("L"), symbolOf("s"), symbolOf("F"), symbolOf("A"), symbolOf("α")},
        .reading = Words::tr(
            "N is the number of layers times the target to the power of F over A over alpha, rounded to the nearest integer, a half to "
            "the even one."),
        .live = liveBalance,
        .matters = Words::tr(
            "Depth shortens the way of every token and shrinks the KV cache; width keeps all layers in play. In the paper either alone "
            "is worse at the same size."),
        .limits = Words::tr(
            "It is a rule of thumb that its paper tried on models of 7 to 14 billion parameters. It knows no text and no quality: "
            "measure the N above and below it."),
    };
}

LiveNumbers liveCache(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ModelSpec &spec = session.spec();
    const AttentionSpec *first = firstAttention(spec);
    const qint64 size = qint64(bytesPerElement(session.session().model->storedDtype)), dense = session.denseFigures().kvBytesPerToken,
                 plan = session.planFigures().kvBytesPerToken;
    const auto count = [](const ModelSpec &of) {
        return std::count_if(of.layers.begin(), of.layers.end(), [](const LayerSpec &layer) { return layer.attention.has_value(); });
    };
    const bool areAlike =
        first && std::all_of(spec.layers.begin(), spec.layers.end(), [&](const LayerSpec &layer) {
            return !layer.attention || (layer.attention->kvHeads == first->kvHeads && layer.attention->headDim == first->headDim);
        });
    const auto line = [&](const QString &of, const ModelSpec &with, qint64 bytes) {
        if (!areAlike)
            return QStringLiteral("%1: B = %2").arg(of, bold(exactText(bytes)));
        return QStringLiteral("%1: B = 2·%2·%3·%4·%5 = %6")
            .arg(of, exactText(count(with)), exactText(first->kvHeads), exactText(first->headDim), exactText(size), bold(exactText(bytes)));
    };
    return {.formula = formulaLines({line(Words::tr("original"), spec, dense), line(Words::tr("current plan"), session.planSpec(), plan)}),
            .words = Words::tr("Each token takes %1 in the original and %2 in the current plan; a whole context of %3 tokens %4 and %5.")
                         .arg(bytesText(dense), bytesText(plan), exactText(spec.contextLength), bytesText(dense * spec.contextLength),
                              bytesText(plan * spec.contextLength))};
}

Concept keyCache()
{
    return {
        .id = ConceptId::KvCache,
        .title = Words::tr("KV cache"),
        .what = Words::tr(
            "While a model writes, every attention remembers a key and a value for each token so far. That memory grows with the length "
            "of the text and the number of people served at once."),
        .formula = QStringLiteral("B = 2 · n · g · e · b"),
        .symbols = {{QStringLiteral("B"), Words::tr("bytes for each token")},
                    {QStringLiteral("n"), Words::tr("layers that have an attention")},
                    {QStringLiteral("g"), Words::tr("key and value heads of one")},
                    {QStringLiteral("e"), Words::tr("size of a head")},
                    {QStringLiteral("b"), Words::tr("bytes of a number, in the type that the weights are stored in")}},
        .reading = Words::tr(
            "The bytes for each token are two, for key and value, times the layers with an attention, times the key heads, times the "
            "size of a head, times the bytes of a number."),
        .live = liveCache,
        .matters = Words::tr(
            "Only depth makes it smaller: pruned neurons change nothing here, each removed attention takes its share away for good."),
        .limits = Words::tr(
            "Layers with a sliding window stop growing at their window. An export that keeps zeroed attentions keeps their cache."),
    };
}

LiveNumbers liveTargets(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    if (!session.balance() && !session.isSettled())
        return noNumbers(session.pruningProblem().isEmpty() ? session.balanceProblem() : session.pruningProblem());
    std::vector<std::int64_t> widths;
    for (const LayerSpec &layer : session.planSpec().layers)
        widths.push_back(layer.neurons());
    const ModelSpec pruned =
        prunedSpec(session.spec(), widths, layersToRemove(session.removalOrder(), session.attentionsToRemove(), session.layerCount()));
    QStringList lines, words;
    for (const ExportTarget &target : exportTargets()) {
        const QString name = QString::fromStdString(target.name),
                      problem = QString::fromStdString(exportProblem(target.name, session.spec(), pruned));
        if (problem.isEmpty()) {
            const QString count = exactText(modelParameters(exportedSpec(target.name, session.spec(), pruned)));
            lines << QStringLiteral("%1: c = %2").arg(name, bold(count));
            words << Words::tr("%1 stores %2: %3 parameters.").arg(name, QString::fromStdString(target.stores), count);
        } else {
            lines << QStringLiteral("%1: –").arg(name);
            words << Words::tr("%1 cannot hold this plan: %2.").arg(name, problem);
        }
    }
    return {.formula = formulaLines(lines), .words = words.join(u' ')};
}

Concept targets()
{
    return {
        .id = ConceptId::ExportTargets,
        .title = Words::tr("What an export stores"),
        .what = Words::tr(
            "A target is a form of the files that some programs load. Those that programs load without changes cannot leave out single "
            "attentions, so they keep them as zeros; others store exactly what the plan keeps."),
        .formula = QStringLiteral("size = c · b"),
        .symbols = {{QStringLiteral("size"), Words::tr("bytes of the weights")},
                    {QStringLiteral("c"), Words::tr("parameters in the files, zeros that the target adds among them")},
                    {QStringLiteral("b"), Words::tr("bytes of a number, in the type that is written")}},
        .reading = Words::tr("The size is the number of parameters in the files times the bytes of a number."),
        .live = liveTargets,
        .matters = Words::tr(
            "The smallest file is of no use where it does not load. Every export is loaded again and compared before it gets its name."),
        .limits = Words::tr("Tokenizer, licence and manifest come on top. What a program then takes in memory depends on the program."),
    };
}

} // namespace

std::vector<Concept> sizeConcepts()
{
    return {neuronScore(), uniformWidth(), parameters(), balanceRule(), keyCache(), targets()};
}

} // namespace secateur::ui
