// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/CurveCard.h"

#include "jobs/JobTable.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <array>

namespace secateur::ui {
namespace {

/// The sparsities of the paper's curves, as far as a small model still speaks.
constexpr std::array kSparsities = {0.125, 0.25, 0.375, 0.5, 0.625};

} // namespace

CurveCard::CurveCard(Workbench workbench, QWidget *parent)
    : Card(parent),
      m_workbench(workbench),
      m_alongSparsity(new QRadioButton(tr("Vary the target: 12.5 to 62.5 % (N by the rule)"))),
      m_alongDepth(new QRadioButton(tr("From wide to deep at this sparsity, points:"))),
      m_searchEach(new QRadioButton(tr("Search each point"))),
      m_borrow(new QRadioButton(tr("Borrow the removal order of the current plan (fast)"))),
      m_count(new QSpinBox),
      m_omissions(new InlineNote),
      m_start(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Curve, tr("A curve is being measured."), this)),
      m_close(new QPushButton(tr("Close")))
{
    layOut();
    const auto changed = [this] { follow(); };
    for (QRadioButton *choice : {m_alongSparsity, m_alongDepth, m_searchEach, m_borrow})
        connect(choice, &QRadioButton::toggled, this, changed);
    connect(m_count, &QSpinBox::valueChanged, this, [this] {
        m_alongDepth->setChecked(true);
        follow();
    });
    connect(m_start, &JobButton::clicked, this, [this] {
        m_workbench.jobs.measureCurve(request());
        emit closed();
    });
    connect(m_close, &QPushButton::clicked, this, &CurveCard::closed);
    connect(m_busy, &BusyReason::changed, this, &CurveCard::follow);
    for (const auto changedSession : {&SessionModel::draftChanged, &SessionModel::searchChanged, &SessionModel::modelChanged,
                                      &SessionModel::evaluationsChanged, &SessionModel::textsChanged, &SessionModel::modelPresenceChanged})
        connect(&m_workbench.session, changedSession, this, &CurveCard::follow);
}

void CurveCard::layOut()
{
    setAccessibleName(tr("Measure the curve"));
    m_count->setAccessibleName(tr("Points from wide to deep"));
    m_count->setRange(2, 99);
    m_count->setValue(5);
    m_count->setKeyboardTracking(false);
    m_start->setPrimary(true);
    auto *where = new QButtonGroup(this), *how = new QButtonGroup(this);
    where->addButton(m_alongSparsity);
    where->addButton(m_alongDepth);
    how->addButton(m_searchEach);
    how->addButton(m_borrow);
    m_alongSparsity->setChecked(true);
    m_searchEach->setChecked(true);

    auto *depth = new QHBoxLayout;
    depth->addWidget(m_alongDepth);
    depth->addWidget(m_count);
    depth->addStretch(1);
    auto *bottom = new QHBoxLayout;
    bottom->addWidget(m_start, 1);
    bottom->addWidget(m_close);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(6);
    column->addWidget(headingLabel(tr("Measure the curve")));
    column->addWidget(m_alongSparsity);
    column->addLayout(depth);
    column->addSpacing(4);
    column->addWidget(m_searchEach);
    column->addWidget(m_borrow);
    column->addWidget(m_omissions);
    column->addSpacing(4);
    column->addLayout(bottom);
}

void CurveCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    follow();
}

void CurveCard::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        Card::keyPressEvent(event);
}

void CurveCard::follow()
{
    if (!isVisible())
        return;
    const SessionModel &session = m_workbench.session;
    const bool canBorrow = session.searchState() == SearchState::Complete;
    enableUnless(canBorrow ? QString() : tr("Search the current plan first: there is no removal order to lend."), *m_borrow,
                 tr("One evaluation a point. The points are hollow: another order might be better at their K."));
    if (!canBorrow)
        m_searchEach->setChecked(true);

    const CurvePlans found = plans();
    if (found.omissions.isEmpty())
        m_omissions->clear();
    else
        m_omissions->say(InlineNote::Kind::Warning, tr("Left out: %1").arg(found.omissions.join(QStringLiteral("; "))));
    const CurveRequest asked = request();
    m_start->offer(tr("Start"), possibility(asked), costText(asked));
}

CurvePlans CurveCard::plans() const
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel())
        return {};
    CurvePlans found = m_alongSparsity->isChecked() ? plansAlongSparsity(session, kSparsities) : plansAlongDepth(session, m_count->value());
    return m_borrow->isChecked() ? withOrderOfPlan(session, std::move(found)) : found;
}

CurveRequest CurveCard::request() const
{
    return {.drafts = plans().drafts, .isOrderBorrowed = m_borrow->isChecked()};
}

Possibility CurveCard::possibility(const CurveRequest &request) const
{
    const SessionModel &session = m_workbench.session;
    if (const Possibility dense = m_workbench.jobs.canEvaluateDense(); !dense)
        return dense;
    if (!session.hasScores() || session.shelfPlan())
        return {tr("Calibrate first: no neurons are chosen yet.")};
    if (request.drafts.empty())
        return {tr("None of these points can be measured.")};
    return {m_busy->text()};
}

QString CurveCard::costText(const CurveRequest &request) const
{
    if (request.drafts.empty())
        return {};
    const JobCost cost = m_workbench.jobs.curveCost(request);
    const QString points = request.drafts.size() == 1 ? tr("1 point") : tr("%1 points").arg(request.drafts.size());
    const QString searched = cost.evaluations == 0   ? tr("nothing to search")
                             : cost.evaluations == 1 ? tr("1 evaluation of the search")
                                                     : tr("%1 evaluations of the search").arg(exactText(cost.evaluations));
    return cost.seconds
               ? tr("%1, %2, %3").arg(points, searched, estimated(durationText(*cost.seconds))) + QLatin1Char('\n') + estimateText()
               : tr("%1, %2; time not known before a first search and evaluation").arg(points, searched);
}

} // namespace secateur::ui
