// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Tour.h"

#include "models/SessionModel.h"
#include "widgets/Callout.h"
#include "window/MainWindow.h"
#include "window/Settings.h"
#include "window/TourStations.h"

#include <QApplication>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>

#include <algorithm>
#include <chrono>

namespace secateur::ui {
namespace {

const QString kOffered = QStringLiteral("tour/offered"), kStation = QStringLiteral("tour/station");
constexpr std::chrono::milliseconds kUntilSeen(1200); ///< that people see what they did before the next station comes

} // namespace

Tour::Tour(MainWindow &window, const SessionModel &session, Settings &settings)
    : QObject(&window),
      m_window(window),
      m_session(session),
      m_settings(settings),
      m_callout(new Callout(window))
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(kUntilSeen);
    connect(&m_soon, &QTimer::timeout, this, &Tour::goOnByItself);
    connect(m_callout, &Callout::nextRequested, this, &Tour::goOn);
    connect(m_callout, &Callout::laterRequested, this, &Tour::leave);
    for (const auto changed : {&SessionModel::modelChanged, &SessionModel::calibrationsChanged, &SessionModel::draftChanged,
                               &SessionModel::searchChanged, &SessionModel::exportsChanged})
        connect(&session, changed, this, &Tour::follow);
    connect(m_window.findChild<QTabWidget *>(), &QTabWidget::currentChanged, this, [this] {
        if (m_isRunning)
            QMetaObject::invokeMethod(this, &Tour::point, Qt::QueuedConnection); // when the page is laid out
    });
}

bool Tour::isNew() const
{
    return m_settings.value(kOffered).isEmpty() && m_settings.value(kStation).isEmpty();
}

void Tour::noteOffer()
{
    m_settings.setValue(kOffered, "true");
}

void Tour::start()
{
    if (m_isRunning)
        return;
    noteOffer();
    const std::span<const TourStation> stations = tourStations();
    const QByteArray kept = m_settings.value(kStation);
    const auto found = std::find_if(stations.begin(), stations.end(), [&](const TourStation &station) { return kept == station.id; });
    const std::size_t index = found == stations.end() ? 0 : std::size_t(found - stations.begin());
    m_isRunning = true;
    show(index > 0 && !m_session.hasModel() ? 0 : index); // nothing is open any more: it begins with that again
    m_callout->takeFocus();
}

void Tour::leave()
{
    m_isRunning = false;
    m_soon.stop();
    m_callout->hide();
}

void Tour::show(std::size_t station)
{
    m_soon.stop();
    m_station = station;
    const TourStation &shown = tourStations()[station];
    m_settings.setValue(kStation, shown.id);
    m_wasDone = shown.isDone(m_session);
    m_window.show(shown.tab);
    m_callout->show();
    point();
    QMetaObject::invokeMethod(this, &Tour::point, Qt::QueuedConnection); // once the page is laid out
}

/// At the control of the station; at the tab of its page while another one is shown or the control is not there.
void Tour::point()
{
    if (!m_isRunning)
        return;
    const TourStation &station = tourStations()[m_station];
    auto *tabs = m_window.findChild<QTabWidget *>();
    auto *control = tabs->widget(int(station.tab))->findChild<QWidget *>(QLatin1String(station.control));
    const bool isThere = control && control->isVisible();
    const bool isLast = m_station + 1 == tourStations().size(), isOnPage = tabs->currentIndex() == int(station.tab);
    const QString text = m_wasDone              ? tr("This is done already. %1").arg(station.translatedText())
                         : isThere || !isOnPage ? station.translatedText()
                                                : station.translatedUnavailable();
    m_callout->setWords(station.translatedTitle(), text,
                        tr("%1 of %2", "stations of the tour").arg(m_station + 1).arg(tourStations().size()),
                        isLast ? tr("Finish") : tr("Next"));
    if (isThere)
        m_callout->pointAt(control);
    else
        m_callout->pointAt(tabs->tabBar(), tabs->tabBar()->tabRect(int(station.tab)));
}

void Tour::goOn()
{
    if (m_station + 1 == tourStations().size())
        return finish();
    show(m_station + 1);
    m_callout->takeFocus();
}

void Tour::finish()
{
    leave();
    m_settings.setValue(kStation, tourStations().front().id); // from the start, if anybody wants it again
}

/// What the station asks for was done. The focus stays where people work.
void Tour::follow()
{
    if (!m_isRunning || m_wasDone || !tourStations()[m_station].isDone(m_session))
        return;
    m_wasDone = true;
    m_soon.start();
}

void Tour::goOnByItself()
{
    if (!m_isRunning)
        return;
    if (QApplication::mouseButtons() != Qt::NoButton) // K is still being dragged
        return m_soon.start();
    if (m_station + 1 == tourStations().size())
        finish();
    else
        show(m_station + 1);
}

} // namespace secateur::ui
