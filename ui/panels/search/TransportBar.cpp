// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/TransportBar.h"

#include "theme/ChoiceBox.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kInterval = 700; ///< milliseconds a step at speed 1

} // namespace

TransportBar::TransportBar(QWidget *parent)
    : QWidget(parent),
      m_first(makeButton(QStringLiteral("first"), tr("First step"), &TransportBar::goToFirst)),
      m_back(makeButton(QStringLiteral("step-back"), tr("Step back"), &TransportBar::goBack)),
      m_play(makeButton(QStringLiteral("play"), tr("Play the search"), &TransportBar::togglePlaying)),
      m_forward(makeButton(QStringLiteral("step-forward"), tr("Step forward"), &TransportBar::goForward)),
      m_end(makeButton(QStringLiteral("last"), tr("All steps"), &TransportBar::goToEnd)),
      m_position(new QSlider(Qt::Horizontal)),
      m_label(new QLabel),
      m_speed(new ChoiceBox),
      m_timer(new QTimer(this))
{
    m_position->setAccessibleName(tr("Step of the search"));
    m_position->setPageStep(1);
    m_position->setMinimumWidth(80);
    m_position->setMaximumWidth(260);
    m_speed->setAccessibleName(tr("Speed of the replay"));
    for (const double speed : {0.5, 1.0, 2.0, 4.0})
        m_speed->addItem(tr("%1×").arg(locale().toString(speed)), speed);
    m_speed->setCurrentIndex(1);
    m_timer->setTimerType(Qt::PreciseTimer);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addStretch(1);
    for (QToolButton *button : {m_first, m_back, m_play, m_forward, m_end})
        row->addWidget(button);
    row->addSpacing(6);
    row->addWidget(m_position, 2);
    row->addWidget(m_label);
    row->addWidget(m_speed);
    row->addStretch(1);

    connect(m_position, &QSlider::valueChanged, this, [this](int position) {
        pause();
        request(position);
    });
    connect(m_speed, &QComboBox::currentIndexChanged, this, [this] { m_timer->setInterval(interval()); });
    connect(m_timer, &QTimer::timeout, this, &TransportBar::goForward);
    fitLabel();
    followPlaying();
}

QToolButton *TransportBar::makeButton(const QString &iconName, const QString &name, void (TransportBar::*act)())
{
    auto *button = new QToolButton;
    button->setIcon(icon(iconName));
    button->setAccessibleName(name);
    button->setToolTip(name);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    connect(button, &QToolButton::clicked, this, [this, button, act] {
        if (button != m_play)
            pause();
        (this->*act)();
    });
    return button;
}

void TransportBar::setSteps(qint64 steps)
{
    if (steps == m_steps)
        return;
    m_steps = steps;
    if (m_steps < 2)
        pause();
    fitLabel();
    describe();
}

void TransportBar::setStep(qint64 step)
{
    const qint64 shown = step < m_steps ? step : -1;
    if (shown == m_step)
        return;
    m_step = shown;
    describe();
}

bool TransportBar::isPlaying() const
{
    return m_timer->isActive();
}

int TransportBar::interval() const
{
    return int(kInterval / m_speed->currentData().toDouble());
}

void TransportBar::play()
{
    if (m_steps == 0)
        return;
    if (m_step < 0 || m_step >= m_steps - 1)
        request(0);
    m_timer->start(interval());
    followPlaying();
}

void TransportBar::pause()
{
    if (!isPlaying())
        return;
    m_timer->stop();
    followPlaying();
}

void TransportBar::togglePlaying()
{
    if (isPlaying())
        pause();
    else
        play();
}

void TransportBar::goBack()
{
    request(m_step < 0 ? std::max<qint64>(0, m_steps - 2) : std::max<qint64>(0, m_step - 1));
}

void TransportBar::goForward()
{
    const bool isAtEnd = m_step < 0 || m_step >= m_steps - 1;
    if (isAtEnd)
        pause();
    request(isAtEnd ? -1 : m_step + 1);
}

void TransportBar::request(qint64 step)
{
    setStep(step);
    emit stepRequested(step);
}

QString TransportBar::positionText() const
{
    if (m_step >= 0)
        return tr("step %1 of %2").arg(m_step + 1).arg(m_steps);
    return m_steps == 0 ? tr("no steps yet") : m_steps == 1 ? tr("one step") : tr("all %1 steps").arg(m_steps);
}

/// The room of its longest text: with the words its width would change, and with that the layout of all around it, step by step.
void TransportBar::fitLabel()
{
    const QFontMetrics metrics = m_label->fontMetrics();
    int width = 0;
    for (const QString &text :
         {tr("step %1 of %2").arg(m_steps).arg(m_steps), tr("all %1 steps").arg(m_steps), tr("one step"), tr("no steps yet")})
        width = std::max(width, metrics.horizontalAdvance(text));
    m_label->setFixedSize(width, metrics.height());
}

void TransportBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitLabel();
}

void TransportBar::followPlaying()
{
    m_play->setIcon(icon(isPlaying() ? QStringLiteral("pause") : QStringLiteral("play")));
    m_play->setAccessibleName(isPlaying() ? tr("Pause the replay") : tr("Play the search"));
    describe(); // its tooltip
}

void TransportBar::describe()
{
    const QSignalBlocker blocker(m_position);
    m_position->setRange(0, int(std::max<qint64>(0, m_steps - 1)));
    m_position->setValue(int(m_step < 0 ? m_steps - 1 : m_step));
    m_label->setText(positionText());
    for (QWidget *control : std::initializer_list<QWidget *>{m_first, m_back, m_play, m_forward, m_end, m_position, m_speed})
        enableUnless(m_steps > 0 ? QString() : tr("No step is finished yet."), *control, control->accessibleName());
}

} // namespace secateur::ui
