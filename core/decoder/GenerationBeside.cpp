// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/GenerationBeside.h"

#include "decoder/LayerStream.h"

#include <algorithm>
#include <chrono>

namespace secateur {
namespace {

using Clock = std::chrono::steady_clock;

/// A model that writes.
struct Writer {
    const Decoder &decoder;
    Sampler sampler;
    CachedSequences sequences;
    std::vector<std::int32_t> next; ///< what it reads next: the prompt, then its own token
    at::Tensor states, logits;
    WrittenBeside written{};
    bool isDone = false;

    /// What `work` takes counts as this model's.
    template <class Work>
    void timed(const Work &work)
    {
        const Clock::time_point start = Clock::now();
        work();
        written.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    }
    at::Tensor tokens() const { return tokenTensor(next, std::int64_t(next.size()), decoder.device()); }
};

/// Layer by layer, so that each layer of the stream is read once.
void advanceTogether(std::vector<Writer> &writers, const JobContext &context)
{
    const Decoder &first = writers.front().decoder;
    for (Writer &writer : writers)
        if (!writer.isDone)
            writer.timed([&] { writer.states = writer.sequences.embed(writer.tokens()); });
    for (std::int64_t l = 0; l < first.layerCount(); ++l) {
        const Clock::time_point start = Clock::now();
        first.weights().stream->layer(l);
        const double waited = std::chrono::duration<double>(Clock::now() - start).count();
        for (Writer &writer : writers) {
            if (writer.isDone)
                continue;
            writer.written.seconds += waited;
            writer.timed([&] { writer.states = writer.sequences.layer(l, writer.states); });
            context.check();
        }
    }
    for (Writer &writer : writers)
        if (!writer.isDone)
            writer.timed([&] { writer.logits = writer.sequences.finish(writer.states).squeeze(0); });
}

} // namespace

std::vector<WrittenBeside> generateBeside(const std::vector<Decoder> &models, const SamplingSettings &sampling,
                                          std::span<const std::int32_t> prompt, std::int64_t count, std::span<const std::int32_t> stops,
                                          JobContext &context, const std::function<void(std::size_t, std::int32_t)> &heard)
{
    std::vector<Writer> writers;
    for (const Decoder &model : models) {
        checkPrompt(prompt, model);
        writers.push_back({.decoder = model,
                           .sampler = Sampler(sampling),
                           .sequences = CachedSequences(model, 1, model.positions()),
                           .next = {prompt.begin(), prompt.end()},
                           .states = {},
                           .logits = {}});
        count = std::min(count, model.positions() - std::int64_t(prompt.size()));
    }
    context.begin("generate", count, "tokens");
    for (std::int64_t n = 0; n < count; ++n) {
        if (std::ranges::all_of(writers, &Writer::isDone))
            break;
        const bool isStreamed = models.front().weights().stream != nullptr;
        if (isStreamed)
            advanceTogether(writers, context);
        for (std::size_t i = 0; i < writers.size(); ++i) {
            Writer &writer = writers[i];
            if (writer.isDone)
                continue;
            std::int32_t id = 0;
            writer.timed([&] {
                if (!isStreamed)
                    writer.logits = writer.sequences.advance(writer.tokens(), context).squeeze(0);
                checkLogits(writer.logits, writer.written.ids.size(), writer.decoder);
                id = writer.sampler.choose(writer.logits);
            });
            writer.written.ids.push_back(id);
            writer.next = {id};
            writer.isDone = std::ranges::find(stops, id) != stops.end();
            if (heard)
                heard(i, id);
        }
        context.step();
    }
    std::vector<WrittenBeside> all;
    for (Writer &writer : writers)
        all.push_back(std::move(writer.written));
    return all;
}

} // namespace secateur
