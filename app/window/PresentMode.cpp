// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/PresentMode.h"

#include "widgets/Spotlight.h"
#include "window/ViewState.h"

#include <QAccessible>
#include <QApplication>
#include <QDockWidget>
#include <QEvent>
#include <QFontInfo>
#include <QKeySequence>
#include <QLabel>
#include <QMainWindow>
#include <QTabBar>
#include <QTabWidget>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kLines = 52; ///< of ordinary letters that a screen is high: 20.8 pixels at 1080, of which the smallest are 0.9
constexpr double kLeastGrowth = 1.25, kStroke = 1.75;
constexpr std::chrono::seconds kHintTime(8);
constexpr std::chrono::milliseconds kSettling(1000); ///< within which a desktop has given the window its size back

} // namespace

PresentMode::PresentMode(QMainWindow &window, QTabWidget &tabs, Theme &theme, QObject *parent)
    : QObject(parent),
      m_window(window),
      m_tabs(tabs),
      m_theme(theme),
      m_spotlight(new Spotlight(window)),
      m_hint(new QLabel(&window))
{
    m_hint->setObjectName(QStringLiteral("presentHint"));
    m_hint->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_hint->setAutoFillBackground(true);
    m_hint->setBackgroundRole(QPalette::ToolTipBase);
    m_hint->setForegroundRole(QPalette::ToolTipText);
    m_hint->setFrameShape(QFrame::Box);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setWordWrap(true);
    m_hint->setMargin(8);
    m_hint->hide();
    m_hintTime.setSingleShot(true);
    m_hintTime.setInterval(kHintTime);
    connect(&m_hintTime, &QTimer::timeout, m_hint, &QWidget::hide);
    m_settled.setSingleShot(true);
    m_settled.setInterval(kSettling);
    connect(&m_settled, &QTimer::timeout, this, [this] { m_isSettling = false; });
    m_window.installEventFilter(this);
}

double PresentMode::typeFor(int height, double type, const QFont &usual)
{
    const double pixels = std::max(1, QFontInfo(usual).pixelSize());
    return std::max({type, kLeastGrowth, height / kLines / pixels});
}

void PresentMode::enter()
{
    if (m_isOn)
        return;
    if (!std::exchange(m_isSettling, false)) // else the window is not what it was yet, and what was kept still holds
        m_kept = {.state = m_window.windowState(),
                  .geometry = m_window.geometry(),
                  .docks = m_window.saveState(),
                  .splitters = splittersOf(m_window),
                  .focus = QApplication::focusWidget(),
                  .size = m_theme.size()};
    m_settled.stop();
    m_type.reset();
    m_isOn = true;
    for (QDockWidget *dock : m_window.findChildren<QDockWidget *>())
        dock->hide();
    m_tabs.tabBar()->hide();
    emit changed(true);
    m_window.setWindowState(m_window.windowState() | Qt::WindowFullScreen);
    followHeight();
    QWidget *focus = QApplication::focusWidget();
    if (!focus || !m_tabs.isAncestorOf(focus) || !focus->isVisible())
        m_tabs.currentWidget()->setFocus(Qt::OtherFocusReason);
    showHint();
}

void PresentMode::leave()
{
    if (!m_isOn)
        return;
    setSpotlight(false);
    m_hint->hide();
    m_hintTime.stop();
    m_isOn = false;
    m_isSettling = true;
    m_theme.setSize(m_kept.size);
    m_tabs.tabBar()->show();
    emit changed(false);
    m_window.setWindowState(m_kept.state);
    restoreSize();
    restoreLayout();
    QMetaObject::invokeMethod(
        this,
        [this] { // after the layouts that the letters asked for
            if (!m_isSettling)
                return;
            restoreSize();
            restoreLayout();
        },
        Qt::QueuedConnection);
    m_settled.start();
    if (m_kept.focus && m_kept.focus->isVisible())
        m_kept.focus->setFocus(Qt::OtherFocusReason);
    else
        m_tabs.setFocus(Qt::OtherFocusReason);
}

/// That of a window which is neither maximised nor full: the others are the desktop's.
void PresentMode::restoreSize()
{
    QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest); // large letters may still ask for a larger window
    if (!(m_kept.state & (Qt::WindowMaximized | Qt::WindowFullScreen)) && m_window.geometry() != m_kept.geometry)
        m_window.setGeometry(m_kept.geometry);
}

void PresentMode::restoreLayout()
{
    if (m_isOn)
        return;
    m_window.restoreState(m_kept.docks);
    applySplitters(m_window, m_kept.splitters);
}

/// The letters of a projector that is connected meanwhile fit, too.
void PresentMode::followHeight()
{
    m_theme.setSize({.type = m_type.value_or(typeFor(m_window.height(), m_kept.size.type, m_theme.usualFont())), .stroke = kStroke});
    placeHint();
}

void PresentMode::setType(double type)
{
    m_type = type;
    followHeight();
}

void PresentMode::setSpotlight(bool isOn)
{
    if (isOn == m_spotlight->isOn())
        return;
    m_spotlight->setOn(isOn);
    emit spotlightChanged(isOn);
}

void PresentMode::showHint()
{
    const auto keys = [](const char *sequence) {
        return QKeySequence(QLatin1String(sequence)).toString(QKeySequence::NativeText).toHtmlEscaped();
    };
    m_hint->setText(
        tr("<b>Esc</b> ends the presentation. <b>%1</b> to <b>%2</b> change the page, <b>%3</b> shows a ring around the pointer, "
           "<b>%4</b> and <b>%5</b> change the size of the letters.")
            .arg(keys("Ctrl+1"), QKeySequence(QStringLiteral("Ctrl+%1").arg(m_tabs.count())).toString(QKeySequence::NativeText),
                 keys("Ctrl+L"), keys("Ctrl++"), keys("Ctrl+-")));
    placeHint();
    m_hint->show();
    m_hint->raise();
    m_hintTime.start();
    QAccessibleEvent said(m_hint, QAccessible::Alert);
    QAccessible::updateAccessibility(&said);
}

void PresentMode::placeHint()
{
    if (m_hint->text().isEmpty())
        return;
    constexpr int kAbove = 24;
    const int width = std::min(m_window.width() - 2 * kAbove, m_hint->fontMetrics().averageCharWidth() * 90);
    m_hint->setFixedSize(width, m_hint->heightForWidth(width));
    m_hint->move((m_window.width() - width) / 2, m_window.height() - m_hint->height() - kAbove);
}

bool PresentMode::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &m_window || event->type() != QEvent::Resize)
        return false;
    if (m_isOn)
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (m_isOn)
                    followHeight();
            },
            Qt::QueuedConnection);
    else if (m_isSettling)
        QMetaObject::invokeMethod(this, &PresentMode::restoreLayout, Qt::QueuedConnection);
    return false;
}

} // namespace secateur::ui
