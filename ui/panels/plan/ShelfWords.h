// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace secateur {
struct ModelSpec;
}

namespace secateur::ui {

class SessionModel;

/// "Export targets that can hold it: hf-compact, gguf-deci; not hf-dropin, gguf-dropin.": of what a plan makes of a model. Why not is told where they are
/// chosen.
QString remainingTargetsText(const ModelSpec &dense, const ModelSpec &pruned);

/// Words about the current plan where it is one of the shelf (SessionModel::shelfPlan); every function needs one.

/// "plan.json", or "ShortGPT" of a plan that was found in this session.
QString shelfFileName(const SessionModel &session);
/// By what a plan is settled: "Settled by its file", or "Found by ShortGPT".
QString settledByText(const SessionModel &session);
/// Why there is nothing to search, and what the plan removes.
QString nothingToSearchText(const SessionModel &session);
/// "150 of 344 neurons kept in every layer", or "3 to 24 of 48 neurons kept in the FFNs that stay".
QString keptNeuronsText(const SessionModel &session);
/// "the attentions of layers 0, 2 and the FFN of layer 0", or "nothing": what a settled plan removes.
QString removedPartsText(const SessionModel &session);
/// What the plan is, and what of it is settled.
QString shelfPlanText(const SessionModel &session);
/// Why there are no scores to look at, and what the plan keeps.
QString noScoresText(const SessionModel &session);

} // namespace secateur::ui
