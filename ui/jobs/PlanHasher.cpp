// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/PlanHasher.h"

#include "models/SessionModel.h"

#include <chrono>
#include <exception>

namespace secateur::ui {
namespace {

constexpr std::chrono::milliseconds kSettled(150); ///< after the last edit the hash of the plan is wanted

} // namespace

PlanHasher::PlanHasher(SessionModel &model, QObject *parent) : QObject(parent), m_model(model)
{
    m_pool.setMaxThreadCount(1);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kSettled);
    connect(&m_timer, &QTimer::timeout, this, &PlanHasher::keepHash);
    connect(&m_model, &SessionModel::draftChanged, &m_timer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::searchChanged, &m_timer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::modelChanged, this, [this] {
        ++m_request; // one that is being computed is of the session before
        m_timer.start();
    });
}

PlanHasher::~PlanHasher()
{
    m_pool.waitForDone();
}

void PlanHasher::keepHash()
{
    const SearchState state = m_model.searchState();
    if ((state != SearchState::Complete && state != SearchState::NotNeeded) || !m_model.planHash().isEmpty())
        return;
    const int request = ++m_request;
    m_pool.start([this, request, session = m_model.session()] {
        try {
            const PruningPlan plan = planOf(session, session.draft);
            const QString hash = QString::fromStdString(plan.hash());
            QMetaObject::invokeMethod(
                this,
                [this, request, draft = session.draft, removed = plan.removedAttentions, hash] {
                    if (request == m_request)
                        m_model.setPlanHash(draft, removed, hash);
                },
                Qt::QueuedConnection);
        } catch (const std::exception &) { // the draft has no plan: said where the balance is shown
        }
    });
}

} // namespace secateur::ui
