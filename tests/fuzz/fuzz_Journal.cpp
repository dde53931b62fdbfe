// SPDX-License-Identifier: GPL-3.0-or-later
// A journal over a sound base: what a session is after lines that a dying process left.
#include "FuzzInput.h"
#include "Mutators.h"
#include "SmallModel.h"
#include "session/SessionStore.h"

#include <memory>

using namespace secateur;

namespace {

/// A model and scores for it; the journal brings the rest.
Session base()
{
    Session session;
    session.model.emplace();
    session.model->folder = "/models/small";
    session.model->config = fuzz::smallConfig();
    session.model->spec = fuzz::smallModel();
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : session.model->spec.layers)
        scores->layers.emplace_back(std::size_t(layer.neurons()), 0.5F);
    session.calibrations = {scores};
    session.draft.calibration = 0;
    return session;
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJsonLines);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::InputFolder folder;
    static const bool isMade = (saveSession(base(), folder.path() / "base.1.secateur"), true);
    (void)isMade;
    folder.put("journal.1.jsonl", {data, size});
    folder.put("journal.0.jsonl", {data, size}); // findings of before the base
    const fuzz::MemoryGuard guard(2 * size);
    bool isRecovered = false;
    fuzz::reading([&] {
        const Session session = recoverSession(folder.path());
        fuzz::reading([&] { (void)planOf(session, session.draft); });
        isRecovered = true;
    });
    if (!isRecovered)
        fuzz::fail("a sound base is lost by what the journal holds");
    return 0;
}
