// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/DesktopNotices.h"

#include "jobs/JobTable.h"
#include "models/SessionModel.h"
#include "theme/SessionBus.h"
#include "widgets/Quantity.h"

#include <QApplication>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QWidget>

namespace secateur::ui {
namespace {

// The Desktop Notifications Specification, version 1.2 (specifications.freedesktop.org/notification-spec).
const QString kService = QStringLiteral("org.freedesktop.Notifications"), kPath = QStringLiteral("/org/freedesktop/Notifications"),
              kInterface = kService, kClick = QStringLiteral("default");
constexpr double kLong = 10; ///< seconds from which people have turned to something else

QString doneText(JobKind kind)
{
    switch (kind) {
    case JobKind::Open:
        return DesktopNotices::tr("Model opened");
    case JobKind::Calibrate:
        return DesktopNotices::tr("Calibration finished");
    case JobKind::Impact:
        return DesktopNotices::tr("Impact measured");
    case JobKind::Search:
        return DesktopNotices::tr("Search finished");
    case JobKind::Evaluate:
        return DesktopNotices::tr("Evaluation finished");
    case JobKind::Curve:
        return DesktopNotices::tr("Curve measured");
    case JobKind::Export:
        return DesktopNotices::tr("Export finished");
    case JobKind::Prune:
        return DesktopNotices::tr("Pruning finished");
    case JobKind::Generate:
        return DesktopNotices::tr("Text generated");
    case JobKind::FindBlocks:
        return DesktopNotices::tr("Plan found");
    case JobKind::MeasureTasks:
        return DesktopNotices::tr("Tasks measured");
    case JobKind::MeasureThroughput:
        return DesktopNotices::tr("Speed measured");
    case JobKind::Compare:
        return DesktopNotices::tr("Comparison finished");
    case JobKind::Restore:
        return DesktopNotices::tr("Plan restored");
    case JobKind::ScoreText:
        return DesktopNotices::tr("Text scored");
    }
    return {};
}

/// What came out, as far as it is a matter of a few words: of the current plan, which is that of the job unless it was edited meanwhile.
QString resultText(JobKind kind, const SessionModel &session)
{
    const bool isSearched = session.searchState() == SearchState::Complete;
    const Measurement *measured = session.planEvaluation();
    if (kind == JobKind::Search && isSearched)
        return DesktopNotices::tr("N = %1, K = %2").arg(exactText(session.attentionsToRemove()), exactText(session.neuronsKept()));
    if ((kind == JobKind::Evaluate || kind == JobKind::Prune) && measured)
        return DesktopNotices::tr("perplexity %1").arg(perplexityText(measured->result.perplexity));
    return {};
}

} // namespace

std::optional<Notice> noticeOf(const JobInfo &job, const SessionModel &session, bool isWindowActive)
{
    const bool isFailed = job.state == JobInfo::State::Failed;
    if (isWindowActive || job.seconds < kLong || (job.state != JobInfo::State::Done && !isFailed && !job.isHeld()))
        return {};
    if (job.isHeld())
        return Notice{DesktopNotices::tr("%1: paused").arg(job.title), job.sentence};
    if (isFailed)
        return Notice{DesktopNotices::tr("%1: failed").arg(job.title), job.sentence};
    const QString result = resultText(job.kind, session);
    const QString time = DesktopNotices::tr("%1, in %2").arg(job.title, durationText(job.seconds));
    return Notice{result.isEmpty() ? doneText(job.kind) : DesktopNotices::tr("%1: %2").arg(doneText(job.kind), result),
                  session.hasModel() ? DesktopNotices::tr("%1: %2").arg(session.modelName(), time) : time};
}

DesktopNotices::DesktopNotices(const SessionModel &session, const JobRunner &runner, QWidget &window, SessionBus &bus)
    : QObject(&window),
      m_window(window),
      m_bus(bus)
{
    for (const auto signal : {&JobRunner::jobFinished, &JobRunner::jobHeld})
        connect(&runner, signal, this, [this, &session, &runner](int number) {
            const JobInfo *job = runner.job(number);
            const QWidget *active = QApplication::activeWindow(); // "Prune…" is a window of its own
            if (const auto notice = job ? noticeOf(*job, session, active != nullptr) : std::nullopt)
                tell(*notice);
        });
    m_bus.whenConnected(
        *this, [this] { m_bus.hear(kPath, kInterface, QStringLiteral("ActionInvoked"), this, SLOT(actionInvoked(uint, QString))); });
}

void DesktopNotices::tell(const Notice &notice)
{
    if (!m_bus.isConnected())
        return;
    QDBusMessage call = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Notify"));
    const QVariantMap hints{{QStringLiteral("desktop-entry"), QStringLiteral("io.github.secateur.Secateur")}};
    constexpr int kByTheDesktop = -1; ///< how long it stays
    call << QStringLiteral("Secateur") << m_number << QStringLiteral("io.github.secateur.Secateur") << notice.title
         << notice.body.toHtmlEscaped() // bodies are markup, titles are not
         << QStringList{kClick, tr("Show")} << hints << kByTheDesktop;
    auto *answer = new QDBusPendingCallWatcher(m_bus.call(call), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher *watcher) {
        const QDBusPendingReply<uint> reply = *watcher;
        watcher->deleteLater();
        if (!reply.isError()) // no desktop that shows such things: nobody misses it
            m_number = reply.value();
    });
}

void DesktopNotices::actionInvoked(uint number, const QString &action)
{
    if (number == 0 || number != m_number || action != kClick)
        return;
    m_window.setWindowState(m_window.windowState() & ~Qt::WindowMinimized);
    m_window.show();
    m_window.raise();
    m_window.activateWindow();
}

} // namespace secateur::ui
