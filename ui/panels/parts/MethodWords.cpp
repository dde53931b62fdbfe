// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/MethodWords.h"

#include <QCoreApplication>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(MethodWords)
};

} // namespace

QString methodSentence(PlanMethod method)
{
    switch (method) {
    case PlanMethod::TwoSsp:
        return Words::tr("Narrows every FFN by the scores of its neurons, then removes attentions one by one.");
    case PlanMethod::ShortGpt:
        return Words::tr("Removes the layers that change their input least, all at once. One pass over the text.");
    case PlanMethod::Window:
        return Words::tr("Removes consecutive layers: those between the two most similar states. One pass over the text.");
    case PlanMethod::BlockPruner:
        return Words::tr("Removes an attention, then an FFN, and so on: each time the one whose removal leaves the lowest loss.");
    case PlanMethod::EvoPress:
        return Words::tr("Lets sets of attentions and FFNs evolve, and keeps those whose predictions stay closest to the original's. "
                         "Takes the longest.");
    case PlanMethod::Restored:
        return Words::tr("2SSP, then fits the weights that stay to the outputs of the original. Restored, not plain 2SSP.");
    case PlanMethod::Manual:
        break;
    }
    return {};
}

} // namespace secateur::ui
