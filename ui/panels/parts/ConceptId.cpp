// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/ConceptId.h"

#include <QByteArray>
#include <QVariant>
#include <QWidget>

#include <algorithm>
#include <string_view>

namespace secateur::ui {

static_assert(kConceptNames.size() == std::size_t(ConceptId::Elimination) + 1);

void explainBy(QWidget &widget, ConceptId id)
{
    widget.setProperty(kConcept, QByteArray(nameOf(id)));
}

std::optional<ConceptId> conceptOf(const QWidget *widget)
{
    for (; widget; widget = widget->parentWidget()) {
        const QByteArray name = widget->property(kConcept).toByteArray();
        const auto found =
            std::find(kConceptNames.begin(), kConceptNames.end(), std::string_view(name.constData(), std::size_t(name.size())));
        if (!name.isEmpty() && found != kConceptNames.end())
            return ConceptId(found - kConceptNames.begin());
    }
    return {};
}

std::optional<ConceptId> conceptOf(PlanMethod method)
{
    switch (method) {
    case PlanMethod::TwoSsp:
        return ConceptId::WidthFirst;
    case PlanMethod::Restored:
        return ConceptId::Restoration;
    case PlanMethod::ShortGpt:
        return ConceptId::ShortGpt;
    case PlanMethod::Window:
        return ConceptId::Window;
    case PlanMethod::BlockPruner:
        return ConceptId::BlockPruner;
    case PlanMethod::EvoPress:
        return ConceptId::EvoPress;
    case PlanMethod::Manual:
        break;
    }
    return {};
}

ConceptId conceptOf(RestorationStep step)
{
    switch (step) {
    case RestorationStep::Refit:
        break;
    case RestorationStep::Order:
        return ConceptId::RefittedOrder;
    case RestorationStep::Widths:
        return ConceptId::LayerWidths;
    case RestorationStep::Sequential:
        return ConceptId::SequentialRefit;
    case RestorationStep::Elimination:
        return ConceptId::Elimination;
    }
    return ConceptId::Refit;
}

} // namespace secateur::ui
