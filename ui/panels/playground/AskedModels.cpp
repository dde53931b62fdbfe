// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/AskedModels.h"

#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "panels/parts/WheelGuard.h"
#include "theme/ChoiceBox.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kLongestName = 40; ///< letters of a pin's name that are shown

/// "N = 3, K = 320". Answers at once: it is asked for while numbers are dragged.
QString planWords(const SessionModel &session, const PlanDraft &draft)
{
    try {
        const SparsityBalance balance = balanceOf(session.session(), draft);
        return AskedModels::tr("N = %1, K = %2").arg(exactText(balance.attentionsToRemove), exactText(balance.neuronsKept));
    } catch (const Error &) { // a session that was changed since
        return AskedModels::tr("Another plan");
    }
}

} // namespace

AskedModels::AskedModels(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_original(new QCheckBox(tr("Original"))),
      m_current(new QCheckBox(tr("This plan"))),
      m_other(new ChoiceBox)
{
    auto *label = new QLabel(tr("Beside it:"));
    label->setBuddy(m_other);
    m_other->setAccessibleName(tr("Another plan beside it"));
    m_other->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_other->setMinimumContentsLength(12);
    new WheelGuard(*m_other);
    m_original->setChecked(true);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(m_original);
    row->addWidget(m_current);
    row->addWidget(label);
    row->addWidget(m_other, 1);
    row->addStretch(1);

    connect(m_original, &QCheckBox::toggled, this, &AskedModels::changed);
    connect(m_current, &QCheckBox::clicked, this, [this](bool isOn) { m_isPlanWanted = isOn; }); // also once there is one again
    connect(m_current, &QCheckBox::toggled, this, &AskedModels::changed);
    connect(m_other, &QComboBox::currentIndexChanged, this, &AskedModels::changed);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::calibrationsChanged,
                              &SessionModel::pinsChanged, &SessionModel::plansChanged})
        connect(&workbench.session, signal, this, &AskedModels::follow);
    follow();
}

void AskedModels::setOriginalNeeded(bool isNeeded, const QString &why)
{
    m_isOriginalNeeded = isNeeded;
    m_why = why;
    follow();
    emit changed();
}

PlaygroundModels AskedModels::models() const
{
    PlaygroundModels asked;
    if (m_original->isChecked() || m_isOriginalNeeded)
        asked.emplace_back();
    if (m_current->isEnabled() && m_current->isChecked())
        asked.emplace_back(m_workbench.session.draft());
    if (const int row = m_other->currentIndex() - 1; row >= 0 && row < int(m_others.size()))
        asked.emplace_back(m_others[std::size_t(row)].draft);
    return asked;
}

void AskedModels::follow()
{
    const SessionModel &session = m_workbench.session;
    const bool hasModel = session.hasModel();
    const QString noModel = hasModel ? QString() : tr("Open a model first.");
    {
        const QSignalBlocker quiet(m_original);
        if (m_isOriginalNeeded)
            m_original->setChecked(true);
    }
    enableUnless(!hasModel ? noModel : m_isOriginalNeeded ? m_why : QString(), *m_original, tr("The model as it was opened"));
    const QString noPlan = !hasModel               ? noModel
                           : !session.hasNeurons() ? tr("Make a plan to see the difference: calibrate first.")
                                                   : session.balanceProblem();
    {
        const QSignalBlocker quiet(m_current);
        m_current->setChecked(noPlan.isEmpty() && m_isPlanWanted);
    }
    enableUnless(noPlan, *m_current, tr("The plan in hand, as it is when you start"));
    followOthers();
    emit changed();
}

/// Pins and plans of the shelf, without the one in hand.
std::vector<AskedModels::Other> AskedModels::others() const
{
    const SessionModel &session = m_workbench.session;
    std::vector<Other> all;
    const auto add = [&](const QString &name, const PlanDraft &draft) {
        const bool isThere = std::ranges::any_of(all, [&](const Other &other) { return other.draft == draft; });
        if (draft.hasNeurons() && !(draft == session.draft()) && !isThere)
            all.push_back({shortened(name, kLongestName), draft});
    };
    for (const PinnedPlan &pin : session.session().pinned)
        add(QString::fromStdString(pin.name), pin.draft);
    for (const auto &[key, plan] : session.session().plans) {
        add(shelfName(*plan), {.balance = plan->plan.settings, .search = plan->plan.search.settings, .plan = key});
    }
    return all;
}

void AskedModels::followOthers()
{
    std::vector<Other> now = others();
    const int row = m_other->currentIndex() - 1;
    const std::optional<PlanDraft> chosen =
        row >= 0 && row < int(m_others.size()) ? std::optional(m_others[std::size_t(row)].draft) : std::nullopt;
    if (now != m_others || m_other->count() == 0) {
        const QSignalBlocker quiet(m_other);
        m_others = std::move(now);
        m_other->clear();
        m_other->addItem(tr("No other plan"));
        for (const Other &other : m_others)
            m_other->addItem(other.name);
        const auto same = std::ranges::find_if(m_others, [&](const Other &other) { return chosen && other.draft == *chosen; });
        m_other->setCurrentIndex(same == m_others.end() ? 0 : int(same - m_others.begin()) + 1);
    }
    enableUnless(m_others.empty() ? tr("Pin a plan, or open one, to see it beside this one.") : QString(), *m_other,
                 tr("A plan that is pinned or was opened"));
}

bool isInHand(const SessionModel &session, const std::optional<PlanDraft> &draft, const std::string &hash)
{
    if (!draft)
        return false;
    const QString now = session.planHash();
    return now.isEmpty() ? session.draft() == *draft : now.toStdString() == hash;
}

QString askedName(const SessionModel &session, const std::optional<PlanDraft> &draft, const std::string &hash)
{
    if (!draft)
        return AskedModels::tr("Original");
    if (isInHand(session, draft, hash))
        return AskedModels::tr("This plan");
    for (const PinnedPlan &pin : session.session().pinned)
        if (pin.draft == *draft)
            return shortened(QString::fromStdString(pin.name), kLongestName);
    if (const auto shelf = session.session().plans.find(draft->plan); shelf != session.session().plans.end())
        return shortened(shelfName(*shelf->second), kLongestName);
    return planWords(session, *draft);
}

QStringList askedNames(const SessionModel &session, const PlaygroundRun &run)
{
    QStringList names;
    for (std::size_t i = 0; i < run.models.size(); ++i) {
        const QString name = askedName(session, run.models[i], run.hashes[i]);
        QString unique = name;
        for (int n = 2; names.contains(unique); ++n)
            unique = AskedModels::tr("%1 (%2)", "name and number").arg(name).arg(n);
        names += unique;
    }
    return names;
}

} // namespace secateur::ui
